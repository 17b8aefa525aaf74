"""Which days a digest is about: where the clocks change, where a year begins in July, and without gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.digest_periods import PeriodUnit, last_period, rolling_period

BERLIN, NEW_YORK, KIRITIMATI = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Kiritimati")
)
JULY = 7


def days(
    unit: PeriodUnit, at: datetime, zone: ZoneInfo, first_month: int = JULY, count: int = 7
) -> list[str]:
    found = last_period(unit, count, at, zone, first_month)
    return [str(each.astimezone(zone).date()) for each in (found.before, found.start, found.end)]


TABLE: list[tuple[PeriodUnit, datetime, ZoneInfo, int, list[str]]] = [
    ("week", datetime(2026, 11, 23, 8, tzinfo=UTC), BERLIN, JULY, ["2026-11-09", "2026-11-16", "2026-11-23"]),
    (
        "week",
        datetime(2026, 11, 22, 23, 30, tzinfo=UTC),
        BERLIN,
        JULY,
        ["2026-11-09", "2026-11-16", "2026-11-23"],
    ),
    ("month", datetime(2026, 3, 1, 9, tzinfo=UTC), BERLIN, JULY, ["2026-01-01", "2026-02-01", "2026-03-01"]),
    ("month", datetime(2026, 1, 15, tzinfo=UTC), BERLIN, JULY, ["2025-11-01", "2025-12-01", "2026-01-01"]),
    (
        "quarter",
        datetime(2026, 10, 1, 9, tzinfo=UTC),
        BERLIN,
        JULY,
        ["2026-04-01", "2026-07-01", "2026-10-01"],
    ),
    ("quarter", datetime(2026, 6, 2, 9, tzinfo=UTC), BERLIN, 2, ["2025-11-01", "2026-02-01", "2026-05-01"]),
    (
        "fiscal_year",
        datetime(2026, 7, 1, 12, tzinfo=UTC),
        NEW_YORK,
        JULY,
        ["2024-07-01", "2025-07-01", "2026-07-01"],
    ),
    (
        "fiscal_year",
        datetime(2026, 7, 1, 3, tzinfo=UTC),
        NEW_YORK,
        JULY,
        ["2023-07-01", "2024-07-01", "2025-07-01"],
    ),
    (
        "fiscal_year",
        datetime(2026, 7, 1, 3, tzinfo=UTC),
        NEW_YORK,
        1,
        ["2024-01-01", "2025-01-01", "2026-01-01"],
    ),
    ("days", datetime(2027, 3, 29, 6, tzinfo=UTC), BERLIN, JULY, ["2027-03-15", "2027-03-22", "2027-03-29"]),
]


@pytest.mark.parametrize(("unit", "at", "zone", "first_month", "expected"), TABLE)
def test_a_period_is_whole_local_days(
    unit: PeriodUnit, at: datetime, zone: ZoneInfo, first_month: int, expected: list[str]
) -> None:
    assert days(unit, at, zone, first_month) == expected


def test_a_week_in_which_the_clocks_change_is_an_hour_longer_or_shorter() -> None:
    spring = last_period("days", 7, datetime(2027, 3, 29, 6, tzinfo=UTC), BERLIN, JULY)
    autumn = last_period("days", 7, datetime(2027, 11, 1, 6, tzinfo=UTC), BERLIN, JULY)
    assert spring.end - spring.start == timedelta(days=7, hours=-1)
    assert autumn.end - autumn.start == timedelta(days=7, hours=1)


@given(
    st.integers(0, 8 * 366 * 24 * 60).map(lambda m: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=m)),
    st.sampled_from(("days", "week", "month", "quarter", "fiscal_year")),
    st.sampled_from((BERLIN, NEW_YORK, KIRITIMATI)),
    st.integers(1, 12),
)
def test_periods_follow_each_other_without_gap_or_overlap(
    at: datetime, unit: PeriodUnit, zone: ZoneInfo, first_month: int
) -> None:
    found = last_period(unit, 7, at, zone, first_month)
    assert found.before < found.start < found.end <= at
    earlier = last_period(unit, 7, found.start + timedelta(hours=1), zone, first_month)
    assert (earlier.start, earlier.end) == (found.before, found.start)
    begins = found.end.astimezone(zone)
    assert (begins.hour, begins.minute) == (0, 0)
    if unit == "fiscal_year":
        assert begins.date() == date(begins.year, first_month, 1)


def test_a_fast_clock_counts_hours() -> None:
    at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    found = rolling_period(1, at)
    assert (at - found.start, found.start - found.before, found.end) == (timedelta(1), timedelta(1), at)
