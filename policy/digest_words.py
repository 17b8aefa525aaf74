"""How the figures of a digest are said: in plain words, and never more certain than they are."""

from __future__ import annotations

from collections.abc import Mapping

from policy.action_words import ACTION_WORDS
from policy.cells import Pair
from policy.digest import DigestFigure
from policy.override_reasons import LABELS, OverrideReason
from policy.statistics import SMALLEST_SHARE, Share, differ_clearly, median_interval, median_of

TOO_FEW = f"Shares are given as percentages from {SMALLEST_SHARE} on; of fewer, only the counts."
CHANCE = "“Up” and “down” are said only where chance alone would hardly make the difference (95 %)."
UP, DOWN, SAME = "up", "down", "no clear change"
_HOUR, _DAY = 60, 1440


def percent(share: Share) -> str:
    """Say a share: a percentage with its counts, or the counts alone when they are few."""
    of = f"{share.part:,} of {share.whole:,}"
    return f"{100 * share.value:.0f} % ({of})" if share.is_enough else of


def bare_percent(share: Share) -> str:
    """Say a share in a narrow column."""
    return f"{100 * share.value:.0f} %" if share.is_enough else f"{share.part} of {share.whole}"


def range_of(share: Share) -> str:
    """Say between which percentages a share lies."""
    if not share.is_enough:
        return "too few"
    return f"{100 * share.interval.low:.0f} to {100 * share.interval.high:.0f} %"


def count_figure(label: str, pair: Pair) -> DigestFigure:
    """Return a count with the one before."""
    return DigestFigure(label=label, value=f"{pair.now:,}", before=f"{pair.before:,}")


def share_figure(label: str, now: Share, before: Share) -> DigestFigure:
    """Return a share with the one before, and whether it went up or down."""
    return DigestFigure(
        label=label,
        value=percent(now) if now.whole else "–",
        before=percent(before) if before.whole else "–",
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
        value=minutes(median_of(now)),
        before=minutes(median_of(before)),
        change=_median_change(now, before),
    )


def _median_change(now: Mapping[int, int], before: Mapping[int, int]) -> str:
    one, other = median_interval(now), median_interval(before)
    if one is None or other is None:
        return ""
    if one.low > other.high:
        return UP
    return DOWN if one.high < other.low else SAME


def minutes(value: float | None) -> str:
    """Say a time in the unit people would."""
    if value is None:
        return "–"
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
