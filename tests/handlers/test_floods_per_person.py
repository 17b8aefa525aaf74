"""What is too much is counted for the person who gets it, whoever else shares the channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.commands import (
    CardWanted,
    ChatUser,
    ChosenItem,
    CrmEventArrived,
    DeclineClicked,
    ReplyAddress,
    TogetherApproved,
)
from handlers.enqueueing import EVENTS, PEOPLE_FIRST
from handlers.outcomes import GroupingShown, Notice
from handlers.proposals.card_places import LEFT_BEHIND
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, Donor, Gift, StaffMember
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.organisation import Person
from storage.schema import OUTBOX
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, STRANGER, House, house_in

TEAM = "CTEAM"


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    """Two officers who share a channel, where one card a day is enough for each."""
    with house_in(migrated, default_policy) as house:
        people = tuple(Person(email=each.email, roles=("owner",), channel=TEAM) for each in (OWNER, STRANGER))
        people += (Person(email=MANAGER.email, roles=("manager",)),)
        organisation = ORGANISATION.model_copy(update={"people": people, "cards_per_day": 1})
        house.context = replace(house.context, organisation=organisation)
        house.crm.staff += (StaffMember(id="staff-2", name=STRANGER.name, email=STRANGER.email),)
        yield house
        await house.database.close()


async def gift(house: House, number: int, staff: str | None, minor: int = 5_000) -> None:
    donor_id, gift_id = f"donor-{number}", f"gift-{number}"
    donor = {"id": donor_id, "version": "v1", "name": f"Donor {number}", "owner_id": staff}
    house.crm.add(Donor.model_validate(donor | {"lifecycle_stage": "stewardship"}, strict=False))
    house.crm.gifts.append(
        Gift(
            id=gift_id,
            donor_id=donor_id,
            amount=Money(minor=minor, currency="USD"),
            received_on=date(2026, 11, 20),
            acknowledgement=Acknowledgement(status="needed"),
        )
    )
    event = CrmEvent(
        id=f"e-{number}",
        source="crm",
        type=CrmEventType.DONATION_RECEIVED,
        time=house.clock.now(),
        donor_id=donor_id,
        record_id=gift_id,
    )
    await house.accept(CrmEventArrived(event=event), order=f"donor:{donor_id}")
    await house.work_all()


async def test_a_colleague_s_cards_take_nobody_s_room_and_each_gets_a_list(house: House) -> None:
    for number, staff in ((11, "staff-1"), (12, "staff-1"), (13, "staff-2"), (14, "staff-2")):
        await gift(house, number, staff)
    assert [shown.card.donor.name for shown in house.chat.cards.values()] == ["Donor 11", "Donor 13"]
    house.clock.move(minutes=30)
    await house.work_all()
    lists = [shown for _, _, shown in house.chat.posts if isinstance(shown, GroupingShown)]
    assert {shown.mention: [item.donor_name for item in shown.items] for shown in lists} == {
        OWNER.id: ["Donor 12"],
        STRANGER.id: ["Donor 14"],
    }


async def test_a_list_where_outsiders_read_by_now_names_nobody_any_more(house: House) -> None:
    for number in (11, 12):
        await gift(house, number, "staff-1")
    house.clock.move(minutes=30)
    await house.work_all()
    [marker] = [marker for _, marker, shown in house.chat.posts if isinstance(shown, GroupingShown)]
    [listed] = await house.database.read(lambda tx: tx.escalations.open_for_donor("donor-12"))
    house.chat.refusing[TEAM] = "shared_outside"
    to = ReplyAddress(channel_id=TEAM, user_id=OWNER.id)
    await house.accept(CardWanted(escalation_id=listed.id, by=ChatUser(id=OWNER.id), reply_to=to))
    await house.work_all()
    house.clock.move(minutes=1)
    await house.work_all()
    assert [shown for _, m, shown in house.chat.posts if m == marker] == [LEFT_BEHIND]
    assert [shown.channel for shown in house.chat.cards.values()] == [TEAM, f"D{OWNER.id}"]
    assert house.dead == []


async def test_major_gifts_have_more_room_and_an_import_of_them_ends_in_a_list_too(house: House) -> None:
    for number in range(11, 17):
        await gift(house, number, "staff-1", minor=2_500_000)
    cards = [shown.card.donor.name for shown in house.chat.cards.values()]
    assert cards == ["Donor 11", "Donor 12", "Donor 13"], "three times as many as of what is ordinary"
    house.clock.move(minutes=30)
    await house.work_all()
    [listed] = [shown for _, _, shown in house.chat.posts if isinstance(shown, GroupingShown)]
    assert [item.donor_name for item in listed.items] == ["Donor 14", "Donor 15", "Donor 16"]
    assert listed.together == 0, "each of them is decided by itself"
    assert told(house) == [f"A decision about Donor 11 waits for {OWNER.name}."]
    house.clock.move(minutes=30)
    await house.work_all()
    assert told(house)[1:] == [f"5 decisions that you are to know of: 5 wait for {OWNER.name}."], (
        "managers hear of all the others at once, an hour after the first"
    )
    kinds = await house.database.read(
        lambda tx: [each.subject for each in tx.audit.of_kind("roles.informed")]
    )
    assert kinds == [f"donor-{number}" for number in range(11, 17)]


async def test_of_what_was_decided_meanwhile_nobody_hears_that_it_waits(house: House) -> None:
    for number in (11, 12, 13):
        await gift(house, number, "staff-1", minor=2_500_000)
    by, to = ChatUser(id=OWNER.id), ReplyAddress(channel_id=TEAM, user_id=OWNER.id)
    for shown in list(house.chat.cards.values())[1:2]:
        card = shown.card
        await house.accept(DeclineClicked(escalation_id=card.escalation_id, by=by, reply_to=to))
    await house.work_all()
    house.clock.move(hours=1)
    await house.work_all()
    assert told(house)[1:] == [
        f"2 decisions that you are to know of: 1 waits for {OWNER.name}, 1 does not wait any more."
    ]


def told(house: House) -> list[str]:
    """Return what the managers were told."""
    notices = [shown.text for _, _, shown in house.chat.posts if isinstance(shown, Notice)]
    return [each for each in notices if "decision" in each and "wait" in each]


async def test_donors_without_an_owner_come_as_a_list_that_any_manager_decides_at_once(house: House) -> None:
    for number in (11, 12, 13):
        await gift(house, number, None)
    assert [shown.card.donor.name for shown in house.chat.cards.values()] == ["Donor 11"]
    house.clock.move(minutes=30)
    await house.work_all()
    lists = [(place, shown) for place, _, shown in house.chat.posts if isinstance(shown, GroupingShown)]
    assert [(place, [item.donor_name for item in shown.items]) for place, shown in lists] == [
        (ORGANISATION.review_channel, ["Donor 12", "Donor 13"])
    ]
    listed = [ChosenItem(escalation_id=each.escalation_id, revision=1) for each in lists[0][1].items]
    for by in (STRANGER, MANAGER):
        where = ReplyAddress(channel_id=ORGANISATION.review_channel, user_id=by.id)
        await house.accept(TogetherApproved(chosen=tuple(listed), by=ChatUser(id=by.id), reply_to=where))
        await house.work_all()
        assert len(house.crm.written) == (2 if by is MANAGER else 0)


async def test_a_new_card_waits_behind_what_people_pressed_and_one_they_asked_for_does_not(
    house: House,
) -> None:
    await gift(house, 11, "staff-1")
    await gift(house, 12, "staff-1")
    [shown] = house.chat.cards.values()
    to = ReplyAddress(channel_id=TEAM, user_id=OWNER.id)
    await house.accept(
        DeclineClicked(escalation_id=shown.card.escalation_id, by=ChatUser(id=OWNER.id), reply_to=to)
    )
    await house.work_all()
    [listed] = await house.database.read(lambda tx: tx.escalations.open_for_donor("donor-12"))
    assert listed.shown == "grouped"
    await house.accept(CardWanted(escalation_id=listed.id, by=ChatUser(id=OWNER.id), reply_to=to))
    await house.work_all()
    drawn = select(OUTBOX.c.priority).where(OUTBOX.c.kind == "show_card").order_by(OUTBOX.c.id)
    found = await house.database.read(lambda tx: list(tx.outbox._connection.execute(drawn).scalars()))
    assert found == [EVENTS, PEOPLE_FIRST, PEOPLE_FIRST]
