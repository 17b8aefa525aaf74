"""Exact tests for small numbers: what may be said of a rate, and whether one of two is worse."""

from __future__ import annotations

from math import ceil, comb, exp, lgamma, log, log1p

_EXACT = 1_000


def at_most(bad: int, of: int, rate: float) -> float:
    """Return the probability of at most *bad* events among *of* when each happens with *rate*."""
    if bad >= of or rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    return min(1.0, sum(_probability(k, of, rate) for k in range(bad + 1)))


def _probability(k: int, n: int, rate: float) -> float:
    if n <= _EXACT:
        return float(comb(n, k) * rate**k * (1 - rate) ** (n - k))
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(rate) + (n - k) * log1p(-rate))


def cases_needed(rate: float, doubt: float) -> int:
    """Return how many cases without one bad event show, up to *doubt*, that fewer than *rate* are bad."""
    return ceil(log(doubt) / log(1 - rate) - 1e-9)


def upper_bound(bad: int, of: int, doubt: float) -> float:
    """Return the rate that the true one does not exceed, up to *doubt* (Clopper and Pearson)."""
    if bad >= of:
        return 1.0
    low, high = bad / of, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if at_most(bad, of, middle) <= doubt else (middle, high)
    return high


def sign_test(better: int, worse: int) -> float:
    """Return how likely at least *worse* of the pairs that differ turn out worse by chance alone.

    Over pairs of yes and no it is McNemar's exact test. Without any pair that differs it is 1.
    """
    differing = better + worse
    return 1.0 if not worse else 1.0 - at_most(worse - 1, differing, 0.5)
