"""Shares and rates of decisions that are not independent, because several are about one household.

A household that gives answers all of its decisions at once, so a hundred decisions about ten households tell
hardly more than ten. The households are therefore the sample, and the decisions in them clusters:

- the variance of a share or rate is the ratio estimator's between clusters (Cochran 1977, Sampling
  Techniques, 6.4), which is what Liang and Zeger's robust variance (1986) comes to here;
- a share keeps Wilson's interval, taken of the effective numbers n/d and x/d, where the design effect d is
  that variance over the binomial one (Rao and Scott 1992, Biometrics 48: 577-585), and never below 1;
- a rate has the interval of its logarithm, and never less than Poisson's variance;
- a difference is put together from the two intervals with the correlation of the groups (Zou and Donner 2008,
  Statistics in Medicine 27: 1693-1702), since one household can have decisions in both;
- quantiles are Student's with one less than the number of households.

Counting one outcome per household and period instead would throw away which decision was acted on, and a
bootstrap would need every household in memory and give another answer to every seed. The sums below are all
that is needed, so that a database can add them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from statistics import NormalDist

from policy.statistics import SMALLEST_SHARE, Interval, wilson

_NONE_OF_MANY = 3.688879454113936
"""The upper limit of a Poisson mean of which nothing was seen: -ln(0.025)."""


@dataclass(frozen=True, slots=True)
class Arm:
    """The sums of one group over its households: *n* decisions, after *x* of which something came.

    *xx*, *xn* and *nn* add up, over the households, the squares and products of their own x and n.
    """

    households: int = 0
    n: int = 0
    x: int = 0
    xx: int = 0
    xn: int = 0
    nn: int = 0

    @property
    def is_enough(self) -> bool:
        """Say whether there are enough households to speak of a percentage."""
        return self.households >= SMALLEST_SHARE

    @property
    def value(self) -> float:
        """The share or rate itself; 0 of nothing."""
        return self.x / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """The variance of the share or rate between households; 0 of fewer than two."""
        if self.households < 2:
            return 0.0
        spread = self.xx - 2 * self.value * self.xn + self.value**2 * self.nn
        return max(0.0, spread) * self.households / (self.households - 1) / self.n**2

    @property
    def design_effect(self) -> float:
        """How many times as many decisions are needed as if each were of a household of its own."""
        binomial = self.value * (1 - self.value)
        if not 0 < self.value < 1:
            return self.n / self.households if self.households else 1.0
        return max(1.0, self.n * self.variance / binomial)


@dataclass(frozen=True, slots=True)
class Compared:
    """Two groups, and the sums of products of the x and n in one and in the other over their households."""

    acted: Arm
    others: Arm
    xx: int = 0
    xn: int = 0
    nx: int = 0
    nn: int = 0

    @property
    def is_enough(self) -> bool:
        """Say whether the groups may be compared."""
        return self.acted.is_enough and self.others.is_enough

    @property
    def covariance(self) -> float:
        """The covariance of the two values, by the households that have decisions in both groups."""
        if not (self.acted.n and self.others.n):
            return 0.0
        one, other = self.acted.value, self.others.value
        together = self.xx - other * self.xn - one * self.nx + one * other * self.nn
        smaller = min(self.acted.households, self.others.households)
        return together * smaller / max(1, smaller - 1) / (self.acted.n * self.others.n)


def share_interval(arm: Arm, comparisons: int = 1) -> Interval:
    """Return the interval of a share, by Rao and Scott's effective numbers; of nothing it is everything."""
    if not arm.n:
        return Interval(0.0, 1.0)
    return wilson(arm.value, arm.n / arm.design_effect, _quantile(arm.households, comparisons))


def rate_interval(arm: Arm, comparisons: int = 1) -> Interval:
    """Return the interval of a rate, such as of gifts per decision, which may be above 1."""
    if not arm.n:
        return Interval(0.0, 0.0)
    if not arm.x:
        return Interval(0.0, _NONE_OF_MANY / min(arm.n, max(1, arm.households)))
    wide = exp(_quantile(arm.households, comparisons) * sqrt(_rate_variance(arm)) / arm.value)
    return Interval(arm.value / wide, arm.value * wide)


def share_difference(pair: Compared, comparisons: int = 1) -> Interval:
    """Return the interval of the acted-on share minus the other.

    When it was picked out of several, *comparisons* is among how many: the interval is widened by it
    (Bonferroni), since the largest of many differences is large by chance alone.
    """
    effective = [
        arm.value * (1 - arm.value) * arm.design_effect / arm.n if arm.n else 0.0
        for arm in (pair.acted, pair.others)
    ]
    intervals = share_interval(pair.acted, comparisons), share_interval(pair.others, comparisons)
    return _together(pair, intervals, effective[0] * effective[1])


def rate_difference(pair: Compared, comparisons: int = 1) -> Interval:
    """Return the interval of the acted-on rate minus the other."""
    intervals = rate_interval(pair.acted, comparisons), rate_interval(pair.others, comparisons)
    return _together(pair, intervals, _rate_variance(pair.acted) * _rate_variance(pair.others))


def _rate_variance(arm: Arm) -> float:
    return max(arm.variance, arm.x / arm.n**2) if arm.n else 0.0


def _together(pair: Compared, intervals: tuple[Interval, Interval], variances: float) -> Interval:
    one, other = pair.acted.value, pair.others.value
    a, b = intervals
    r = max(-1.0, min(1.0, pair.covariance / sqrt(variances))) if variances > 0 else 0.0

    def reach(mine: float, its: float) -> float:
        return sqrt(max(0.0, mine**2 + its**2 - 2 * r * mine * its))

    middle = one - other
    return Interval(middle - reach(one - a.low, b.high - other), middle + reach(a.high - one, other - b.low))


def _quantile(households: int, comparisons: int) -> float:
    """Return Student's quantile by Fisher and Cornish's expansion; from ten households on right to 0.001."""
    z, free = NormalDist().inv_cdf(1 - 0.025 / comparisons), max(1, households - 1)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / free + second / free**2 + third / free**3
