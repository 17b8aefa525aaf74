"""The few statistics the digests use, each by a published method and without a library.

Shares have Wilson's score interval (1927) and their differences Newcombe's hybrid score interval (1998,
method 10): both keep what they promise with small counts and near 0 or 1, where the usual one does not.
A median has the distribution-free interval of its order statistics. All intervals are of 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from statistics import NormalDist

Z = 1.959963984540054
SMALLEST_SHARE = 20
"""A share of fewer than this is not shown as a percentage: its interval would span thirty points or more."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From *low* to *high*."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Say whether zero lies outside of it."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Share:
    """*part* of *whole*."""

    part: int
    whole: int

    @property
    def is_enough(self) -> bool:
        """Say whether there are enough to speak of a percentage."""
        return self.whole >= SMALLEST_SHARE

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def interval(self) -> Interval:
        """Wilson's score interval; of nothing it is everything."""
        return self.interval_at(Z)

    def interval_at(self, z: float) -> Interval:
        """Return Wilson's interval at another confidence, given as a quantile of the normal distribution."""
        return wilson(self.value, self.whole, z) if self.whole else Interval(0.0, 1.0)


def wilson(p: float, n: float, z: float) -> Interval:
    """Return Wilson's score interval of a share *p* of *n*, which need not be whole numbers."""
    z2 = z * z
    middle, spread = p + z2 / (2 * n), z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = (middle - spread) / (1 + z2 / n), (middle + spread) / (1 + z2 / n)
    return Interval(0.0 if p <= 0 else max(0.0, low), 1.0 if p >= 1 else min(1.0, high))


def difference(one: Share, other: Share, comparisons: int = 1) -> Interval:
    """Return Newcombe's interval for *one* minus *other*, of independent groups.

    When they were picked out of several, *comparisons* is among how many: the interval is widened by it
    (Bonferroni), since the largest of many differences is large by chance alone.
    """
    z = Z if comparisons == 1 else NormalDist().inv_cdf(1 - 0.025 / comparisons)
    a, b, d = one.interval_at(z), other.interval_at(z), one.value - other.value
    below = sqrt((one.value - a.low) ** 2 + (b.high - other.value) ** 2)
    above = sqrt((a.high - one.value) ** 2 + (other.value - b.low) ** 2)
    return Interval(d - below, d + above)


def differ_clearly(one: Share, other: Share, comparisons: int = 1) -> bool:
    """Say whether both shares may be spoken of and their difference is more than chance would make it."""
    return one.is_enough and other.is_enough and difference(one, other, comparisons).excludes_zero


def trend(shares: Sequence[tuple[float, Share]]) -> float:
    """Return Cochran and Armitage’s statistic of a share that rises with a score; beyond 1.96 it does."""
    total, hits = sum(s.whole for _, s in shares), sum(s.part for _, s in shares)
    if not total or hits in (0, total):
        return 0.0
    mean = sum(score * s.whole for score, s in shares) / total
    rising = sum((score - mean) * s.part for score, s in shares)
    spread = sum((score - mean) ** 2 * s.whole for score, s in shares)
    p = hits / total
    return rising / sqrt(p * (1 - p) * spread) if spread else 0.0


def median_of(counts: Mapping[int, int]) -> float | None:
    """Return the median of values given as how often each occurs; None of nothing."""
    total = sum(counts.values())
    if not total:
        return None
    return (ranked(counts, (total + 1) // 2) + ranked(counts, total // 2 + 1)) / 2


def median_interval(counts: Mapping[int, int]) -> Interval | None:
    """Return the interval of the median between two order statistics; None where there are too few."""
    total = sum(counts.values())
    if total < SMALLEST_SHARE:
        return None
    reach = Z * sqrt(total) / 2
    low = max(1, floor(total / 2 - reach))
    high = min(total, ceil(total / 2 + reach) + 1)
    return Interval(float(ranked(counts, low)), float(ranked(counts, high)))


def ranked(counts: Mapping[int, int], rank: int) -> int:
    """Return the value at *rank*, counted from 1, when all are put in order."""
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= rank:
            return value
    raise ValueError("rank")
