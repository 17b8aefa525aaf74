"""Clocks that jump, repeat an hour, end a year or have a day more: the facts stay true."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.proposals.deciding import blackouts_of
from policy.actions import DraftMessage, ScheduleFollowUp
from policy.decide import decide
from policy.decision_context import Blackout
from policy.donor import Channel
from policy.gathering import gather
from policy.organisation import BlackoutPeriod, Organisation
from tests.examples import examples
from tests.policy_rules.test_gathering import consent, context, interaction, record

NEW_YORK, CAIRO, LORD_HOWE = (
    ZoneInfo("America/New_York"),
    ZoneInfo("Africa/Cairo"),
    ZoneInfo("Australia/Lord_Howe"),
)
ZONES = [
    NEW_YORK,
    CAIRO,
    LORD_HOWE,
    ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("Pacific/Kiritimati"),
    ZoneInfo("UTC"),
]
DRAFT = DraftMessage(donor_id="d1", channel=Channel.EMAIL, subject="S", body="B")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def facts_at(now: datetime, zone: ZoneInfo, action=DRAFT, about=None, **changes):
    known = context(now=now, local_now=now.astimezone(zone), **changes)
    return gather(about or record(read_at=now), action, "execute", known)


@pytest.mark.parametrize(
    ("now", "zone", "hour", "weekday"),
    [
        ("2026-03-08T06:59:59", NEW_YORK, 1, 7),  # the last second before two o'clock becomes three
        ("2026-03-08T07:00:00", NEW_YORK, 3, 7),
        ("2026-11-01T05:30:00", NEW_YORK, 1, 7),  # half past one, for the first time
        ("2026-11-01T06:30:00", NEW_YORK, 1, 7),  # and again
        ("2026-11-01T07:00:00", NEW_YORK, 2, 7),
        ("2026-04-04T14:45:00", LORD_HOWE, 1, 7),  # a clock that goes back by half an hour
        ("2026-04-04T15:15:00", LORD_HOWE, 1, 7),
        ("2028-02-29T23:30:00", NEW_YORK, 18, 2),
        ("2027-01-01T04:59:59", NEW_YORK, 23, 4),  # still the old year there
        ("2027-01-01T05:00:00", NEW_YORK, 0, 5),
    ],
)
def test_the_hour_is_the_donor_s_also_when_clocks_change(now, zone, hour: int, weekday: int) -> None:
    cal = facts_at(moment(now), zone).cal
    assert (cal.hour, cal.weekday, cal.now) == (hour, weekday, moment(now))


@settings(max_examples=examples(30))
@given(
    st.integers(0, 6 * 365 * 86_400).map(lambda s: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    st.sampled_from(ZONES),
)
def test_a_decision_can_be_made_at_any_moment_anywhere(compiled, now: datetime, zone: ZoneInfo) -> None:
    decision = decide(compiled, facts_at(now, zone, quiet_hours=(21, 8)))
    assert decision.errors == ()


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize(
    "first",
    [date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 24), date(2028, 2, 29), date(2026, 12, 31)],
    ids=str,
)
def test_a_blackout_day_lasts_from_midnight_to_midnight_at_the_donor_s_place(zone, first: date) -> None:
    organisation = Organisation.model_validate(
        {
            "name": "Harbour Light",
            "home_currency": "USD",
            "time_zone": "America/New_York",
            "review_channel": "C1",
            "blackouts": [{"name": "Day", "first_day": first, "first_day_after": first + timedelta(days=1)}],
        }
    )
    [day] = blackouts_of(organisation, zone)
    begins, ends = day.starts_at.astimezone(UTC), day.ends_at.astimezone(UTC)
    just = timedelta(microseconds=1)
    seen = {
        at: facts_at(at, zone, blackouts=(day,)).cal.in_blackout
        for at in (begins - just, begins, ends - just, ends)
    }
    assert list(seen.values()) == [False, True, True, False]
    assert {at.astimezone(zone).date() == first for at in (begins, ends - just)} == {True}
    assert {at.astimezone(zone).date() == first for at in (begins - just, ends)} == {False}
    waiting = facts_at(begins, zone, blackouts=(day,), purpose="stewardship")
    assert waiting.cal.blackout_ends_at == ends


def test_the_same_blackout_begins_earlier_in_the_east() -> None:
    period = BlackoutPeriod(name="Week", first_day=date(2026, 12, 24), first_day_after=date(2027, 1, 2))
    organisation = Organisation.model_construct(blackouts=(period,), time_zone="America/New_York")
    now = moment("2026-12-23T12:00:00")
    east, home = (
        facts_at(now, zone, blackouts=blackouts_of(organisation, zone)).cal.in_blackout
        for zone in (ZoneInfo("Pacific/Kiritimati"), NEW_YORK)
    )
    assert (east, home) == (True, False)


@pytest.mark.parametrize(
    ("due", "inside"),
    [
        (date(2026, 12, 23), False),
        (date(2026, 12, 24), True),
        (date(2027, 1, 1), True),
        (date(2027, 1, 2), False),
    ],
)
def test_a_day_falls_into_a_blackout_across_the_year_s_end(due: date, inside: bool) -> None:
    week = Blackout(
        name="Week",
        starts_at=datetime(2026, 12, 24, tzinfo=NEW_YORK),
        ends_at=datetime(2027, 1, 2, tzinfo=NEW_YORK),
    )
    call = ScheduleFollowUp(donor_id="d1", title="Call", channel=Channel.PHONE, due_on=due)
    found = facts_at(moment("2026-12-20T15:00:00"), NEW_YORK, call, blackouts=(week,))
    assert found.cal.in_blackout is inside
    assert found.action.days_ahead == (due - date(2026, 12, 20)).days


@pytest.mark.parametrize(
    ("asked", "now", "days"),
    [
        # Thirty days by the calendar, but the clock was put forward meanwhile: not yet thirty whole days.
        ("2026-02-20T15:00:00", "2026-03-22T14:00:00", 29),
        ("2026-02-20T15:00:00", "2026-03-22T15:00:00", 30),
        ("2026-10-20T14:00:00", "2026-11-19T14:00:00", 30),  # put back meanwhile
        ("2028-01-30T12:00:00", "2028-02-29T12:00:00", 30),
        ("2028-02-29T12:00:00", "2029-02-28T12:00:00", 365),
        ("2026-12-31T23:59:59", "2027-01-01T00:00:00", 0),
    ],
)
def test_days_since_an_ask_are_whole_days_whatever_the_clocks_did(asked, now, days: int) -> None:
    held = interaction(0, is_ask=True).model_copy(update={"at": moment(asked)})
    assert facts_at(moment(now), NEW_YORK, about=record(interactions=(held,))).cadence.days_since_ask == days


@pytest.mark.parametrize(
    ("now", "expired"),
    [("2027-01-01T04:59:59", False), ("2027-01-01T05:00:00", True), ("2027-01-01T00:00:00", False)],
)
def test_a_consent_ends_when_its_day_begins_where_the_donor_lives(now: str, expired: bool) -> None:
    held = consent("opted_in", expires_on=date(2027, 1, 1))
    assert facts_at(moment(now), NEW_YORK, about=record(consents=(held,))).consent.expired is expired


@pytest.mark.parametrize(("now", "quiet"), [("2026-03-08T06:59:59", True), ("2026-03-08T07:00:00", False)])
def test_quiet_hours_end_with_an_hour_that_does_not_exist(now: str, quiet: bool) -> None:
    assert facts_at(moment(now), NEW_YORK, quiet_hours=(21, 2)).cal.quiet_hours is quiet
