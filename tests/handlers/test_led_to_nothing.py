"""Events that lead to nothing: an import of many about one donor asks the CRM once, and misses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.commands import CrmEventArrived
from handlers.proposals import alongside
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, StaffMember
from policy.events import CrmEvent, CrmEventType
from storage.pauses import Pause
from tests.handlers.conftest import MANAGER, House, house_in

DONOR = "donor-1"
UPDATED, OPENED = CrmEventType.DONOR_UPDATED, CrmEventType.EMAIL_OPENED


@pytest.fixture
async def house(
    migrated: Path, default_policy: CompiledPolicy, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A house whose one donor is thanked for everything, so that a change of the record asks for nothing.

    As behind what is looked at together, each event is looked at by itself.
    """
    monkeypatch.setattr(alongside, "MOST", 0)
    with house_in(migrated, default_policy) as made:
        thanked = Acknowledgement(status="acknowledged")
        made.crm.gifts = [g.model_copy(update={"acknowledgement": thanked}) for g in made.crm.gifts]
        yield made
        await made.database.close()


async def happens(
    house: House,
    what: CrmEventType,
    *fields: str,
    record_id: str | None = None,
    donor_id: str = DONOR,
) -> None:
    number = house.accepted
    told = CrmEvent(
        id=f"e{number}",
        source="crm",
        type=what,
        time=house.clock.now(),
        donor_id=donor_id,
        record_id=record_id,
        fields=fields,
    )
    await house.accept(CrmEventArrived(event=told), order=f"donor:{donor_id}")


async def noted(house: House) -> list[str]:
    """Return the ids of the events about which it was written down that nothing came of them."""
    entries = await house.database.read(lambda tx: tx.audit.of_kind("event.noted"))
    assert {each.subject for each in entries} == {DONOR}
    return [each.payload["event"]["id"] for each in entries if each.payload]


async def decided(house: House) -> int:
    entries = await house.database.read(lambda tx: tx.audit.of_kind("recommendation.decided"))
    return len(entries)


async def test_many_that_wait_are_answered_by_one_look_and_leave_an_entry_each(house: House) -> None:
    for number in range(6):
        await happens(
            house, (UPDATED, OPENED)[number % 2], record_id=f"mail-{number}" if number % 2 else None
        )
    await house.work_all()
    assert house.crm.asked_for == [DONOR, DONOR]  # one for each kind
    assert await noted(house) == [f"e{number}" for number in range(6)]
    assert house.dead == []


async def test_what_arrives_after_the_look_is_looked_at_itself(house: House) -> None:
    await happens(house, UPDATED)
    await house.work_all()
    await happens(house, UPDATED)
    await house.work_all()
    assert house.crm.asked_for == [DONOR, DONOR]


async def test_a_death_that_was_entered_after_the_look_is_seen(house: House) -> None:
    await happens(house, UPDATED)
    await house.work_all()
    house.crm.change(DONOR, deceased=True)
    await happens(house, UPDATED)
    await house.work_all()
    assert await noted(house) == ["e0"]
    assert await decided(house) == 1


async def test_other_fields_are_another_question(house: House) -> None:
    await happens(house, UPDATED, "city")
    await happens(house, UPDATED, "do_not_contact")
    house.crm.change(DONOR, do_not_contact=True)
    await house.work_all()
    assert await noted(house) == ["e0"]
    assert await decided(house) == 1


async def test_another_donor_is_another_question(house: House) -> None:
    house.crm.add(house.crm.donors[DONOR].model_copy(update={"id": "donor-2"}))
    for donor_id in (DONOR, "donor-2"):
        await happens(house, OPENED, donor_id=donor_id)
    await house.work_all()
    assert house.crm.asked_for == [DONOR, "donor-2"]


async def test_a_gift_is_always_looked_at(house: House) -> None:
    for gift in [each.id for each in house.crm.gifts]:
        await happens(house, CrmEventType.DONATION_RECEIVED, record_id=gift)
    await house.work_all()
    assert house.crm.asked_for == [DONOR] * len(house.crm.gifts)


async def test_after_a_minute_the_donor_is_read_again(house: House) -> None:
    for _ in range(3):
        await happens(house, OPENED)
    await house.work()
    house.clock.move(seconds=60)
    await house.work()
    assert house.crm.asked_for == [DONOR]
    house.clock.move(seconds=1)
    await house.work()
    assert house.crm.asked_for == [DONOR, DONOR]


async def test_a_new_day_is_looked_at_anew(house: House) -> None:
    house.clock.move(hours=13, minutes=59, seconds=50)  # just before midnight in New York
    for _ in range(2):
        await happens(house, UPDATED)
    await house.work()
    house.clock.move(seconds=20)
    await house.work()
    assert house.crm.asked_for == [DONOR, DONOR]


async def test_a_pause_holds_back_what_a_look_would_answer(house: House) -> None:
    for _ in range(2):
        await happens(house, OPENED)
    await house.work()
    pause = Pause(
        capability="recommend",
        change_id="p1",
        by="UADMIN",
        by_name="Adam",
        reason="a look at it",
        since=house.clock.now(),
    )
    await house.database.write(lambda tx: tx.pauses.put(pause))
    await house.work_all()
    assert await noted(house) == ["e0"]


async def test_a_donor_that_was_merged_is_noted_under_whoever_is_left(house: House) -> None:
    gone = house.crm.donors[DONOR].model_copy(update={"id": "donor-0", "merged_into": DONOR})
    house.crm.add(gone)
    for _ in range(2):
        await happens(house, OPENED, donor_id="donor-0")
    await house.work_all()
    assert house.crm.asked_for == ["donor-0", DONOR]
    assert await noted(house) == ["e0", "e1"]


async def test_a_hundred_changes_are_one_look_at_whose_the_open_decision_is(house: House) -> None:
    gift = house.crm.gifts[0]
    unthanked = gift.model_copy(update={"id": "gift-2", "acknowledgement": Acknowledgement(status="pending")})
    house.crm.gifts.append(unthanked.model_copy(update={"received_on": house.context.today()}))
    await happens(house, CrmEventType.DONATION_RECEIVED, record_id="gift-2")
    await house.work_all()
    settled = await house.database.read(lambda tx: tx.inbox.counts()["done"])
    house.crm.staff += (StaffMember(id="staff-9", name="Mara Lindqvist", email=MANAGER.email),)
    for number in range(20):
        if number == 10:
            house.crm.change(DONOR, owner_id="staff-9")
        await happens(house, UPDATED)
    await house.work_all()
    assert await house.database.read(lambda tx: tx.inbox.counts()["done"]) == settled + 20 + 1
    [moved] = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    assert moved.owner_id == "staff-9"
