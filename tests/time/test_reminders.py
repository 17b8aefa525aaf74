"""Reminders and deadlines: told in working hours, in one message, once; passed on once, then run out."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.commands import ApprovalClicked, ChatUser, DeferralClicked, ReplyAddress
from handlers.outcomes import DecisionList
from handlers.proposals.escalation_view import requirement_of
from policy.escalation import EscalationState
from policy.reminders import ReminderSettings, reminder_moments
from policy.working_time import WorkingTime
from storage.escalations import Escalation
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, House
from tests.time.conftest import kinds, leave, now, opened

S = EscalationState
NEW_YORK = WorkingTime(time_zone="America/New_York")


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=NEW_YORK.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "due", "settings", "expected"),
    [
        ("2026-11-20 10:00", "2026-11-27 10:00", {}, ["2026-11-24 14:00", "2026-11-26 14:00"]),
        ("2026-11-20 10:00", "2026-11-27 10:00", {"at_half_time": False}, ["2026-11-26 14:00"]),
        ("2026-11-20 10:00", "2026-11-27 10:00", {"hours_before": ()}, ["2026-11-24 14:00"]),
        ("2026-11-20 10:00", "2026-11-27 10:00", {"hours_before": (), "at_half_time": False}, []),
        ("2026-11-20 10:00", "2026-11-20 12:00", {}, ["2026-11-20 11:00"]),  # too short for four hours
        ("2026-11-20 10:00", "2026-11-23 10:00", {}, ["2026-11-20 14:00"]),  # both at once are one
    ],
)
def test_when_to_remind(since: str, due: str, settings: dict[str, Any], expected: list[str]) -> None:
    found = reminder_moments(at(since), at(due), NEW_YORK, ReminderSettings(**settings))
    assert list(found) == [at(each) for each in expected]


def settle(house: House, **changes: object) -> None:
    organisation = house.context.organisation.model_copy(update=changes)
    house.context = replace(house.context, organisation=organisation)


async def until(house: House, moment: datetime, step: timedelta = timedelta(minutes=30)) -> None:
    """Let time pass, with the house at work."""
    while house.clock.now() < moment:
        house.clock.moment = min(house.clock.now() + step, moment)
        await house.work_all()


def reminders(house: House) -> list[tuple[str, DecisionList]]:
    found = [(channel, outcome) for channel, _, outcome in house.chat.posts]
    return [(c, o) for c, o in found if isinstance(o, DecisionList) and "for you" in o.title]


async def test_the_owner_is_reminded_twice_in_working_hours_and_then_it_goes_on(house: House) -> None:
    escalation = await opened(house)
    assert escalation.due_at == at("2026-11-27 10:00")
    await until(house, at("2026-11-24 14:01"))
    assert reminders(house) == [], "half of the time is over only then"
    await until(house, at("2026-11-24 14:40"))
    [(channel, told)] = reminders(house)
    assert (channel, told.mentions) == ("COWNER", (OWNER.id,))
    assert [(item.donor_name, item.due_at) for item in told.items] == [("Margaret Okafor", escalation.due_at)]
    await until(house, at("2026-11-27 09:59"))
    assert len(reminders(house)) == 2

    await until(house, at("2026-11-27 10:05"))
    passed = await now(house, escalation)
    assert passed.state is S.OPEN
    assert requirement_of(passed).holder == MANAGER.email
    assert (passed.route, passed.due_at) == ("CMANAGER", at("2026-12-01 10:05")), "two working days"
    await until(house, at("2026-12-01 10:10"))
    assert (await now(house, escalation)).state is S.EXPIRED, "passed on once, not for ever"
    trail = await kinds(house)
    assert trail.count("escalation.passed_on") == 1
    assert "escalation.declined" not in trail
    assert house.crm.written == []


async def test_where_the_organisation_wants_it_so_it_runs_out_at_once(house: House) -> None:
    settle(house, after_deadline="expire")
    escalation = await opened(house)
    await until(house, at("2026-11-27 10:05"), timedelta(hours=6))
    assert (await now(house, escalation)).state is S.EXPIRED
    assert "escalation.passed_on" not in await kinds(house)


async def test_without_anybody_above_a_reviewer_decides(house: House) -> None:
    people = tuple(p.model_copy(update={"reports_to": None}) for p in house.context.organisation.people)
    settle(house, people=people)
    escalation = await opened(house)
    await until(house, at("2026-11-27 10:05"), timedelta(hours=6))
    passed = await now(house, escalation)
    assert (passed.route, requirement_of(passed).with_reviewers) == ("CDESK", True)


async def _click(house: House, escalation: Escalation, command: type[Any], **fields: Any) -> None:
    by, to = ChatUser(id=OWNER.id), ReplyAddress(channel_id="COWNER", user_id=OWNER.id)
    await house.accept(command(escalation_id=escalation.id, by=by, reply_to=to, **fields))
    await house.work_all()


@pytest.mark.parametrize("click", ["approve", "defer"])
async def test_nothing_nags_about_what_is_decided_or_put_off(house: House, click: str) -> None:
    escalation = await opened(house)
    await until(house, at("2026-11-24 14:00"), timedelta(hours=6))
    if click == "approve":
        await _click(house, escalation, ApprovalClicked)
    else:
        await _click(house, escalation, DeferralClicked, preset="next_week")
    await until(house, at("2026-11-27 17:00"), timedelta(hours=6))
    assert reminders(house) == []


async def test_what_was_owed_and_decided_meanwhile_is_not_told(house: House) -> None:
    escalation = await opened(house)
    await until(house, at("2026-11-24 14:00"))
    await house.work_all()
    owed = await house.database.read(lambda tx: tx.reminders.owed(OWNER.email))
    assert [each.escalation_id for each in owed] == [escalation.id]
    await _click(house, escalation, ApprovalClicked)
    await until(house, at("2026-11-24 16:00"))
    assert reminders(house) == []
    assert await house.database.read(lambda tx: tx.reminders.owed(OWNER.email)) == []


async def _several(house: House, count: int) -> list[Escalation]:
    """The same decision about several donors, as they pile up before a holiday."""
    first = await opened(house)
    copies = []
    for n in range(count - 1):
        copy = replace(first, id=f"copy-{n}", donor_id=f"donor-{n + 2}", channel_id=None, message_ts=None)
        copies.append(copy)

    from handlers.context import Arrived
    from handlers.decisions.deadline import watch_deadline

    arrived = Arrived("item", "corr", 1, None, house.clock.now(), house.ids)

    def write(tx: Any) -> None:
        for copy in copies:
            tx.escalations.add(copy)
            watch_deadline(tx, arrived, copy.id, copy.due_at)

    await house.database.write(write)
    return [first, *copies]


async def test_several_at_once_are_one_message(house: House) -> None:
    await _several(house, 5)
    await until(house, at("2026-11-24 15:00"))
    [(channel, told)] = reminders(house)
    assert channel == "COWNER"
    assert (told.title, len(told.items)) == ("5 decisions wait for you.", 5)
    assert (await house.database.read(lambda tx: tx.reminders.owed(OWNER.email))) == []
    entries = await house.database.read(
        lambda tx: tx.audit.between(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    )
    assert sum(entry.kind == "decider.reminded" for entry in entries) == 5, "each of them is on record"


async def test_nobody_is_reminded_more_often_than_settled(house: House) -> None:
    settle(house, reminders=ReminderSettings(hours_before=(4, 3, 2, 1), at_most_every_minutes=150))
    await opened(house)
    times: list[datetime] = []
    seen = 0
    while house.clock.now() < at("2026-11-27 09:50"):
        house.clock.move(minutes=10)
        await house.work_all()
        if len(reminders(house)) > seen:
            seen = len(reminders(house))
            times.append(house.clock.now())
    assert len(times) == 4, f"of five that were planned: {times}"
    assert all(later - earlier >= timedelta(minutes=150) for earlier, later in itertools.pairwise(times))
    assert all(NEW_YORK.is_working(time) for time in times)


async def test_after_an_outage_it_is_told_in_the_morning_and_not_at_night(house: House) -> None:
    await opened(house)
    await until(house, at("2026-11-24 13:00"))
    house.clock.moment = at("2026-11-24 23:30")  # nothing ran meanwhile
    await house.work_all()
    await until(house, at("2026-11-25 08:59"))
    assert reminders(house) == []
    await until(house, at("2026-11-25 09:40"))
    assert len(reminders(house)) == 1


async def test_the_delegate_is_reminded_where_they_see_the_card(house: House) -> None:
    await leave(house, "until Thursday", STRANGER.id)
    await opened(house)
    await until(house, at("2026-11-24 16:00"))
    assert reminders(house) == [], "fiona works in Berlin; it is evening there"
    await until(house, at("2026-11-25 09:00"))
    [(channel, told)] = reminders(house)
    assert (channel, told.mentions) == (f"D{STRANGER.id}", (STRANGER.id,))


async def test_an_old_deadline_reminds_of_nothing(house: House) -> None:
    """Put off and back again: the reminders of the first deadline are over with it."""
    escalation = await opened(house)
    await _click(house, escalation, DeferralClicked, preset="tomorrow")
    await until(house, at("2026-11-25 12:30"))
    assert (await now(house, escalation)).state is S.OPEN
    due_at = (await now(house, escalation)).due_at
    assert due_at == at("2026-11-30 09:00")
    assert reminders(house) == [], "half of the new time is not over"
    await until(house, at("2026-11-27 17:00"))
    assert all(item.due_at == due_at for _, told in reminders(house) for item in told.items)
    assert len(reminders(house)) == 2
