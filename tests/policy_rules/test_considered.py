"""How long a card takes to read, and how decisions were made."""

from __future__ import annotations

import pytest

from policy.considered import (
    Considered,
    Figures,
    figures_of,
    is_faster_than_reading,
    reading_seconds,
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


def decision(**fields: object) -> Considered:
    return Considered.model_validate(
        {"seconds": 60, "looked": False, "edited": False, "faster": False} | fields
    )


def test_figures_add_up() -> None:
    made = [
        decision(seconds=None, looked=True),
        decision(seconds=10, faster=True),
        decision(seconds=30, edited=True),
    ]
    assert figures_of(made) == Figures(decisions=3, median_seconds=20, looked=1, edited=1, faster=1)
    assert figures_of([]) == Figures(decisions=0, median_seconds=None, looked=0, edited=0, faster=0)
