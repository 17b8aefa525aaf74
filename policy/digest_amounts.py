"""How much households gave after decisions: by currency, of those who gave at all, and without a name.

A household is counted once: everything it gave after decisions of one kind is one amount. Amounts of gifts
are so uneven that a mean says what one large gift was; the median with the interval of its order statistics
says what a household gave. Beside the total stands how many households gave half of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from policy.digest import Cell, DigestSection, Told
from policy.digest_material import GivenAfter
from policy.digest_words import count
from policy.money import Money
from policy.statistics import SMALLEST_SHARE, Interval, median_interval, median_of

FEWEST = 5
"""Households that gave half of everything are not counted out below this: they would be known by it."""
ARMS = {True: "acted on", False: "not acted on"}
COLUMNS = ("", "Households that gave", "Median", "between", "Total", "Households that gave half of it")
MONEY = (
    "Completed gifts of money or stock with hard credit, as the CRM had them when they came: no promises, no "
    "gifts in kind, no soft credits. Each counts once, after the last decision before it; currencies are "
    "never added."
)
THOSE_WHO_GAVE = (
    "The median is of households that gave, so it says nothing of how many did. Of fewer than "
    f"{SMALLEST_SHARE} households no amount is shown."
)


def amounts(given: Sequence[GivenAfter], notes: Sequence[str]) -> DigestSection:
    """Return what households gave, the currency that most gave in first; *notes* stand before its own."""
    ordered = sorted(given, key=lambda each: (each.currency, not each.acted))
    by_currency = [(name, list(of)) for name, of in groupby(ordered, key=lambda each: each.currency)]
    by_currency.sort(key=lambda each: (-sum(len(arm.totals) for arm in each[1]), each[0]))
    return DigestSection(
        id="amounts",
        title="How much was given within 90 days",
        says=_says(by_currency),
        columns=COLUMNS,
        rows=tuple(_row(each) for _, arms in by_currency for each in arms),
        notes=(*notes, MONEY, THOSE_WHO_GAVE),
    )


def _says(by_currency: Sequence[tuple[str, Sequence[GivenAfter]]]) -> str:
    if not by_currency:
        return "No gift with a known amount came after a decision that was followed."
    currency, arms = by_currency[0]
    enough = {each.acted: each for each in arms if _is_enough(each)}
    if len(enough) < len(ARMS):
        most = max(len(each.totals) for each in arms)
        return (
            f"Too few to compare: at least {SMALLEST_SHARE} households have to have given in one currency "
            f"after what was acted on, and after what was not; most are {most} in {currency}."
        )
    one, other = (_median(enough[acted]) for acted in (True, False))
    return (
        f"Households that gave in {currency} gave a median of {one} after what was acted on, and {other} "
        f"after what was not: {_apart(*(_interval(enough[acted]) for acted in (True, False)))}."
    )


def _apart(one: Interval, other: Interval) -> str:
    if one.low > other.high:
        return "more, beyond what chance would make it"
    return "less, beyond what chance would make it" if one.high < other.low else "no clear difference"


def _row(given: GivenAfter) -> tuple[Cell, ...]:
    label, size = f"{given.currency}, {ARMS[given.acted]}", count(len(given.totals))
    if not _is_enough(given):
        return label, size, "too few", "too few", "too few", "too few"
    found = _interval(given)
    low, high = (Money(minor=round(each), currency=given.currency) for each in (found.low, found.high))
    between = Told(
        words=f"{low} to {high}", low=float(low.major), high=float(high.major), unit=given.currency
    )
    total = Money(minor=sum(given.totals), currency=given.currency)
    return label, size, _amount(_median(given)), between, _amount(total), _half_from(given.totals)


def _amount(money: Money) -> Told:
    return Told(words=str(money), number=float(money.major), unit=money.currency)


def _half_from(totals: Sequence[int]) -> Told:
    """Say how many households it takes, the largest first, to come to half of everything."""
    half, so_far, taken = sum(totals) / 2, 0, 0
    for each in sorted(totals, reverse=True):
        if so_far >= half:
            break
        so_far, taken = so_far + each, taken + 1
    if taken < FEWEST:
        return Told(words=f"fewer than {FEWEST}")
    return Told(words=f"{taken:,} of {len(totals):,}", number=taken, of=len(totals))


def _is_enough(given: GivenAfter) -> bool:
    return len(given.totals) >= SMALLEST_SHARE


def _median(given: GivenAfter) -> Money:
    return Money(minor=round(median_of(Counter(given.totals)) or 0), currency=given.currency)


def _interval(given: GivenAfter) -> Interval:
    return median_interval(Counter(given.totals)) or Interval(0.0, 0.0)
