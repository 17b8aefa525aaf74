"""Passing a decision on: up the chain, to a named person, or to whoever reviews; one card in many places."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.commands import CrmEventArrived
from handlers.context import Arrived
from handlers.escalation_view import requirement_of
from handlers.passing_on import Destination, hand_over, next_in_chain
from policy.decide import CompiledPolicy
from policy.events import CrmEvent, CrmEventType
from policy.organisation import Organisation, Person
from policy.working_time import WorkingTime
from storage.escalations import Escalation
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, STRANGER, House, house_in

DONOR = "donor-1"


def organisation(*people: Person) -> Organisation:
    return ORGANISATION.model_copy(update={"people": people})


CHAIN = (
    Person(email=OWNER.email, roles=("owner",), channel="COWNER", reports_to=STRANGER.email),
    Person(email=STRANGER.email, channel="CSTRANGER", reports_to=MANAGER.email),
    Person(email=MANAGER.email, roles=("manager",)),
)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as opened:
        opened.context = replace(opened.context, organisation=organisation(*CHAIN))
        yield opened
        await opened.database.close()


async def opened_card(house: House) -> Escalation:
    event = CrmEvent(
        id="evt-1",
        source="/crm",
        type=CrmEventType.DONATION_RECEIVED,
        time=house.clock.now(),
        donor_id=DONOR,
        record_id="gift-new",
    )
    await house.accept(CrmEventArrived(event=event), order=f"donor:{DONOR}")
    await house.work_all()
    [opened] = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    return opened


def arrived(house: House) -> Arrived:
    now = house.clock.now()
    return Arrived(house.ids.new(), house.ids.new(), 1, now, now, house.ids)


async def on_to_next(house: House, escalation: Escalation, note: str = "", why: str = "") -> Escalation:
    destination = await next_in_chain(escalation, house.context)
    assert destination is not None
    return await handed(house, escalation, destination, note, why)


async def handed(
    house: House, escalation: Escalation, destination: Destination, note: str = "", why: str = ""
) -> Escalation:
    by = None if why else OWNER
    at = arrived(house)
    moved = await house.database.write(lambda tx: hand_over(tx, at, escalation, destination, by, note, why))
    assert moved is not None
    await house.work_all()
    found = await house.database.read(lambda tx: tx.escalations.get(escalation.id))
    assert found is not None
    return found


def shown(house: House) -> list[tuple[str, str, str | None]]:
    """Where the card is: the channel, who decides by the card, and how it came to them."""
    return [
        (each.channel, each.card.decider, each.status.passed.to if each.status.passed else None)
        for each in house.chat.cards.values()
    ]


async def test_a_decision_goes_up_the_chain_and_the_card_stays_where_it_was(house: House) -> None:
    escalation = await opened_card(house)
    house.clock.move(days=1)
    first = await on_to_next(house, escalation, note="above my limit")
    assert shown(house) == [
        ("COWNER", STRANGER.name, STRANGER.name),
        ("CSTRANGER", STRANGER.name, STRANGER.name),
    ]
    berlin = WorkingTime(time_zone=STRANGER.time_zone)
    due_at = berlin.add_working_days(house.clock.now(), house.context.organisation.decision_days)
    assert (first.route, first.due_at) == ("CSTRANGER", due_at), "the whole time, as they work"
    second = await on_to_next(house, first, why="Nobody decided in time.")
    assert [channel for channel, _, _ in shown(house)] == ["COWNER", "CSTRANGER", "DUMANAGER"]
    assert {decider for _, decider, _ in shown(house)} == {MANAGER.name}
    assert requirement_of(second).holder == MANAGER.email


async def test_when_nobody_is_left_a_reviewer_decides(house: House) -> None:
    escalation = await opened_card(house)
    for _ in range(2):
        escalation = await on_to_next(house, escalation)
    escalation = await on_to_next(house, escalation)
    assert escalation.route == "CDESK"
    assert requirement_of(escalation).holder is None
    assert await next_in_chain(escalation, house.context) is None
    assert f"because nobody is left above {MANAGER.name}" in list(house.chat.cards.values())[-1].card.route
