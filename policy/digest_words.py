"""How the figures of a digest are said: in plain words, and never more certain than they are."""

from __future__ import annotations

from collections.abc import Mapping

from policy.action_words import ACTION_WORDS
from policy.cells import Pair
from policy.digest import DigestFigure, Told
from policy.override_reasons import LABELS, OverrideReason
from policy.statistics import SMALLEST_SHARE, Share, differ_clearly, median_interval, median_of

TOO_FEW = f"Shares are given as percentages from {SMALLEST_SHARE} on; of fewer, only the counts."
CHANCE = "“Up” and “down” are said only where chance alone would hardly make the difference (95 %)."
UP, DOWN, SAME = "up", "down", "no clear change"
NONE = "–"
_HOUR, _DAY = 60, 1440


def percent(share: Share) -> str:
    """Say a share: a percentage with its counts, or the counts alone when they are few."""
    of = f"{share.part:,} of {share.whole:,}"
    return f"{100 * share.value:.0f} % ({of})" if share.is_enough else of


def count(number: int) -> Told:
    """Return a count for a table."""
    return Told(words=f"{number:,}", number=number)


def share(found: Share) -> Told:
    """Return a share with its counts for a table; of nothing there is none."""
    return Told(words=percent(found), number=found.part, of=found.whole) if found.whole else Told(words=NONE)


def bare_share(found: Share) -> Told:
    """Return a share for a narrow column: its percentage, or the counts alone when they are few."""
    if not found.whole:
        return Told(words=NONE)
    words = f"{100 * found.value:.0f} %" if found.is_enough else f"{found.part} of {found.whole}"
    return Told(words=words, number=found.part, of=found.whole)


def range_of(found: Share) -> Told:
    """Return between which percentages a share lies, for a table."""
    if not found.is_enough:
        return Told(words="too few")
    low, high = 100 * found.interval.low, 100 * found.interval.high
    return Told(words=f"{low:.0f} to {high:.0f} %", low=round(low, 2), high=round(high, 2), unit="%")


def count_figure(label: str, pair: Pair) -> DigestFigure:
    """Return a count with the one before."""
    return DigestFigure(label=label, value=count(pair.now), before=count(pair.before))


def share_figure(label: str, now: Share, before: Share) -> DigestFigure:
    """Return a share with the one before, and whether it went up or down."""
    return DigestFigure(
        label=label,
        value=share(now),
        before=share(before),
        change=change_of(now, before),
    )


def change_of(now: Share, before: Share) -> str:
    """Say whether a share went up or down; nothing where either is of too few."""
    if not (now.is_enough and before.is_enough):
        return ""
    if not differ_clearly(now, before):
        return SAME
    return UP if now.value > before.value else DOWN


def median_figure(label: str, now: Mapping[int, int], before: Mapping[int, int]) -> DigestFigure:
    """Return a median of minutes with the one before."""
    return DigestFigure(
        label=label,
        value=_median(now),
        before=_median(before),
        change=_median_change(now, before),
    )


def _median(values: Mapping[int, int]) -> Told:
    median, between = median_of(values), median_interval(values)
    if median is None:
        return Told(words=NONE)
    low, high = (between.low, between.high) if between else (None, None)
    return Told(words=minutes(median), number=median, low=low, high=high, unit="min")


def _median_change(now: Mapping[int, int], before: Mapping[int, int]) -> str:
    one, other = median_interval(now), median_interval(before)
    if one is None or other is None:
        return ""
    if one.low > other.high:
        return UP
    return DOWN if one.high < other.low else SAME


def minutes(value: float) -> str:
    """Say a time in the unit people would."""
    if value < 2 * _HOUR:
        return f"{value:.0f} min"
    return f"{value / _HOUR:.0f} h" if value < 2 * _DAY else f"{value / _DAY:.0f} days"


def action(kind: str) -> str:
    """Name an action as cards do."""
    return ACTION_WORDS.get(kind, kind.replace("_", " ")) if kind else "–"  # type: ignore[call-overload]


def stage(name: str) -> str:
    """Name a lifecycle stage."""
    return name.replace("_", " ").capitalize() or "–"


def reason(code: str) -> str:
    """Say why somebody overruled a proposal."""
    if not code:
        return "No reason given"
    label = LABELS[OverrideReason(code)] if code in set(OverrideReason) else code.replace("_", " ")
    return "Something else" if code == OverrideReason.OTHER else label


def counted(number: int, one: str, many: str) -> str:
    """Say a number of things: "1 decision", "12 decisions"."""
    return f"{number:,} {one if number == 1 else many}"


def listed(things: list[str]) -> str:
    """Join words as a sentence does."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"
