"""The statistics against published values and against the definitions they follow from."""

from __future__ import annotations

from collections import Counter
from math import comb
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.statistics import (
    SMALLEST_SHARE,
    Share,
    differ_clearly,
    difference,
    median_interval,
    median_of,
    ranked,
    trend,
)

WILSON = [  # from Newcombe (1998a), Statistics in Medicine 17: 857-872, table I, method 3
    (Share(81, 263), 0.2553, 0.3662),
    (Share(15, 148), 0.0624, 0.1605),
    (Share(0, 20), 0.0, 0.1611),
    (Share(1, 29), 0.0061, 0.1718),
]
NEWCOMBE = [  # from Newcombe (1998b), Statistics in Medicine 17: 873-890, table II, method 10
    (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
    (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
    (Share(10, 10), Share(0, 20), 0.6791, 1.0),
]


@pytest.mark.parametrize(("share", "low", "high"), WILSON)
def test_the_interval_of_a_share_is_the_published_one(share: Share, low: float, high: float) -> None:
    assert (round(share.interval.low, 4), round(share.interval.high, 4)) == (low, high)


@pytest.mark.parametrize(("one", "other", "low", "high"), NEWCOMBE)
def test_the_interval_of_a_difference_is_the_published_one(
    one: Share, other: Share, low: float, high: float
) -> None:
    found = difference(one, other)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_is_the_same_seen_from_the_other_side(
    counts: tuple[int, int],
) -> None:
    part, whole = counts
    share, rest = Share(part, whole), Share(whole - part, whole)
    assert 0 <= share.interval.low <= share.value <= share.interval.high <= 1
    assert share.interval.low == pytest.approx(1 - rest.interval.high)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.9])
def test_the_interval_covers_the_truth_as_often_as_it_says(p: float) -> None:
    n = 60
    covered = sum(
        comb(n, k) * p**k * (1 - p) ** (n - k)
        for k in range(n + 1)
        if Share(k, n).interval.low <= p <= Share(k, n).interval.high
    )
    assert 0.925 < covered < 0.985


def test_three_of_four_are_no_share_and_many_comparisons_ask_for_more() -> None:
    assert not Share(3, 4).is_enough
    assert not differ_clearly(Share(3, 4), Share(0, 1000))
    assert Share(SMALLEST_SHARE, SMALLEST_SHARE).is_enough
    one, other = Share(60, 100), Share(45, 100)
    assert differ_clearly(one, other)
    assert not differ_clearly(one, other, comparisons=10)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=80))
def test_the_median_of_counts_is_the_median_of_the_values(values: list[int]) -> None:
    counts = Counter(values)
    assert median_of(counts) == median(values)
    assert [ranked(counts, rank + 1) for rank in range(len(values))] == sorted(values)
    found = median_interval(counts)
    assert (found is None) == (len(values) < SMALLEST_SHARE)
    assert found is None or found.low <= median(values) <= found.high


def test_the_interval_of_a_median_is_of_the_order_statistics_in_the_tables() -> None:
    # 95 % for n = 100 are the 40th and the 61st of the values (Conover 1999).
    found = median_interval(dict.fromkeys(range(1, 101), 1))
    assert found is not None
    assert (found.low, found.high) == (40.0, 61.0)


def test_a_trend_is_seen_where_there_is_one() -> None:
    # Agresti, Categorical Data Analysis (2002), table 5.3: alcohol and malformations, z = 2.56.
    alcohol = [(0.0, Share(48, 17114)), (0.5, Share(38, 14502)), (1.5, Share(5, 793))]
    alcohol += [(4.0, Share(1, 127)), (7.0, Share(1, 38))]
    assert round(trend(alcohol), 2) == 2.56
    assert trend([(0.0, Share(5, 50)), (1.0, Share(5, 50))]) == 0
    assert trend([(0.0, Share(0, 50))]) == 0
