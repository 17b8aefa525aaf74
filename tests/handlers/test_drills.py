"""Drills: asked for, met unprepared, answered by one person alone; and nothing is ever written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.files import read_practice
from handlers.commands import (
    ApprovalClicked,
    ChatUser,
    ChosenItem,
    CrmEventArrived,
    DrillPressed,
    DrillsSwitched,
    HomeOpened,
    QueueRequested,
    ReplyAddress,
    TogetherApproved,
    TogetherRequested,
)
from handlers.decisions.decide_together import A_DRILL
from handlers.outcomes import (
    DrillOver,
    DrillVerdict,
    EscalationCard,
    Notice,
    QueueItem,
    QueueShown,
    TogetherDone,
)
from handlers.ports import Colleague
from policy.decide import CompiledPolicy
from policy.drills import DAYS_TO_ANSWER, Drill
from policy.events import CrmEvent, CrmEventType
from policy.practice import CHOICES
from tests.handlers.conftest import MANAGER, OWNER, House, house_in

PLACE = "COWNER"
GIFT = CrmEvent(
    id="evt-1",
    source="/crm",
    type=CrmEventType.DONATION_RECEIVED,
    time=datetime(2026, 11, 20, tzinfo=UTC),
    donor_id="donor-1",
    record_id="gift-new",
)


@pytest_asyncio.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        house.context = replace(house.context, practice=read_practice(None))
        yield house
        await house.database.close()


async def switch(house: House, *, wanted: bool) -> None:
    to = ReplyAddress(channel_id=PLACE, user_id=OWNER.id)
    await house.accept(DrillsSwitched(wanted=wanted, by=ChatUser(id=OWNER.id), reply_to=to))
    await house.work_all()


async def given(house: House) -> tuple[Drill, EscalationCard]:
    """Wait until a drill comes."""
    for _ in range(40):
        drills = await house.database.read(lambda tx: tx.drills.of(OWNER.id))
        if drills and drills[-1].state == "open":
            [card] = [shown.card for shown in house.chat.cards.values()]
            return drills[-1], card
        house.clock.move(hours=6)
        await house.work_all()
    raise AssertionError("no drill came")


async def open_drill(house: House) -> Drill:
    """Wait until a drill waits for the owner, whatever else stands in their channel."""
    for _ in range(60):
        waiting = await house.database.read(lambda tx: tx.drills.open())
        if waiting:
            return waiting[0]
        house.clock.move(hours=6)
        await house.work_all()
    raise AssertionError("no drill came")


async def queue_of(house: House, person: Colleague) -> tuple[QueueItem, ...]:
    to = ReplyAddress(channel_id=PLACE, user_id=person.id)
    await house.accept(QueueRequested(by=ChatUser(id=person.id), reply_to=to))
    await house.work_all()
    shown = house.chat.whispers[-1][1]
    assert isinstance(shown, QueueShown)
    return shown.items


async def press(house: House, drill: Drill, person: Colleague, choice: str) -> None:
    to = ReplyAddress(channel_id=PLACE, user_id=person.id)
    pressed = {"drill_id": drill.id, "choice": choice, "by": ChatUser(id=person.id), "reply_to": to}
    await house.accept(DrillPressed.model_validate(pressed))
    await house.work_all()


async def test_a_drill_comes_in_working_hours_and_looks_like_any_card(house: House) -> None:
    begun = house.clock.now()
    await switch(house, wanted=True)
    await switch(house, wanted=True)  # asking twice changes nothing
    drill, card = await given(house)
    assert timedelta(days=1) < drill.made_at - begun < timedelta(days=16)
    assert (card.escalation_id, card.decider, card.donor.record_url) == (drill.id, OWNER.name, None)
    assert drill.channel_id == PLACE
    assert "drill" not in card.model_copy(update={"escalation_id": "", "donor": None}).model_dump_json()


@pytest.mark.parametrize("choice", CHOICES)
async def test_whatever_is_pressed_nothing_is_written_and_one_person_learns_how_it_was(
    house: House, choice: str
) -> None:
    await switch(house, wanted=True)
    drill, _ = await given(house)
    await press(house, drill, MANAGER, "approve")
    refused = house.chat.whispers[-1][1]
    assert isinstance(refused, Notice)
    assert "drill" not in refused.model_dump_json().replace(drill.id, "")
    await press(house, drill, OWNER, choice)
    verdict = house.chat.whispers[-1][1]
    assert isinstance(verdict, DrillVerdict)
    assert verdict.right == verdict.scenario.accepts(verdict.choice)
    [(_, _, over)] = [post for post in house.chat.posts if post[1].startswith("replaced:")]
    assert over == DrillOver(name=OWNER.name)
    await press(house, drill, OWNER, "approve")
    assert isinstance(house.chat.whispers[-1][1], Notice)
    after = await house.database.read(lambda tx: tx.drills.get(drill.id))
    assert after is not None
    assert (after.state, after.choice) == ("answered", choice)
    assert house.crm.written == []
    assert await house.database.read(lambda tx: tx.escalations.get(drill.id)) is None
    entries = await house.database.read(
        lambda tx: tx.audit.page(("drill.given", "drill.answered", "drills.switched"), limit=9)
    )
    assert all(b'"choice"' not in (each.payload or b"") for each in entries)


async def test_a_press_made_to_look_like_an_approval_finds_no_decision(house: House) -> None:
    await switch(house, wanted=True)
    drill, _ = await given(house)
    to = ReplyAddress(channel_id=PLACE, user_id=OWNER.id)
    await house.accept(ApprovalClicked(escalation_id=drill.id, by=ChatUser(id=OWNER.id), reply_to=to))
    await house.work_all()
    assert isinstance(house.chat.whispers[-1][1], Notice)
    assert house.crm.written == []


async def test_in_the_queue_and_on_home_it_looks_like_any_other_and_never_executes(house: House) -> None:
    await house.accept(CrmEventArrived(event=GIFT), order="donor:donor-1")
    await house.work_all()
    await house.accept(HomeOpened(by=ChatUser(id=OWNER.id)))
    await switch(house, wanted=True)
    drill = await open_drill(house)
    house.clock.move(seconds=5)
    await house.work_all()
    line = next(item for item in house.chat.homes[-1][1].open if item.escalation_id == drill.id)
    assert (line.due_at, line.has_card, line.can_undo) == (drill.due_at, True, False)
    assert line.permalink == f"https://slack.example/{PLACE}/{drill.message_ts}"
    assert line in await queue_of(house, OWNER)
    others = await queue_of(house, MANAGER)
    assert all(item.escalation_id != drill.id for item in others), "nobody else sees it"

    await press(house, drill, OWNER, "approve")
    house.clock.move(seconds=5)
    await house.work_all()
    assert all(item.escalation_id != drill.id for item in house.chat.homes[-1][1].open)
    assert house.crm.written == []


async def test_among_several_approved_at_a_time_a_drill_writes_nothing_counts_and_says_so(
    house: House,
) -> None:
    """Who ticks without looking ticks the planted mistake too; a stranger's drill stays a stranger's."""
    library = house.context.practice
    only = library.model_copy(
        update={"scenarios": tuple(s for s in library.scenarios if s.id == "wrong-amount-extra-zero")}
    )
    house.context = replace(house.context, practice=only)
    await switch(house, wanted=True)
    drill = await open_drill(house)
    to = ReplyAddress(channel_id=PLACE, user_id=OWNER.id)
    await house.accept(HomeOpened(by=ChatUser(id=OWNER.id)))
    await house.work_all()
    assert house.chat.homes[-1][1].together == 1
    for person, listed in ((OWNER, True), (MANAGER, False)):
        by = ChatUser(id=person.id)
        asked = TogetherRequested(source="home", view_id=f"V{person.id}", by=by, reply_to=to)
        await house.accept(asked)
        await house.work_all()
        assert (drill.id in house.chat.views[-1][1].model_dump_json()) is listed
    chosen = (ChosenItem(escalation_id=drill.id, revision=1),)
    for person in (MANAGER, OWNER):
        await house.accept(TogetherApproved(chosen=chosen, by=ChatUser(id=person.id), reply_to=to))
        await house.work_all()
        kept = await house.database.read(lambda tx: tx.drills.get(drill.id))
        assert kept is not None
        assert (kept.state, kept.choice, kept.right) == (
            ("answered", "approve", False) if person is OWNER else ("open", None, None)
        )
    said = [outcome for _, outcome in house.chat.whispers[-2:]]
    [done] = [each for each in said if isinstance(each, TogetherDone)]
    assert [(each.donor_name, each.problem) for each in done.results] == [("Walter Keene", A_DRILL)]
    [verdict] = [each for each in said if isinstance(each, DrillVerdict)]
    assert (verdict.choice, verdict.right) == ("approve", False)
    assert house.crm.written == []


async def test_one_nobody_answers_ends_by_itself_and_counts_for_nothing(house: House) -> None:
    await switch(house, wanted=True)
    drill, _ = await given(house)
    house.clock.move(days=DAYS_TO_ANSWER + 4)
    await house.work_all()
    ended = await house.database.read(lambda tx: tx.drills.get(drill.id))
    assert ended is not None
    assert (ended.state, ended.right) == ("ended", None)


async def test_whoever_wants_no_more_gets_no_more(house: House) -> None:
    await switch(house, wanted=True)
    drill, _ = await given(house)
    await switch(house, wanted=False)
    assert [post[2] for post in house.chat.posts] == [DrillOver(name="")]
    house.clock.move(days=60)
    await house.work_all()
    assert [each.id for each in await house.database.read(lambda tx: tx.drills.of(OWNER.id))] == [drill.id]
    assert house.chat.cards == {}
