"""A record is sent back and comes back: as a fresh card, as it was, or with the reason why there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from handlers.cleanup.post_cleanup import SHOWN_ANEW
from handlers.commands import (
    ApprovalClicked,
    ChatUser,
    CleanupFixed,
    CleanupGivenUp,
    CleanupListRequested,
    CleanupWaits,
    CrmEventArrived,
    PassOnRequested,
    ReplyAddress,
    SendBackRequested,
)
from handlers.enqueueing import PEOPLE_FIRST
from handlers.outcomes import CleanupListShown, CleanupShown, DecisionList, Notice
from handlers.ports import Colleague
from handlers.proposals.escalation_view import requirement_of
from policy.cleanup import CleanupState
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, LifecycleStage
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.organisation import Organisation
from policy.override_reasons import GivenReason, OverrideReason
from storage.cleanup import CleanupItem
from storage.escalations import Escalation
from storage.schema import OUTBOX
from tests.handlers.conftest import GUEST, MANAGER, ORGANISATION, OWNER, STRANGER, House, house_in, margaret

DONOR = "donor-1"
S = EscalationState
STEWARD = STRANGER
WITH_STEWARD = ORGANISATION.model_copy(update={"data_steward": STEWARD.email, "data_channel": "CDATA"})
REASON = GivenReason(code=OverrideReason.WRONG_CONTACT_DATA, text="the letter came back")


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as opened:
        settle(opened, WITH_STEWARD)
        yield opened
        await opened.database.close()


def settle(house: House, organisation: Organisation) -> None:
    house.context = replace(house.context, organisation=organisation)


def by(person: Colleague) -> dict[str, Any]:
    to = ReplyAddress(channel_id="C1", user_id=person.id)
    return {"by": ChatUser(id=person.id), "reply_to": to}


async def found(house: House, about: str) -> Escalation:
    escalation = await house.database.read(lambda tx: tx.escalations.get(about))
    assert escalation is not None
    return escalation


async def opened(house: House) -> str:
    """A decision that waits for the owner."""
    [waiting] = await house.gift()
    return waiting.id


async def sent_back(house: House) -> tuple[str, str]:
    """A decision that the owner sent back; returns the escalation and the item."""
    about = await opened(house)
    await house.accept(SendBackRequested(escalation_id=about, reason=REASON, **by(OWNER)))
    await house.work_all()
    assert (await found(house, about)).state is S.SENT_BACK
    [item] = await house.database.read(lambda tx: tx.cleanup.unfinished(9))
    return about, item.id


async def fixed(house: House, item: str, person: Colleague = STEWARD) -> None:
    await house.accept(CleanupFixed(item_id=item, **by(person)))
    await house.work_all()


async def given_up(house: House, item: str, person: Colleague = STEWARD) -> None:
    await house.accept(CleanupGivenUp(item_id=item, note="nobody knows the new address", **by(person)))
    await house.work_all()


def item_card(house: House) -> tuple[str, CleanupShown]:
    [shown] = house.chat.cleanups.values()
    return shown


def told(house: House, person: Colleague) -> list[str]:
    return [said.text for to, said in house.chat.whispers if to == person.id and isinstance(said, Notice)]


async def kinds(house: House) -> list[str]:
    return [entry.kind for entry in await house.database.read(lambda tx: tx.audit.trace(DONOR))]


async def test_it_goes_to_the_steward_apart_from_the_decisions(house: House) -> None:
    about, _ = await sent_back(house)
    channel, card = item_card(house)
    assert (channel, card.steward_user_id, card.reason, card.text) == (
        "CDATA",
        STEWARD.id,
        "Wrong address, e-mail or phone",
        "the letter came back",
    )
    assert (await found(house, about)).reason_code == "wrong_contact_data"
    house.clock.move(days=40)
    await house.work_all()
    assert (await found(house, about)).state is S.SENT_BACK, "a deadline to decide is none to put right"


async def test_where_outsiders_read_by_now_the_record_goes_to_the_reviewers(house: House) -> None:
    _, item = await sent_back(house)
    [old] = house.chat.cleanups
    house.chat.refusing["CDATA"] = "shared_outside"
    await fixed(house, item)
    channel, card = item_card(house)
    assert (channel, card.state) == ("CDESK", CleanupState.FIXED)
    assert ("CDATA", f"replaced:{old}", SHOWN_ANEW) in house.chat.posts


def reminders(house: House) -> list[tuple[str, DecisionList]]:
    return [(channel, shown) for channel, _, shown in house.chat.posts if isinstance(shown, DecisionList)]


async def test_what_waits_too_long_is_reminded_of_once_and_in_working_hours(house: House) -> None:
    await sent_back(house)  # Friday, ten in the morning in New York; the steward works in Berlin
    for moment, told in (
        (datetime(2026, 11, 25, 7, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 25, 15, 0, tzinfo=UTC), 1),
        (datetime(2026, 12, 25, 15, 0, tzinfo=UTC), 1),
    ):
        house.clock.moment = moment
        await house.work_all()
        assert len(reminders(house)) == told, moment
    [(channel, shown)] = reminders(house)
    assert (channel, shown.mentions) == ("CDATA", (STEWARD.id,))
    assert shown.title == "This record has waited for more than 3 working days to be put right."
    assert [(each.donor_name, each.standing) for each in shown.items] == [
        ("Margaret Okafor", "Wrong address, e-mail or phone, asked by Olivia Hart")
    ]
    assert (await kinds(house)).count("cleanup.reminded") == 1


async def test_what_is_put_right_in_time_is_not_reminded_of(house: House) -> None:
    _, item = await sent_back(house)
    await given_up(house, item)
    house.clock.move(days=40)
    await house.work_all()
    assert reminders(house) == []
    assert "cleanup.reminded" not in await kinds(house)


async def test_several_that_wait_are_told_in_one_message(house: House) -> None:
    _, first = await sent_back(house)
    again = replace(await _item(house, first), id="second", message_ts=None)
    await house.database.write(lambda tx: tx.cleanup.add(again))
    house.clock.moment = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
    await house.accept(CleanupWaits(item_id="second"))
    await house.work_all()
    [(_, shown)] = reminders(house)
    assert shown.title == "2 records have waited for more than 3 working days to be put right."
    later = replace(again, id="third")
    await house.database.write(lambda tx: tx.cleanup.add(later))
    house.clock.move(minutes=30)
    await house.accept(CleanupWaits(item_id="third"))
    await house.work_all()
    assert len(reminders(house)) == 1, "not before an hour is over"
    house.clock.moment = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    await house.work_all()
    assert len(reminders(house)) == 2


async def _item(house: House, item_id: str) -> CleanupItem:
    found = await house.database.read(lambda tx: tx.cleanup.get(item_id))
    assert found is not None
    return found


async def test_without_a_steward_managers_put_it_right_in_the_review_channel(house: House) -> None:
    settle(house, ORGANISATION)
    about, item = await sent_back(house)
    channel, card = item_card(house)
    assert (channel, card.steward_user_id) == ("CDESK", None)
    await fixed(house, item, STRANGER)
    assert told(house, STRANGER) == [
        "Records are put right by the data steward, or by a manager in their place."
    ]
    await fixed(house, item, MANAGER)
    assert (await found(house, about)).state is S.SUPERSEDED


@pytest.mark.parametrize("person", [OWNER, GUEST])
async def test_others_do_not_answer_for_it(house: House, person: Colleague) -> None:
    about, item = await sent_back(house)
    await fixed(house, item, person)
    await given_up(house, item, person)
    assert (await found(house, about)).state is S.SENT_BACK
    assert (await kinds(house)).count("click.refused") == 2
    assert item_card(house)[1].state is CleanupState.OPEN


async def test_it_comes_back_fresh_once_whatever_is_pressed_twice(house: House) -> None:
    about, item = await sent_back(house)
    house.crm.change(DONOR, lifecycle_stage=LifecycleStage.CULTIVATION)
    await house.accept(CleanupFixed(item_id=item, **by(STEWARD)), key="same")
    await house.accept(CleanupFixed(item_id=item, **by(STEWARD)), key="same")
    await house.accept(CleanupFixed(item_id=item, **by(MANAGER)))
    await house.accept(CleanupGivenUp(item_id=item, note="no", **by(MANAGER)))
    await house.work_all()
    [fresh] = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    old = await found(house, about)
    assert (old.state, old.successor_id) == (S.SUPERSEDED, fresh.id)
    assert fresh.trigger == old.trigger
    new_card = next(c.card for c in house.chat.cards.values() if c.card.escalation_id == fresh.id)
    assert new_card.came_back == (
        "Back from being put right. Olivia Hart sent this back (Wrong address, e-mail or phone: "
        "“the letter came back”); Fiona Reyes says it is fixed."
    )
    assert new_card.donor.stage is LifecycleStage.CULTIVATION, "from facts read afresh"
    assert (await kinds(house)).count("escalation.came_back") == 1
    assert len(told(house, MANAGER)) == 2
    assert told(house, OWNER) == []


async def test_a_record_that_is_fixed_waits_behind_no_import(house: House) -> None:
    settle(house, WITH_STEWARD.model_copy(update={"cards_per_day": 1}))
    _, item = await sent_back(house)
    await house.accept(CleanupFixed(item_id=item, **by(STEWARD)))
    for number in range(3):
        told_of = CrmEvent(
            id=f"mail-{number}",
            source="/crm",
            type=CrmEventType.EMAIL_OPENED,
            time=house.clock.now(),
            donor_id=DONOR,
        )
        await house.accept(CrmEventArrived(event=told_of), order=f"donor:{DONOR}")
    assert await house.work(2) == 2
    [fresh] = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    assert (fresh.shown, (await kinds(house)).count("event.noted")) == ("card", 0)
    drawn = select(OUTBOX.c.priority).where(OUTBOX.c.entity_key == f"card:{fresh.id}")
    assert await house.database.read(lambda tx: list(tx.audit.connection.execute(drawn).scalars())) == [
        PEOPLE_FIRST
    ]
    await house.work_all()
    assert (await kinds(house)).count("event.noted") == 3


async def test_a_broken_crm_delays_the_fresh_look_and_loses_nothing(house: House) -> None:
    about, item = await sent_back(house)
    house.crm.health = "down"
    await fixed(house, item)
    assert item_card(house)[1].state is CleanupState.LOOKING
    house.crm.health = "well"
    house.clock.move(minutes=2)
    await house.work_all()
    assert item_card(house)[1].state is CleanupState.FIXED
    assert (await found(house, about)).state is S.SUPERSEDED


async def _gift_is_gone(house: House) -> None:
    house.crm.gifts.clear()


async def _donor_is_gone(house: House) -> None:
    house.crm.donors.clear()


async def _nothing_is_left_to_do(house: House) -> None:
    house.crm.change(DONOR, lifecycle_stage=LifecycleStage.STEWARDSHIP)
    thanked = Acknowledgement(status="acknowledged")
    house.crm.gifts[:] = [gift.model_copy(update={"acknowledgement": thanked}) for gift in house.crm.gifts]


async def _policy_says_no(house: House) -> None:
    settle(house, WITH_STEWARD.model_copy(update={"rollout_phase": 1}))


@pytest.mark.parametrize(
    ("what", "because"),
    [
        (_gift_is_gone, "What this was about is no longer in the record"),
        (_donor_is_gone, "The donor is no longer in the CRM"),
        (_nothing_is_left_to_do, "With the record as it is now, there is nothing to propose."),
        (_policy_says_no, "policy does not allow the step: The assistant is in its read-only phase"),
    ],
)
async def test_when_no_card_comes_back_the_sender_hears_why(house: House, what: Any, because: str) -> None:
    about, item = await sent_back(house)
    await what(house)
    await fixed(house, item)
    assert (await found(house, about)).state is S.SUPERSEDED
    assert await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR)) == []
    [said] = told(house, OWNER)
    assert said.startswith("You sent back the proposal for Margaret Okafor, and the record was put right. ")
    execution = house.chat.cards["1.0"].status.execution
    assert execution is not None
    for text in (said, execution.problem, item_card(house)[1].answer):
        assert because in text


async def test_a_merged_donor_comes_back_as_the_record_that_is_left(house: House) -> None:
    about, item = await sent_back(house)
    left = margaret().model_copy(update={"id": "donor-2", "name": "Margaret A. Okafor"})
    house.crm.add(left)
    house.crm.gifts[:] = [gift.model_copy(update={"donor_id": "donor-2"}) for gift in house.crm.gifts]
    house.crm.change(DONOR, merged_into="donor-2")
    await fixed(house, item)
    [fresh] = await house.database.read(lambda tx: tx.escalations.open_for_donor("donor-2"))
    assert (await found(house, about)).successor_id == fresh.id


async def test_what_cannot_be_fixed_can_be_decided_again_as_the_record_is(house: House) -> None:
    about, item = await sent_back(house)
    house.clock.move(days=20)
    house.crm.change(DONOR, legal_review=True)
    await given_up(house, item)
    back = await found(house, about)
    shown = house.chat.cards["1.0"]
    assert (back.state, back.due_at > house.clock.now()) == (S.OPEN, True)
    assert shown.status.note == (
        "The record could not be put right. Fiona Reyes: “nobody knows the new address”"
    )
    assert shown.card.donor.warnings == ("Under legal review",), "with the marks of today"
    assert house.chat.posts[-1][2] == Notice(
        text="This decision is back: the record could not be put right.", mention=OWNER.id
    )
    await fixed(house, item)
    assert told(house, STEWARD) == ["Fiona Reyes already said that this cannot be fixed."]
    house.crm.change(DONOR, legal_review=False)
    await house.accept(ApprovalClicked(escalation_id=about, **by(OWNER)))
    await house.work_all()
    assert (await found(house, about)).state is S.EXECUTED


@pytest.mark.parametrize("gone", [True, False])
async def test_what_cannot_be_fixed_for_a_donor_who_is_gone_is_closed(house: House, *, gone: bool) -> None:
    about, item = await sent_back(house)
    if gone:
        house.crm.donors.clear()
    else:
        house.crm.add(margaret().model_copy(update={"id": "donor-2"}))
        house.crm.change(DONOR, merged_into="donor-2")
    await given_up(house, item)
    assert (await found(house, about)).state is S.SUPERSEDED
    [said] = told(house, OWNER)
    assert ("no longer in the CRM" in said, "merged into another one" in said) == (gone, not gone)


async def test_the_list_shows_everything_to_those_who_put_right_and_their_own_to_others(house: House) -> None:
    await sent_back(house)
    for person in (STEWARD, MANAGER, OWNER, GUEST):
        await house.accept(CleanupListRequested(**by(person)))
    await house.work_all()
    lists = {to: said for to, said in house.chat.whispers if isinstance(said, CleanupListShown)}
    assert {to: (len(said.items), said.only_own) for to, said in lists.items()} == {
        STEWARD.id: (1, False),
        MANAGER.id: (1, False),
        OWNER.id: (1, True),
    }
    assert len(told(house, GUEST)) == 1
    settle(house, ORGANISATION)
    await house.accept(CleanupListRequested(**by(STRANGER)))
    await house.work_all()
    assert house.chat.whispers[-1] == (STRANGER.id, CleanupListShown(items=(), only_own=True))


async def test_an_unknown_record_is_said_to_be_unknown(house: House) -> None:
    await fixed(house, "01KNOWHERE")
    assert told(house, STEWARD)[0].startswith("I do not know this record.")


async def test_what_had_been_passed_on_comes_back_to_whom_it_was_passed_on(house: House) -> None:
    """The owner must not find a decision again that they handed on because it is not theirs to take."""
    about = await opened(house)
    passed = GivenReason(code=OverrideReason.CONFLICT_OF_INTEREST)
    await house.accept(
        PassOnRequested(escalation_id=about, to_user_id=STRANGER.id, reason=passed, **by(OWNER))
    )
    await house.work_all()
    await house.accept(SendBackRequested(escalation_id=about, reason=REASON, **by(STRANGER)))
    await house.work_all()
    [item] = await house.database.read(lambda tx: tx.cleanup.unfinished(9))
    await fixed(house, item.id)
    [fresh] = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    assert (fresh.route, requirement_of(fresh).holder) == (f"D{STRANGER.id}", STRANGER.email)
    await house.accept(ApprovalClicked(escalation_id=fresh.id, **by(OWNER)))
    await house.work_all()
    assert told(house, OWNER)[-1] == f"This decision is for {STRANGER.name}."
