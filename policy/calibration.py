"""How right the confidence on cards turned out to be, by what people decided, and from when on it may speak.

Approval is not correctness, and labels exist only for what was shown; the words used here say no more than
that. Thresholds are certified: by testing one threshold after the other in an order fixed beforehand
(Learn then Test), the share that people overrule above the threshold stays below the target, up to DOUBT.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Annotated, NamedTuple

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


class Scored(NamedTuple):
    """How many decisions there were at one score, and how many of them accepted it as it stood."""

    score: int
    decisions: int
    accepted: int


Scores = Sequence[Scored]
"""Decisions by score, the lowest first, each score once."""


def track_record(scores: Scores) -> Reliability:
    """Say what may be said of one class of action, without the figures that only managers look at."""
    decisions, accepted = _size(scores), _accepted(scores)
    if decisions < FEWEST:
        return Reliability(decisions=decisions, accepted=accepted, missing=FEWEST - decisions)
    threshold = certified_threshold(scores)
    covered = None if threshold is None else _size(_above(scores, threshold)) / decisions
    return Reliability(
        decisions=decisions, accepted=accepted, missing=0, threshold=threshold, covered=covered
    )


def reliability(scores: Scores) -> Reliability:
    """Judge the scores of one class of action by the decisions about them."""
    record = track_record(scores)
    if record.missing:
        return record
    curve = risk_coverage(scores)
    return record.model_copy(
        update={
            "brier": sum(map(_squared_error, scores)) / record.decisions,
            "calibration_error": _calibration_error(scores),
            "area": sum(risk for _, risk in curve) / len(curve),
            "bins": calibrated(scores),
            "coverage": _thinned(curve),
        }
    )


def certified_threshold(scores: Scores) -> int | None:
    """Return the lowest score from which on surely few enough are overruled; None where there is none.

    The order of the tests is fixed by the scores alone: from the highest threshold that has enough decisions
    above it downwards, until the first one that fails.
    """
    found = None
    for threshold in _GRID:
        above = _above(scores, threshold)
        decisions, bad = _size(above), _size(above) - _accepted(above)
        if decisions < FEWEST:
            continue
        # As many as the target or more need no sum over many terms: they are no rare chance under it.
        if bad > decisions * OVERRULED_AT_MOST or at_most(bad, decisions, OVERRULED_AT_MOST) > DOUBT:
            break
        found = threshold
    return found


def calibrated(scores: Scores) -> tuple[Bin, ...]:
    """Return expected acceptance by score: isotonic with many decisions, shrunken bins with few."""
    if _size(scores) >= ISOTONIC_FROM:
        return _isotonic(scores)
    overall = _share(scores)
    return tuple(
        _bin(group, (_accepted(group) + _PRIOR * overall) / (_size(group) + _PRIOR))
        for group in _equal_mass(scores)
    )


def _above(scores: Scores, threshold: int) -> Scores:
    return [each for each in scores if each.score >= threshold]


def _size(scores: Scores) -> int:
    return sum(each.decisions for each in scores)


def _accepted(scores: Scores) -> int:
    return sum(each.accepted for each in scores)


def _squared_error(each: Scored) -> float:
    stated = each.score / 100
    return each.accepted * (stated - 1) ** 2 + (each.decisions - each.accepted) * stated**2


def _equal_mass(scores: Scores) -> list[list[Scored]]:
    """Cut into groups of about the same size; equal scores stay together."""
    groups: list[list[Scored]] = [[]]
    size, position = _size(scores) / _BINS, 0
    for each in scores:
        if groups[-1] and position >= size * len(groups):
            groups.append([])
        groups[-1].append(each)
        position += each.decisions
    return [group for group in groups if group]


def _isotonic(scores: Scores) -> tuple[Bin, ...]:
    """Pool neighbours until acceptance never falls with the score (pool adjacent violators)."""
    pools: list[list[Scored]] = []
    for each in scores:
        pools.append([each])
        while len(pools) > 1 and _share(pools[-2]) >= _share(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return tuple(_bin(pool, _share(pool)) for pool in pools)


def _share(group: Scores) -> float:
    return _accepted(group) / _size(group)


def _bin(group: Scores, expected: float) -> Bin:
    low, high = group[0].score, group[-1].score
    return Bin(low=low, high=high, decisions=_size(group), accepted=_accepted(group), expected=expected)


def _calibration_error(scores: Scores) -> float:
    """Return the mean distance between stated and found acceptance over bins of equal mass."""
    stated = (
        abs(sum(e.score * e.decisions for e in group) / 100 - _accepted(group))
        for group in _equal_mass(scores)
    )
    return sum(stated) / _size(scores)


def risk_coverage(scores: Scores) -> tuple[tuple[float, float], ...]:
    """Pair each share of decisions, the surest first, with the share of them that was overruled."""
    curve, position, overruled, every = list[tuple[float, float]](), 0, 0, _size(scores)
    for each in reversed(scores):
        position += each.decisions
        overruled += each.decisions - each.accepted
        curve.append((position / every, overruled / position))
    return tuple(curve)


def _thinned(curve: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    shares = [share for share, _ in curve]
    wanted = {min(bisect_left(shares, step / 10), len(curve) - 1) for step in range(1, 11)}
    return tuple(curve[position] for position in sorted(wanted))
