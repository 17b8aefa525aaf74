"""What may be said of numbers: exact tests, certified thresholds, calibration and drift."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.calibration import FEWEST, Scored, calibrated, certified_threshold, reliability
from policy.drift import BASELINE, Observation, find_drift
from policy.significance import at_most, cases_needed, sign_test, upper_bound
from tests.examples import examples

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


@given(of=st.integers(1, 60), bad=st.integers(0, 60), tenths=st.integers(1, 9))
@settings(max_examples=examples(25))
def test_the_binomial_agrees_with_fractions(of: int, bad: int, tenths: int) -> None:
    rate = Fraction(tenths, 10)
    exact = sum(comb(of, k) * rate**k * (1 - rate) ** (of - k) for k in range(min(bad, of) + 1))
    assert at_most(bad, of, tenths / 10) == pytest.approx(float(exact), abs=1e-12)


def test_large_numbers_do_not_overflow() -> None:
    assert at_most(500, 10_000, 0.05) == pytest.approx(0.5119, abs=0.001)
    assert at_most(0, 5_000, 0.5) == pytest.approx(0)


@pytest.mark.parametrize(
    ("bad", "cases"), [(0, (14, 29, 59, 149)), (1, (22, 46, 93, 236)), (5, (50, 103, 208, 523))]
)
def test_the_published_table_of_cases_needed(bad: int, cases: tuple[int, ...]) -> None:
    for rate, needed in zip((0.20, 0.10, 0.05, 0.02), cases, strict=True):
        assert upper_bound(bad, needed, 0.05) <= rate < upper_bound(bad, needed - 1, 0.05)
        if not bad:
            assert cases_needed(rate, 0.05) == needed


def test_the_sign_test_is_mcnemars_exact_test() -> None:
    assert [sign_test(*pair) for pair in ((0, 0), (3, 0), (0, 1), (0, 5), (2, 8))] == [
        1.0,
        1.0,
        0.5,
        pytest.approx(1 / 32),
        pytest.approx(56 / 1024),
    ]


def labels(rng: random.Random, number: int) -> list[Scored]:
    """Decisions whose acceptance rises with the score: 60 % at 0, 96 % at 100."""
    decided, accepted = Counter[int](), Counter[int]()
    for score in [rng.randint(0, 100) for _ in range(number)]:
        decided[score] += 1
        accepted[score] += rng.random() < 0.60 + 0.0036 * score
    return [Scored(score, decided[score], accepted[score]) for score in sorted(decided)]


def test_a_certified_threshold_holds_what_it_promises() -> None:
    rng, broken, found = random.Random(7), 0, 0
    for _ in range(150):
        threshold = certified_threshold(labels(rng, 600))
        if threshold is not None:
            found += 1
            # Overruled above it in truth: the mean over the scores from there on.
            broken += sum(0.40 - 0.0036 * s for s in range(threshold, 101)) / (101 - threshold) > 0.10
    assert found > 15
    assert broken <= 0.10 * 150


def test_before_there_is_enough_data_nothing_is_said() -> None:
    few = reliability([Scored(90, FEWEST - 1, FEWEST - 1)])
    assert (few.missing, few.threshold, few.brier, few.bins) == (1, None, None, ())
    assert few.said_of(90) == (
        "not enough data yet to say how often people agree (28 of at least 29 decisions)"
    )
    enough = reliability([Scored(90, FEWEST, FEWEST)])
    assert (enough.missing, enough.threshold, enough.covered) == (0, 0, 1.0)
    assert enough.said_of(90) == (
        "people approved 29 of 29 like it as they stood, and from 0 of 100 on at least 9 in 10 (95 % certain)"
    )
    split = [Scored(40, 30, 0), Scored(90, 60, 60)]
    assert reliability(split).threshold == 45
    assert reliability(split).said_of(40).endswith("; this one lies below")
    poor = reliability([Scored(90, 100, 50)])
    assert poor.words == (
        "people approved 50 of 100 like it as they stood, and no confidence has proved reliable"
    )


@given(seed=st.integers(0, 10**6), number=st.integers(FEWEST, 400))
@settings(max_examples=examples(25))
def test_figures_keep_their_bounds(seed: int, number: int) -> None:
    given_labels = labels(random.Random(seed), number)
    found = reliability(given_labels)
    bins = calibrated(given_labels)
    assert sum(each.decisions for each in bins) == number
    assert sum(each.accepted for each in bins) == found.accepted
    assert all(one.high < other.low for one, other in pairwise(bins))
    if number >= 200:
        expected = [each.expected for each in bins]
        assert expected == sorted(expected)
    assert found.brier is not None
    assert found.calibration_error is not None
    assert 0 <= found.brier <= 1
    assert 0 <= found.calibration_error <= 1
    shares = [share for share, _ in found.coverage]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def watched(rates: list[tuple[int, float]], seed: int, version: str = "m p1") -> list[Observation]:
    rng, seen = random.Random(seed), []
    for number, rate in rates:
        for _ in range(number):
            seen.append(Observation(START + timedelta(hours=len(seen)), version, int(rng.random() < rate)))
    return seen


def test_a_fall_in_acceptance_is_found_soon_and_steadiness_is_not_mistaken_for_one() -> None:
    delays = []
    for seed in range(40):
        alarms = find_drift("acceptance", "create_task", watched([(300, 0.12), (400, 0.35)], seed))
        late = [each for each in alarms if each.at >= START + timedelta(hours=300)]
        delays.append((late[0].at - START) / timedelta(hours=1) - 300 if late else 999)
    assert sorted(delays)[20] <= 60
    steady = [find_drift("acceptance", "x", watched([(700, 0.12)], seed)) for seed in range(40)]
    assert sum(map(len, steady)) <= 16


def test_an_alarm_shows_its_evidence_and_learns_anew_afterwards() -> None:
    seen = [Observation(START + timedelta(hours=n), "m p1", int(n % 10 == 0)) for n in range(BASELINE)]
    rise = [Observation(START + timedelta(hours=BASELINE + n), "m p1", 1) for n in range(10)]
    (alarm,) = find_drift("acceptance", "create_task", seen + rise)
    assert (alarm.baseline_bad, alarm.baseline_of, alarm.recent_bad) == (6, 60, alarm.recent_of)
    assert alarm.since == rise[0].at
    assert (
        alarm.words
        == f"People overruled {alarm.recent_of} of {alarm.recent_of} proposals lately, 6 of 60 before."
    )


def test_a_new_version_begins_with_a_new_baseline() -> None:
    old = watched([(100, 0.10)], 1)
    rise = [Observation(START + timedelta(hours=100 + n), "m p2", 1) for n in range(50)]
    assert find_drift("acceptance", "x", old + rise) == ()
    assert len(find_drift("acceptance", "x", [*old, *(Observation(e.at, "m p1", 1) for e in rise)])) == 1


def test_several_sentences_of_one_text_count_each() -> None:
    fine = [Observation(START + timedelta(hours=n), "m", 0, 5) for n in range(30)]
    bad = [Observation(START + timedelta(hours=30 + n), "m", 2, 5) for n in range(8)]
    (alarm,) = find_drift("unsupported", "summary", fine + bad)
    assert alarm.words.endswith("sentences could not be verified lately, 0 of 60 before.")
