"""From which confidence on a proposal can be relied on, said only where decisions bear it out."""

from __future__ import annotations

from collections.abc import Mapping

from policy.calibration import FEWEST, OVERRULED_AT_MOST, Reliability
from policy.digest import Cell, DigestSection, Told
from policy.digest_words import NONE, action, count

COLUMNS = (
    "",
    "Decided in a year",
    "Approved as they stood",
    "Reliable from",
    "Of all",
    "Confidence is off by",
)
MEANS = (
    f"Reliable: at least {round(10 * (1 - OVERRULED_AT_MOST))} in 10 approved as they stood, 95 % certain. "
    "What was edited, declined or undone does not count as approved. Approved is not the same as right."
)


def certified(found: Mapping[str, Reliability]) -> DigestSection:
    """Return for each kind of action what its confidence is worth; *found* is by kind of action."""
    return DigestSection(
        id="reliable_from",
        title="How sure is sure enough",
        says=_says(found),
        columns=COLUMNS,
        rows=tuple((action(kind), *_row(each)) for kind, each in sorted(found.items())),
        notes=(MEANS,),
    )


def _says(found: Mapping[str, Reliability]) -> str:
    enough = [each for each in found.values() if not each.missing]
    reliable = sorted((kind, each.threshold) for kind, each in found.items() if each.threshold is not None)
    if not enough:
        return f"Not enough data: of no kind of action were {FEWEST} proposals decided within a year."
    if not reliable:
        return "Of no kind of action has any level of confidence proved reliable yet."
    kind, threshold = reliable[0]
    rest = f", and so for {len(reliable) - 1} more" if len(reliable) > 1 else ""
    return f"“{action(kind)}” can be relied on from a confidence of {threshold} on{rest}."


def _row(each: Reliability) -> tuple[Cell, ...]:
    decided, accepted = count(each.decisions), count(each.accepted)
    if each.missing:
        return decided, accepted, "not enough data", NONE, NONE
    threshold = each.threshold
    reliable = "at no level" if threshold is None else Told(words=f"{threshold} of 100", low=threshold)
    off_by = _percent(each.calibration_error, "points")
    return decided, accepted, reliable, _percent(each.covered, "%"), off_by


def _percent(share: float | None, unit: str) -> Cell:
    return NONE if share is None else Told(words=f"{100 * share:.0f} {unit}", number=100 * share, unit=unit)
