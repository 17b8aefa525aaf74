"""How right the confidence on cards turned out to be, by what people decided, and from when on it may speak.

Approval is not correctness, and labels exist only for what was shown; the words used here say no more than
that. Thresholds are certified: by testing one threshold after the other in an order fixed beforehand
(Learn then Test), the share that people overrule above the threshold stays below the target, up to DOUBT.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

from pydantic import Field

from policy.significance import at_most, cases_needed
from policy.value import Value

OVERRULED_AT_MOST = 0.10
DOUBT = 0.05
FEWEST = cases_needed(OVERRULED_AT_MOST, DOUBT)
ISOTONIC_FROM = 200
TOO_FEW = "not enough data yet"
_BINS = 5
_PRIOR = 10
_GRID = tuple(range(100, -1, -5))

Score = Annotated[int, Field(ge=0, le=100)]


class Labelled(Value):
    """One decision: the score that stood on the card, and whether it was accepted as it stood."""

    score: Score
    accepted: bool


class Bin(Value):
    """Decisions whose scores lie from *low* to *high*; *expected* is the calibrated share of acceptance."""

    low: Score
    high: Score
    decisions: int
    accepted: int
    expected: float


class Reliability(Value):
    """How one class of action fared; figures that need more decisions are None.

    From *threshold* on, at most OVERRULED_AT_MOST are overruled, up to DOUBT; *covered* is the share of
    decisions at or above it. *missing* is how many more decisions are needed before anything can be said.
    *coverage* pairs a share of decisions, the surest first, with the share of them that was overruled.
    """

    decisions: int
    accepted: int
    missing: int
    threshold: int | None = None
    covered: float | None = None
    brier: float | None = None
    calibration_error: float | None = None
    area: float | None = None
    bins: tuple[Bin, ...] = ()
    coverage: tuple[tuple[float, float], ...] = ()

    @property
    def words(self) -> str:
        """Say in the middle of a sentence what may be said, for people."""
        if self.missing:
            return (
                f"{TOO_FEW} to say how often people agree "
                f"({self.decisions} of at least {self.decisions + self.missing} decisions)"
            )
        share = f"people approved {self.accepted} of {self.decisions} like it as they stood"
        if self.threshold is None:
            return f"{share}, and no confidence has proved reliable"
        least = round(10 * (1 - OVERRULED_AT_MOST))
        return f"{share}, and from {self.threshold} of 100 on at least {least} in 10 (95 % certain)"

    def said_of(self, score: int) -> str:
        """Say what past decisions say about a proposal with this score."""
        if self.missing or self.threshold is None:
            return self.words
        return self.words if score >= self.threshold else f"{self.words}; this one lies below"


def track_record(labels: Sequence[Labelled]) -> Reliability:
    """Say what may be said of one class of action, without the figures that only managers look at."""
    decisions, accepted = len(labels), sum(each.accepted for each in labels)
    if decisions < FEWEST:
        return Reliability(decisions=decisions, accepted=accepted, missing=FEWEST - decisions)
    threshold = certified_threshold(labels)
    covered = None if threshold is None else sum(each.score >= threshold for each in labels) / decisions
    return Reliability(
        decisions=decisions, accepted=accepted, missing=0, threshold=threshold, covered=covered
    )


def reliability(labels: Sequence[Labelled]) -> Reliability:
    """Judge the scores of one class of action by the decisions about them; the order does not matter."""
    record = track_record(labels)
    if record.missing:
        return record
    curve = risk_coverage(labels)
    return record.model_copy(
        update={
            "brier": sum((each.score / 100 - each.accepted) ** 2 for each in labels) / len(labels),
            "calibration_error": _calibration_error(labels),
            "area": sum(risk for _, risk in curve) / len(curve),
            "bins": calibrated(labels),
            "coverage": _thinned(curve),
        }
    )


def certified_threshold(
    labels: Sequence[Labelled], *, overruled: float = OVERRULED_AT_MOST, doubt: float = DOUBT
) -> int | None:
    """Return the lowest score from which on fewer than *overruled* are overruled, up to *doubt*; else None.

    The order of the tests is fixed by the scores alone: from the highest threshold that has enough decisions
    above it downwards, until the first one that fails.
    """
    found = None
    for threshold in _GRID:
        above = [each.accepted for each in labels if each.score >= threshold]
        if len(above) < cases_needed(overruled, doubt):
            continue
        if at_most(above.count(False), len(above), overruled) > doubt:
            break
        found = threshold
    return found


def calibrated(labels: Sequence[Labelled]) -> tuple[Bin, ...]:
    """Return expected acceptance by score: isotonic with many decisions, shrunken bins with few."""
    ordered = sorted(labels, key=lambda each: each.score)
    if len(ordered) >= ISOTONIC_FROM:
        return _isotonic(ordered)
    overall = sum(each.accepted for each in ordered) / len(ordered)
    return tuple(
        _bin(group, (sum(each.accepted for each in group) + _PRIOR * overall) / (len(group) + _PRIOR))
        for group in _equal_mass(ordered)
    )


def _equal_mass(ordered: Sequence[Labelled]) -> list[Sequence[Labelled]]:
    """Cut into groups of about the same size; equal scores stay together."""
    groups: list[list[Labelled]] = [[]]
    size = len(ordered) / _BINS
    for position, each in enumerate(ordered):
        full = position >= size * len(groups)
        if full and groups[-1] and groups[-1][-1].score != each.score:
            groups.append([])
        groups[-1].append(each)
    return [group for group in groups if group]


def _isotonic(ordered: Sequence[Labelled]) -> tuple[Bin, ...]:
    """Pool neighbours until acceptance never falls with the score (pool adjacent violators)."""
    pools: list[list[Labelled]] = []
    for _, same in groupby(ordered, key=lambda each: each.score):
        pools.append(list(same))
        while len(pools) > 1 and _share(pools[-2]) >= _share(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return tuple(_bin(pool, _share(pool)) for pool in pools)


def _share(group: Sequence[Labelled]) -> float:
    return sum(each.accepted for each in group) / len(group)


def _bin(group: Sequence[Labelled], expected: float) -> Bin:
    accepted = sum(each.accepted for each in group)
    low, high = group[0].score, group[-1].score
    return Bin(low=low, high=high, decisions=len(group), accepted=accepted, expected=expected)


def _calibration_error(labels: Sequence[Labelled]) -> float:
    """Return the mean distance between stated and found acceptance over bins of equal mass."""
    groups = _equal_mass(sorted(labels, key=lambda each: each.score))
    gaps = (abs(sum(e.score for e in g) / 100 - sum(e.accepted for e in g)) for g in groups)
    return sum(gaps) / len(labels)


def risk_coverage(labels: Sequence[Labelled]) -> tuple[tuple[float, float], ...]:
    """Pair each share of decisions, the surest first, with the share of them that was overruled."""
    by_score = sorted(labels, key=lambda each: -each.score)
    curve, overruled = [], 0
    for position, (each, following) in enumerate(zip(by_score, [*by_score[1:], None], strict=True), 1):
        overruled += not each.accepted
        if following is None or following.score != each.score:
            curve.append((position / len(by_score), overruled / position))
    return tuple(curve)


def _thinned(curve: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    shares = [share for share, _ in curve]
    wanted = {min(bisect_left(shares, step / 10), len(curve) - 1) for step in range(1, 11)}
    return tuple(curve[position] for position in sorted(wanted))
