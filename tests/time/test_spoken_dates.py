"""Periods in people's own words: read as meant, or refused with a sentence; never guessed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.spoken_dates import NotADate, read_period
from tests.examples import examples

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("until Friday", "2026-11-24", "2026-11-27"),
        ("till fri.", "2026-11-24", "2026-11-27"),
        ("until Tuesday", "2026-11-24", "2026-12-01"),  # said on a Tuesday
        ("until next Friday", "2026-11-24", "2026-12-04"),
        ("from Monday until 5 Dec", "2026-11-30", "2026-12-05"),
        ("from Monday to Friday", "2026-11-30", "2026-12-04"),
        ("Mon - Wed", "2026-11-30", "2026-12-02"),
        ("5 Dec – 3 January", "2026-12-05", "2027-01-03"),
        ("from 2026-12-21 to 2027-01-02", "2026-12-21", "2027-01-02"),
        ("2026-12-24", "2026-12-24", "2026-12-24"),
        ("until 31.12.", "2026-11-24", "2026-12-31"),
        ("until 1.2.2027", "2026-11-24", "2027-02-01"),
        ("until Dec 5th, 2026", "2026-11-24", "2026-12-05"),
        ("until the 5th of December", "2026-11-24", "2026-12-05"),
        ("until 12/24", "2026-11-24", "2026-12-24"),
        ("until 24/12", "2026-11-24", "2026-12-24"),
        ("until 12/12", "2026-11-24", "2026-12-12"),
        ("until 3 Nov", "2026-11-24", "2027-11-03"),
        ("today", "2026-11-24", "2026-11-24"),
        ("tomorrow", "2026-11-25", "2026-11-25"),
        ("until tomorrow", "2026-11-24", "2026-11-25"),
        ("on Thursday", "2026-11-26", "2026-11-26"),
        ("from today until the end of the week", "2026-11-24", "2026-11-29"),
        ("next week", "2026-11-30", "2026-12-06"),
        ("until the end of the month", "2026-11-24", "2026-11-30"),
        ("for 3 days", "2026-11-24", "2026-11-26"),
        ("for a week", "2026-11-24", "2026-11-30"),
        ("for two weeks from Monday", "2026-11-30", "2026-12-13"),
        ("from Monday for two weeks", "2026-11-30", "2026-12-13"),
        ("until 29 Feb", "2026-11-24", None),  # more than a year away
    ],
)
def test_what_people_write(words: str, first: str, last: str | None) -> None:
    if last is None:
        with pytest.raises(NotADate):
            read_period(words, TUESDAY)
        return
    period = read_period(words, TUESDAY)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "Say until when"),
        ("until", "I cannot read “until” as a day."),
        ("until whenever", "I cannot read “whenever” as a day."),
        ("until 5/12", "another day in another country"),
        ("until 31 Feb", "There is no day “31 feb”."),
        ("from Friday 27 Nov 2026 until 24 Nov 2026", "I cannot read"),
        ("from 27 Nov 2026 until 24 Nov 2026", "That ends before it begins."),
        ("until 1 Jan 2020", "That ends before it begins."),
        ("from 1 Jan 2020 until 3 Jan 2020", "That is over already."),
        ("until 1 Jan 2030", "That is more than a year away."),
        ("for 0 days", "That lasts no time at all."),
        ("for 99999999999 days", "That is more than a year away."),
        ("for some days", "I cannot read “some” as a number."),
        ("until 2026-13-45", "There is no day"),
        ("<@U123> ../../etc", "as a day"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(words: str, told: str) -> None:
    with pytest.raises(NotADate) as refused:
        read_period(words, TUESDAY)
    assert told in str(refused.value)


@settings(max_examples=examples(37))
@given(
    words=st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                ["from", "until", "to", "-", "for", "a", "next", "week", "fri", "5", "dec", "2026", ".", "/"]
            ),
            max_size=8,
        ).map(" ".join),
    )
)
def test_nothing_anybody_types_breaks_it(words: str) -> None:
    try:
        period = read_period(words, TUESDAY)
    except NotADate:
        return
    assert TUESDAY - timedelta(days=1) <= period.last <= TUESDAY + timedelta(days=366)
    assert period.first <= period.last
