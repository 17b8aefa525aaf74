"""When a digest is due and what it looks back on: clocks put on and back, twice a day, the year in July."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.occurrences import owed
from handlers.digests.figures import period_of
from handlers.digests.schedules import InForce
from policy.digest_periods import PeriodUnit
from policy.organisation import DigestSchedule, Organisation

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def due(cron: str, zone: str, start: str, hours: int) -> list[tuple[str, str]]:
    """Look every half hour, as the service does more often; return each new name and when in UTC."""
    schedule = DigestSchedule(id="d", channel="C", cron=cron, time_zone=zone)
    organisation = Organisation(review_channel="C", digests=(schedule,))
    since, found = datetime.fromisoformat(f"{start}+00:00"), dict[str, str]()
    for minutes in range(0, 60 * hours + 1, 30):
        for occurrence in owed(organisation, [InForce(schedule)], since, since + timedelta(minutes=minutes)):
            found.setdefault(occurrence.key, f"{occurrence.at:%d %H:%M}")
    return list(found.items())


@pytest.mark.parametrize(
    ("cron", "zone", "start", "expected"),
    [
        ("0 8 * * mon", BERLIN, "2027-03-28T00:00", [("2027-03-29", "29 06:00")]),
        ("0 8 * * mon", BERLIN, "2027-10-31T00:00", [("2027-11-01", "01 07:00")]),
        # 02:30 comes twice on the last Sunday of October, and on the last of March not at all.
        ("30 2 * * sun", BERLIN, "2027-10-30T12:00", [("2027-10-31", "31 00:30")]),
        ("30 2 * * sun", BERLIN, "2027-03-27T12:00", [("2027-03-28", "28 01:30")]),
        (
            "30 1 * * *",
            NEW_YORK,
            "2026-11-01T00:00",
            [("2026-11-01", "01 05:30"), ("2026-11-02", "02 06:30")],
        ),
        (
            "0 8,17 * * *",
            NEW_YORK,
            "2026-11-01T00:00",
            [
                ("2026-11-01", "01 13:00"),
                ("2026-11-01T17:00", "01 22:00"),
                ("2026-11-02", "02 13:00"),
                ("2026-11-02T17:00", "02 22:00"),
            ],
        ),
        (
            "30 1,2 * * *",
            BERLIN,
            "2027-10-30T22:00",
            [
                ("2027-10-31", "30 23:30"),
                ("2027-10-31T02:30", "31 00:30"),
                ("2027-11-01", "01 00:30"),
                ("2027-11-01T02:30", "01 01:30"),
            ],
        ),
        # The clock goes by half an hour here.
        (
            "45 1 * * *",
            LORD_HOWE,
            "2027-04-03T12:00",
            [("2027-04-04", "03 14:45"), ("2027-04-05", "04 15:15")],
        ),
        ("0 8 29 2 *", BERLIN, "2028-02-28T00:00", [("2028-02-29", "29 07:00")]),
    ],
)
def test_each_occurrence_has_one_name_whatever_the_clocks_do(
    cron: str, zone: str, start: str, expected: list[tuple[str, str]]
) -> None:
    assert due(cron, zone, start, 48) == expected


@pytest.mark.parametrize(
    ("unit", "own", "organisations", "at", "expected"),
    [
        ("fiscal_year", None, 7, "2027-07-01T08:00", ("2025-07-01", "2026-07-01", "2027-07-01")),
        ("fiscal_year", 4, 7, "2027-07-01T08:00", ("2025-04-01", "2026-04-01", "2027-04-01")),
        ("fiscal_year", None, 3, "2028-03-01T08:00", ("2026-03-01", "2027-03-01", "2028-03-01")),
        ("quarter", None, 7, "2027-06-30T23:00", ("2026-10-01", "2027-01-01", "2027-04-01")),
        ("quarter", None, 7, "2027-07-01T00:00", ("2027-01-01", "2027-04-01", "2027-07-01")),
        ("quarter", 2, 7, "2028-02-01T00:00", ("2027-08-01", "2027-11-01", "2028-02-01")),
        ("month", None, 1, "2028-03-01T00:00", ("2028-01-01", "2028-02-01", "2028-03-01")),
        ("week", None, 1, "2027-01-01T08:00", ("2026-12-14", "2026-12-21", "2026-12-28")),
    ],
)
def test_a_schedule_looks_back_on_whole_local_periods_of_its_own_year(
    unit: PeriodUnit, own: int | None, organisations: int, at: str, expected: tuple[str, str, str]
) -> None:
    zone = ZoneInfo(NEW_YORK)
    schedule = DigestSchedule(
        id="d", channel="C", cron="0 8 * * *", period=unit, time_zone=NEW_YORK, fiscal_year_start_month=own
    )
    organisation = Organisation(review_channel="C", fiscal_year_start_month=organisations, time_zone=BERLIN)
    found = period_of(schedule, datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(UTC), organisation)
    midnights = [each.astimezone(zone) for each in (found.before, found.start, found.end)]
    assert [(each.date(), each.hour) for each in midnights] == [
        (date.fromisoformat(day), 0) for day in expected
    ]
