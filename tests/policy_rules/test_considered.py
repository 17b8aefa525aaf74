"""How long a card takes to read, and what managers see of decisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.considered import (
    FEWEST_PEOPLE,
    OTHERS,
    Considered,
    Figures,
    figures_of,
    is_faster_than_reading,
    reading_seconds,
    team_figures,
    words_in,
)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ((), 0),
        (("", " · — !"), 0),
        (("Jane Doe gave $6,100 on 22 Nov 2026.",), 8),
        (("don’t re-read 9:30 a.m.", "x"), 5),
        (("שלום עולם", "مرحبا"), 3),
        (("感謝您的捐款",), 3),
        (("👩‍🎨",), 0),
    ],
)
def test_words_are_counted_as_readers_do(texts: tuple[str, ...], words: int) -> None:
    assert words_in(texts) == words


@pytest.mark.parametrize(
    ("seconds", "words", "faster"),
    [
        (4, 100, True),
        (12, 100, True),
        (13, 100, False),
        (0, 1, True),
        (0, 0, False),
        (None, 100, False),
        (4, None, False),
    ],
)
def test_only_what_nobody_can_have_read_is_faster(
    seconds: int | None, words: int | None, faster: bool
) -> None:
    assert is_faster_than_reading(seconds, words) is faster


def test_reading_time_is_that_of_an_average_reader() -> None:
    assert [reading_seconds(words) for words in (0, 119, 238, 100)] == [0, 30, 60, 25]


def decision(person: int, kind: str = "task", **fields: object) -> Considered:
    made = {"seconds": 60, "looked": False, "edited": False, "faster": False} | fields
    return Considered.model_validate({"user_id": f"U{person}", "action_kind": kind, **made})


def test_figures_add_up() -> None:
    made = [
        decision(1, seconds=None, looked=True),
        decision(1, seconds=10, faster=True),
        decision(2, seconds=30, edited=True),
    ]
    assert figures_of(made) == Figures(decisions=3, median_seconds=20, looked=1, edited=1, faster=1)
    assert figures_of([]) == Figures(decisions=0, median_seconds=None, looked=0, edited=0, faster=0)


def test_of_four_people_managers_see_nothing() -> None:
    shown = team_figures([decision(n) for n in range(4)] * 9)
    assert (shown.people, shown.figures, shown.groups) == (4, None, ())


def test_small_groups_are_put_together_so_that_nothing_can_be_subtracted() -> None:
    made = [decision(n, kind) for kind in ("task", "note") for n in range(6)] + [decision(1, "owner")]
    shown = team_figures(made)
    assert shown.figures is not None
    assert shown.figures.decisions == 13
    assert [(g.action_kind, g.people, g.figures.decisions) for g in shown.groups] == [
        ("task", 6, 6),
        (OTHERS, 6, 7),
    ]


@given(
    st.lists(
        st.builds(decision, st.integers(0, 8), st.sampled_from(["a", "b", "c", "d"])), min_size=1, max_size=40
    )
)
def test_no_line_is_about_fewer_than_five_people(made: list[Considered]) -> None:
    shown = team_figures(made)
    assert all(group.people >= FEWEST_PEOPLE for group in shown.groups)
    if shown.figures:
        assert sum(group.figures.decisions for group in shown.groups) == shown.figures.decisions == len(made)
