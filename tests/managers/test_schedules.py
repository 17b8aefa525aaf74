"""Managers see and change when which digest comes; it counts at once, and never delivers what is past."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.occurrences import next_in, owed
from handlers.commands import (
    ChatUser,
    DigestDue,
    ReplyAddress,
    ScheduleChanged,
    ScheduleFormRequested,
    SchedulesRequested,
)
from handlers.digests.change_schedule import MEANWHILE, OUTSIDERS
from handlers.digests.schedules import InForce, schedules_in_force
from handlers.digests.show_schedules import ONLY_LOOK, UNKNOWN
from handlers.digests.whose_figures import FOR_MANAGERS
from handlers.outcomes import DigestShown, Notice, ScheduleForm, SchedulesShown, Window
from handlers.ports import Colleague
from policy.digest import DigestKind
from policy.organisation import DigestSchedule, Organisation, Person
from policy.rhythm import Rhythm, schedule_words
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, STRANGER, House

MONDAY = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)
"""Ten in New York."""
WEEKLY = DigestSchedule(id="weekly", channel="#managers", kind=DigestKind.OVERRIDE, cron="0 8 * * mon")
EAST = DigestSchedule(id="east", channel="#east", cron="30 9 1 * *", team="east", time_zone="Europe/Berlin")


@pytest.fixture
def planned(house: House) -> House:
    house.clock.moment = MONDAY
    people = (
        Person(email=MANAGER.email, roles=("manager",)),
        Person(email=OWNER.email, roles=("owner", "manager"), team="east"),
        Person(email=STRANGER.email, roles=("compliance",)),
    )
    organisation = Organisation.model_validate(
        ORGANISATION.model_dump() | {"digests": (WEEKLY, EAST), "people": people}
    )
    context = replace(house.context, organisation=organisation, next_occurrence=next_in(organisation))
    return replace(house, context=context)


async def window(house: House, command: Any) -> Window:
    await house.accept(command)
    await house.work_all()
    return house.chat.views[-1][1]


async def change(house: House, by: Colleague, schedule_id: str = "weekly", **entered: Any) -> Notice:
    in_force = {each.schedule.id: each for each in await now_in_force(house)}
    mark = entered.pop("mark", in_force[schedule_id].mark if schedule_id in in_force else "")
    to = ReplyAddress(channel_id="", user_id=by.id)
    await house.accept(
        ScheduleChanged(schedule_id=schedule_id, mark=mark, by=ChatUser(id=by.id), reply_to=to, **entered)
    )
    await house.work_all()
    said = house.chat.whispers[-1][1]
    assert isinstance(said, Notice)
    return said


async def now_in_force(house: House) -> tuple[InForce, ...]:
    return await house.database.read(lambda tx: schedules_in_force(tx, house.context.organisation))


async def owing(house: House) -> list[tuple[str, str]]:
    now, in_force = house.clock.now(), await now_in_force(house)
    found = owed(house.context.organisation, in_force, now - timedelta(days=7), now)
    return [(each.schedule.id, each.key) for each in found]


async def test_everybody_sees_the_schedules_of_what_they_may_see(planned: House) -> None:
    def asked(who: Colleague) -> SchedulesRequested:
        return SchedulesRequested(view_id=f"V{who.id}", by=ChatUser(id=who.id))

    shown = await window(planned, asked(MANAGER))
    assert isinstance(shown, SchedulesShown)
    assert [(line.words, line.channel, line.next_at) for line in shown.lines] == [
        ("Every Monday at 08:00, America/New_York time", "#managers", datetime(2026, 12, 14, 13, tzinfo=UTC)),
        (
            "On the first day of every month at 09:30, Europe/Berlin time",
            "#east",
            datetime(2027, 1, 1, 8, 30, tzinfo=UTC),
        ),
    ]
    assert shown.may_change
    theirs = await window(planned, asked(OWNER))
    assert isinstance(theirs, SchedulesShown)
    assert [line.schedule_id for line in theirs.lines] == ["east"]
    looked = await window(planned, asked(STRANGER))
    assert isinstance(looked, SchedulesShown)
    assert (len(looked.lines), looked.may_change) == (2, False)
    nobody = planned.context.organisation.model_copy(update={"people": ()})
    planned.context = replace(planned.context, organisation=nobody)
    assert await window(planned, asked(OWNER).model_copy(update={"view_id": "V2"})) == FOR_MANAGERS


async def test_a_change_counts_at_once_and_reaches_back_to_nothing(planned: House) -> None:
    assert await owing(planned) == [("weekly", "2026-12-07"), ("east", "2026-12-01")]
    form = ScheduleFormRequested(schedule_id="weekly", view_id="V1", by=ChatUser(id=MANAGER.id))
    shown = await window(planned, form)
    assert isinstance(shown, ScheduleForm)
    assert (shown.day, shown.at, shown.channel, shown.is_on) == ("mon", time(8), "#managers", True)
    said = await change(planned, MANAGER, day="fri", at=time(16, 30), channel="CNEW", mark=shown.mark)
    assert said.text == (
        "“What people made of the proposals”: Every Friday at 16:30, America/New_York time,"
        " in the channel you chose."
    )
    assert said.next_step.startswith("It comes next on Friday, 11 December at 16:30.")
    assert await owing(planned) == [("east", "2026-12-01")], "last Friday is not made up for"
    planned.clock.move(days=5)
    assert await owing(planned) == [("weekly", "2026-12-11")]
    await planned.accept(DigestDue(schedule_id="weekly", period_key="2026-12-11T21:30:00+00:00"))
    await planned.work_all()
    assert [(c, o.kind) for c, _, o in planned.chat.posts if isinstance(o, DigestShown)] == [
        ("CNEW", DigestKind.OVERRIDE)
    ]
    entries = await planned.database.read(
        lambda tx: tx.audit.between(MONDAY, planned.clock.now() + timedelta(days=1))
    )
    [told] = [entry for entry in entries if entry.kind == "digest.schedule_changed"]
    assert told.actor == f"slack:{MANAGER.id}"
    assert told.payload is not None
    assert (told.payload["before"], told.payload["after"]) == (
        {"when": "0 8 * * mon", "channel": "#managers", "on": True},
        {"when": "30 16 * * fri", "channel": "CNEW", "on": True},
    )


async def test_switched_off_nothing_is_owed_and_on_again_only_what_comes(planned: House) -> None:
    assert (await change(planned, MANAGER, is_on=False)).text.endswith("is not delivered any more.")
    planned.clock.move(days=7, hours=1)
    assert await owing(planned) == []
    await change(planned, MANAGER, is_on=True)
    assert await owing(planned) == []
    planned.clock.move(days=7)
    assert await owing(planned) == [("weekly", "2026-12-21")]
    [weekly, _] = await now_in_force(planned)
    assert (weekly.schedule, weekly.is_on) == (WEEKLY, True), "the rest is as the file says"


async def test_what_may_not_be_changed_is_refused_and_written_down(planned: House) -> None:
    shared = await change(planned, MANAGER, channel="CSHARED1")
    unknown = await change(planned, OWNER, "weekly", is_on=False)
    looking = await change(planned, STRANGER, is_on=False)
    late = await change(planned, MANAGER, is_on=False, mark="as it was")
    assert [shared, unknown, looking, late] == [OUTSIDERS, UNKNOWN, ONLY_LOOK, MEANWHILE]
    assert [each.changed for each in await now_in_force(planned)] == [None, None]
    entries = await planned.database.read(
        lambda tx: tx.audit.between(MONDAY, planned.clock.now() + timedelta(days=1))
    )
    assert [entry.kind for entry in entries].count("digest.schedule_refused") == 4


@pytest.mark.parametrize(
    ("cron", "rhythm"),
    [
        ("0 8 * * mon", Rhythm(day="mon", at=time(8))),
        ("5 0 * * MON-FRI", Rhythm(day="workday", at=time(0, 5))),
        ("30 23 * * *", Rhythm(day="day", at=time(23, 30))),
        ("0 9 1 * *", Rhythm(day="month", at=time(9))),
        ("0 9 1 1 *", None),
        ("0 9 * * mon,thu", None),
        ("0 9 * * month", None),
        ("61 9 * * mon", None),
        ("*/5 * * * *", None),
        (None, None),
    ],
)
def test_what_people_choose_from_is_read_from_cron_and_written_back(
    cron: str | None, rhythm: Rhythm | None
) -> None:
    assert Rhythm.of(cron) == rhythm
    if rhythm and cron:
        assert rhythm.cron == cron.casefold()


def test_any_other_schedule_is_said_as_it_is_written() -> None:
    odd = WEEKLY.model_copy(update={"cron": "0 9 * * mon,thu"})
    assert schedule_words(odd, "UTC") == "By the schedule “0 9 * * mon,thu”, UTC time"
    fast = WEEKLY.model_copy(update={"cron": None, "every_minutes": 10})
    assert schedule_words(fast, "UTC") == "Every 10 minutes"
