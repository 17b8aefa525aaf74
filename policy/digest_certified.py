"""From which confidence on a proposal can be relied on, said only where decisions bear it out."""

from __future__ import annotations

from collections.abc import Mapping

from policy.calibration import FEWEST, OVERRULED_AT_MOST, Reliability
from policy.digest import DigestSection
from policy.digest_words import action

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


def _row(each: Reliability) -> tuple[str, ...]:
    decided, accepted = f"{each.decisions:,}", f"{each.accepted:,}"
    if each.missing:
        return decided, accepted, "not enough data", "–", "–"
    reliable = "at no level" if each.threshold is None else f"{each.threshold} of 100"
    covered = "–" if each.covered is None else f"{100 * each.covered:.0f} %"
    error = each.calibration_error
    return decided, accepted, reliable, covered, "–" if error is None else f"{100 * error:.0f} points"
