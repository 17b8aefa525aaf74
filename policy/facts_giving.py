"""Giving: what was received from a donor, and what is kept apart from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from statistics import median_low

from policy.donor import DonorRecord, Gift
from policy.facts_model import Conventions, FactSheet, by_currency
from policy.fiscal_year import fiscal_year_name, fiscal_year_of
from policy.money import Money, total

CASH_LIKE = frozenset({"cash", "stock", "matching", "daf", "pledge_payment", "recurring_payment"})


def is_received(gift: Gift, as_of: date) -> bool:
    """Say whether a gift counts towards giving totals: completed by *as_of*, not in kind, not planned."""
    return gift.status == "completed" and gift.type in CASH_LIKE and gift.received_on <= as_of


def received_gifts(record: DonorRecord, as_of: date) -> tuple[Gift, ...]:
    """Return the donor's own gifts that count, oldest first; a gift listed twice counts once."""
    own = {gift.id: gift for gift in record.gifts if gift.donor_id == record.donor.id}
    counted = [gift for gift in own.values() if is_received(gift, as_of)]
    return tuple(sorted(counted, key=lambda gift: (gift.received_on, gift.id)))


def main_currency(gifts: Sequence[Gift], home: str) -> str:
    """Return the currency of most gifts; the home currency wins a tie and stands when there are none."""
    counts = Counter(gift.amount.currency for gift in gifts)
    return max(counts, key=lambda code: (counts[code], code == home, code), default=home)


def ids(gifts: Iterable[Gift]) -> tuple[str, ...]:
    """Return the ids of gifts."""
    return tuple(gift.id for gift in gifts)


def giving_facts(record: DonorRecord, as_of: date, conventions: Conventions, sheet: FactSheet) -> None:
    """State lifetime, first, last, largest and average gift, giving by year, and what is not counted."""
    gifts = received_gifts(record, as_of)
    currency = main_currency(gifts, conventions.home_currency)
    main = [gift for gift in gifts if gift.amount.currency == currency]
    _lifetime(gifts, currency, sheet)
    sheet.state("giving.count", "number of gifts", len(gifts), "gift.count", ids(gifts))
    if gifts:
        _first_and_last(gifts, as_of, sheet)
        _largest_and_average(gifts, currency, sheet)
        _rhythm(gifts, sheet)
    _by_year(gifts, currency, as_of, conventions, sheet)
    _not_counted(record, as_of, sheet)
    _soft_credit(record, as_of, currency, sheet)
    _household(record, main, currency, sheet)


def _lifetime(gifts: Sequence[Gift], currency: str, sheet: FactSheet) -> None:
    sums = {currency: 0}
    for gift in gifts:
        sums[gift.amount.currency] = sums.get(gift.amount.currency, 0) + gift.amount.minor
    for code in sorted(sums, key=lambda code: (code != currency, code)):
        suffix = "" if code == currency else f".{code.lower()}"
        amount = Money(minor=sums[code], currency=code)
        of_currency = ids(gift for gift in gifts if gift.amount.currency == code)
        label = "lifetime giving" if not suffix else f"lifetime giving in {code}"
        sheet.state(f"giving.lifetime{suffix}", label, amount, "lifetime.hard_cash", of_currency)


def _first_and_last(gifts: Sequence[Gift], as_of: date, sheet: FactSheet) -> None:
    for name, gift in (("first", gifts[0]), ("last", gifts[-1])):
        sheet.state(f"giving.{name}_on", f"date of {name} gift", gift.received_on, f"gift.{name}", (gift.id,))
        sheet.state(f"giving.{name}_amount", f"{name} gift", gift.amount, f"gift.{name}", (gift.id,))
    days = (as_of - gifts[-1].received_on).days
    sheet.state("giving.days_since_last", "days since last gift", days, "gift.days_since", (gifts[-1].id,))


def _largest_and_average(gifts: Sequence[Gift], currency: str, sheet: FactSheet) -> None:
    if any(gift.amount.currency != currency for gift in gifts):
        return  # Without a rate no gift in one currency is larger than one in another.
    largest = max(gifts, key=lambda gift: (gift.amount.minor, gift.received_on, gift.id))
    sheet.state("giving.largest_amount", "largest gift", largest.amount, "gift.largest", (largest.id,))
    sheet.state(
        "giving.largest_on", "date of largest gift", largest.received_on, "gift.largest", (largest.id,)
    )
    minor = (2 * sum(gift.amount.minor for gift in gifts) + len(gifts)) // (2 * len(gifts))
    average = Money(minor=minor, currency=currency)
    sheet.state("giving.average", "average gift", average, "gift.average", ids(gifts))


def _rhythm(gifts: Sequence[Gift], sheet: FactSheet) -> None:
    days = sorted({gift.received_on for gift in gifts})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if gaps:
        sheet.state(
            "giving.median_gap_days",
            "usual days between gifts",
            median_low(gaps),
            "gift.interval",
            ids(gifts),
        )


def _by_year(
    gifts: Sequence[Gift],
    currency: str,
    as_of: date,
    conventions: Conventions,
    sheet: FactSheet,
) -> None:
    month = conventions.fiscal_year_start_month
    this_year = fiscal_year_of(as_of, month)
    sheet.state("fiscal_year.current", "this fiscal year", fiscal_year_name(this_year), "fiscal_year")
    sheet.state("fiscal_year.last", "last fiscal year", fiscal_year_name(this_year - 1), "fiscal_year")
    by_year: dict[int, list[Gift]] = defaultdict(list)
    for gift in gifts:
        by_year[fiscal_year_of(gift.received_on, month)].append(gift)
    for year in sorted({*by_year, this_year, this_year - 1} if gifts else (), reverse=True):
        name = {this_year: "this_year", this_year - 1: "last_year"}.get(year)
        label = f"giving in {fiscal_year_name(year)}"
        _in_each_currency(f"giving.year.{year}", label, by_year.get(year, ()), currency, sheet)
        if name:
            _in_each_currency(f"giving.{name}", label, by_year.get(year, ()), currency, sheet)


def _in_each_currency(
    fact_id: str, label: str, gifts: Sequence[Gift], currency: str, sheet: FactSheet
) -> None:
    """State a year's total in the main currency and, each as a fact of its own, in any other."""
    others = sorted({gift.amount.currency for gift in gifts} - {currency})
    for code in (currency, *others):
        these = [gift for gift in gifts if gift.amount.currency == code]
        amount = Money(minor=sum(gift.amount.minor for gift in these), currency=code)
        suffix, of = ("", "") if code == currency else (f".{code.lower()}", f" in {code}")
        sheet.state(f"{fact_id}{suffix}", f"{label}{of}", amount, "giving.fiscal_year", ids(these))


def _not_counted(record: DonorRecord, as_of: date, sheet: FactSheet) -> None:
    own = [gift for gift in record.gifts if gift.donor_id == record.donor.id]
    groups = {
        "in_kind": [g for g in own if g.type == "in_kind" and g.status == "completed"],
        "planned": [g for g in own if g.type == "planned" and g.status != "refunded"],
        "pending": [g for g in own if g.status == "pending" and g.type in CASH_LIKE],
        "refunded": [g for g in own if g.status == "refunded"],
    }
    for name, group in groups.items():
        if group:
            label = f"{name.replace('_', '-')} gifts"
            sheet.state(f"giving.{name}_count", label, len(group), "gift.not_counted", ids(group))
    future = [g for g in own if g.received_on > as_of and g.status == "completed" and g.type in CASH_LIKE]
    if future:
        sheet.state(
            "giving.post_dated_count", "post-dated gifts", len(future), "gift.not_counted", ids(future)
        )


def _soft_credit(record: DonorRecord, as_of: date, currency: str, sheet: FactSheet) -> None:
    credited = [gift for gift in record.soft_credited_gifts if is_received(gift, as_of)]
    credits_of = {
        gift.id: [credit.amount for credit in gift.soft_credits if credit.donor_id == record.donor.id]
        for gift in credited
    }
    sums = total(amount for amounts in credits_of.values() for amount in amounts)
    for suffix, amount in by_currency(sums, currency):
        code = amount.currency
        records = tuple(
            key for key, amounts in credits_of.items() if any(a.currency == code for a in amounts)
        )
        label = f"soft credit in {code}" if suffix else "soft credit"
        sheet.state(f"giving.soft_credit{suffix}", label, amount, "credit.soft", records)


def _household(record: DonorRecord, main: Sequence[Gift], currency: str, sheet: FactSheet) -> None:
    others = [member for member in record.household_members if member.id != record.donor.id]
    if record.household is None or not others:
        return
    rollups = [member.rollups.lifetime_giving for member in others if member.rollups is not None]
    if len(rollups) != len(others) or any(amount.currency != currency for amount in rollups):
        return
    minor = sum(gift.amount.minor for gift in main) + sum(amount.minor for amount in rollups)
    records = (record.household.id, *(member.id for member in others), *ids(main))
    amount = Money(minor=minor, currency=currency)
    sheet.state("household.lifetime", "household giving", amount, "household.lifetime", records)
