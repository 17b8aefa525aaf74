"""Working time: deadlines that nobody has to meet asleep, on a holiday or in an hour that does not exist."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.working_time import WorkingTime
from tests.examples import examples

NEW_YORK = WorkingTime(time_zone="America/New_York", closed=frozenset({date(2026, 11, 26)}))
TEL_AVIV = WorkingTime(time_zone="Asia/Jerusalem", weekdays=frozenset({7, 1, 2, 3, 4}))
TEHRAN = WorkingTime(time_zone="Asia/Tehran", weekdays=frozenset({6, 7, 1, 2, 3, 4}))
BRUNEI = WorkingTime(time_zone="Asia/Brunei", weekdays=frozenset({1, 2, 3, 4, 6}))
EVERYBODY = (NEW_YORK, TEL_AVIV, TEHRAN, BRUNEI)


def at(local: str, working: WorkingTime = NEW_YORK) -> datetime:
    """A moment on the wall clock of whoever works."""
    return datetime.fromisoformat(local).replace(tzinfo=working.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("working", "moment", "expected"),
    [
        (NEW_YORK, "2026-11-23 09:00", "2026-11-23 09:00"),
        (NEW_YORK, "2026-11-23 03:10", "2026-11-23 09:00"),
        (NEW_YORK, "2026-11-23 17:00", "2026-11-24 09:00"),
        (NEW_YORK, "2026-11-25 20:00", "2026-11-27 09:00"),  # Thanksgiving
        (NEW_YORK, "2026-11-28 12:00", "2026-11-30 09:00"),
        (TEL_AVIV, "2026-11-27 10:00", "2026-11-29 09:00"),  # Friday to Sunday
        (TEHRAN, "2026-11-27 10:00", "2026-11-28 09:00"),  # Friday alone is free
        (BRUNEI, "2026-11-27 10:00", "2026-11-28 09:00"),  # Friday and Sunday are free, Saturday is not
        (BRUNEI, "2026-11-29 10:00", "2026-11-30 09:00"),
    ],
)
def test_the_next_moment_somebody_works(working: WorkingTime, moment: str, expected: str) -> None:
    assert working.next_working_instant(at(moment, working)) == at(expected, working)


@pytest.mark.parametrize(
    ("working", "start", "days", "expected"),
    [
        (NEW_YORK, "2026-11-16 14:30", 5, "2026-11-23 14:30"),
        (NEW_YORK, "2026-11-20 14:30", 5, "2026-11-30 14:30"),  # a weekend and Thanksgiving
        (NEW_YORK, "2026-11-21 02:00", 1, "2026-11-24 09:00"),  # counted from Monday morning
        (NEW_YORK, "2026-11-20 22:00", 5, "2026-12-01 09:00"),
        (NEW_YORK, "2026-11-20 14:30", 0, "2026-11-20 14:30"),
        (TEL_AVIV, "2026-11-26 16:00", 1, "2026-11-29 16:00"),
        (BRUNEI, "2026-11-26 16:00", 2, "2026-11-30 16:00"),
        (NEW_YORK, "2027-03-12 09:30", 1, "2027-03-15 09:30"),  # the clocks change in between
    ],
)
def test_working_days_end_at_the_same_time_of_day(
    working: WorkingTime, start: str, days: int, expected: str
) -> None:
    assert working.add_working_days(at(start, working), days) == at(expected, working)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-23 10:00", 4, "2026-11-23 14:00"),
        ("2026-11-23 15:00", 4, "2026-11-24 11:00"),
        ("2026-11-25 16:00", 2, "2026-11-27 10:00"),
        ("2026-11-22 12:00", 8, "2026-11-23 17:00"),
    ],
)
def test_working_hours_are_counted_and_taken_off(start: str, hours: int, expected: str) -> None:
    assert NEW_YORK.subtract_working_hours(at(expected), hours) == NEW_YORK.next_working_instant(at(start))
    assert NEW_YORK.between(at(start), at(expected)) == timedelta(hours=hours)


def test_half_of_a_deadline_over_a_weekend_is_not_on_the_weekend() -> None:
    due = NEW_YORK.add_working_days(at("2026-11-20 15:00"), 1)
    assert due == at("2026-11-23 15:00")
    assert NEW_YORK.halfway(at("2026-11-20 15:00"), due) == at("2026-11-23 11:00")


def test_an_hour_that_is_skipped_begins_after_the_gap() -> None:
    night = WorkingTime(time_zone="America/New_York", weekdays=frozenset({7}), start_hour=2, end_hour=6)
    opens, closes = night.hours_of(date(2027, 3, 14)) or pytest.fail("worked")
    assert (opens, closes) == (at("2027-03-14 03:00"), at("2027-03-14 06:00"))
    assert night.between(opens, closes) == timedelta(hours=3)


def test_an_hour_that_happens_twice_is_worked_once_as_it_begins() -> None:
    night = WorkingTime(time_zone="America/New_York", weekdays=frozenset({7}), start_hour=0, end_hour=3)
    opens, closes = night.hours_of(date(2026, 11, 1)) or pytest.fail("worked")
    assert closes - opens == timedelta(hours=4), "three on the clock, four of life"


def test_a_midnight_that_does_not_exist() -> None:
    """In Lebanon the clocks skip from midnight to one."""
    beirut = WorkingTime(time_zone="Asia/Beirut", weekdays=frozenset(range(1, 8)), start_hour=0, end_hour=24)
    opens, closes = beirut.hours_of(date(2026, 3, 29)) or pytest.fail("worked")
    assert opens.astimezone(ZoneInfo("Asia/Beirut")).hour == 1
    assert closes - opens == timedelta(hours=23)


def test_a_day_that_a_country_left_out_is_nobodys_deadline() -> None:
    samoa = WorkingTime(time_zone="Pacific/Apia")
    assert samoa.hours_of(date(2011, 12, 30)) is None
    assert samoa.next_working_day(date(2011, 12, 29)) == date(2012, 1, 2)


@pytest.mark.parametrize(
    ("working", "first"),
    [(NEW_YORK, 1), (TEL_AVIV, 7), (TEHRAN, 6), (BRUNEI, 1)],
    ids=["us", "il", "ir", "bn"],
)
def test_next_week_begins_after_the_weekend(working: WorkingTime, first: int) -> None:
    for n in range(7):
        day = date(2026, 9, 7) + timedelta(days=n)
        found = working.first_of_next_week(day)
        assert found.isoweekday() == first
        assert timedelta(days=1) <= found - day <= timedelta(days=7)


def test_made_up_weekends_are_worked_and_holidays_are_not() -> None:
    china = WorkingTime(
        time_zone="Asia/Shanghai",
        closed=frozenset({date(2026, 10, 1), date(2026, 10, 10)}),
        worked=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
    )
    assert china.is_working_day(date(2026, 9, 20))
    assert not china.is_working_day(date(2026, 10, 1))
    assert not china.is_working_day(date(2026, 10, 10)), "what is closed stays closed"


def test_somebody_who_never_works_still_gets_a_deadline() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(6000))
    never = WorkingTime(closed=closed)
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert never.next_working_instant(start) == start
    assert never.add_working_days(start, 5) == start + timedelta(days=5)
    assert never.halfway(start, start + timedelta(days=5)) == start


@pytest.mark.parametrize(
    "wrong", [{"weekdays": frozenset()}, {"start_hour": 9, "end_hour": 9}, {"start_hour": 17, "end_hour": 9}]
)
def test_working_time_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WorkingTime.model_validate(wrong)


moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda n: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)
works = st.builds(
    WorkingTime,
    time_zone=st.sampled_from(
        ["America/New_York", "Asia/Jerusalem", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"]
    ),
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    start_hour=st.integers(0, 11),
    end_hour=st.integers(12, 24),
    closed=st.frozensets(st.dates(date(2024, 1, 1), date(2028, 1, 1)), max_size=20),
)


@settings(max_examples=examples(25))
@given(working=works, start=moments, days=st.integers(1, 9))
def test_what_is_due_is_due_in_working_hours(working: WorkingTime, start: datetime, days: int) -> None:
    due = working.add_working_days(start, days)
    assert working.is_working(due)
    assert due > start
    assert working.add_working_days(start, days) <= working.add_working_days(start, days + 1)
    opened = working.next_working_instant(start)
    crossed = sum(
        working.hours_of(working.local_day(opened) + timedelta(days=n)) is not None
        for n in range(1, (working.local_day(due) - working.local_day(opened)).days + 1)
    )
    assert crossed in (days, days + 1), "a skipped hour may push it to the next day, nothing else"

    worked = working.between(start, due)
    assert working.between(start, working.halfway(start, due)) * 2 == worked
    before = working.subtract_working_hours(due, worked / timedelta(hours=1))
    assert abs(working.between(before, due) - worked) < timedelta(milliseconds=1)
