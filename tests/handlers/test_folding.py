"""One matter, one decision: what folds, what is replaced, and what waits while somebody decides."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from handlers.commands import ApprovalClicked, ChatUser, CrmEventArrived, DeclineClicked, ReplyAddress
from handlers.context import Arrived
from handlers.decisions.approve_escalation import approve_escalation
from handlers.decisions.considering import mark_of
from handlers.ports import Unavailable
from handlers.proposals.escalation_view import card_of, execution_of, requirement_of
from handlers.proposals.recommend_next_step import recommend_next_step
from policy.canonical import digest
from policy.decide import CompiledPolicy
from policy.decision import Outcome, Role
from policy.donor import Acknowledgement, Donor, Gift
from policy.escalation import EscalationState as S
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.override_reasons import GivenReason, OverrideReason
from storage.escalations import Escalation
from tests.handlers.conftest import MANAGER, OWNER, House, house_in

DONOR = "donor-7"
BY = ChatUser(id=OWNER.id)
NOT_NOW = GivenReason(code=OverrideReason.WRONG_TIMING)
TO = ReplyAddress(channel_id="COWNER", user_id=OWNER.id)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        house.crm.add(
            Donor(id=DONOR, version="v1", name="Ada Byron", owner_id="staff-1", lifecycle_stage="stewardship")  # type: ignore[arg-type]
        )
        yield house
        await house.database.close()


def in_phase(house: House, phase: int) -> None:
    organisation = house.context.organisation.model_copy(update={"rollout_phase": phase})
    house.context = dataclasses.replace(house.context, organisation=organisation)


def give(house: House, number: int, *, donor: str = DONOR, status: str = "completed") -> CrmEventArrived:
    """A gift is in the record; returns the event that reports it."""
    gift = Gift(
        id=f"gift-{number}",
        donor_id=donor,
        amount=Money(minor=number * 100, currency="USD"),
        received_on=date(2026, 11, 20),
        status=status,  # type: ignore[arg-type]
        acknowledgement=Acknowledgement(status="needed"),
    )
    house.crm.gifts = [g for g in house.crm.gifts if g.id != gift.id] + [gift]
    return reported(house, CrmEventType.DONATION_RECEIVED, gift.id, donor)


def reported(
    house: House, kind: CrmEventType, record_id: str | None = None, donor: str = DONOR
) -> CrmEventArrived:
    event = CrmEvent(
        id=f"e-{house.ids.new()}",
        source="crm",
        type=kind,
        time=house.clock.now(),
        donor_id=donor,
        record_id=record_id,
    )
    return CrmEventArrived(event=event)


async def happens(house: House, *events: CrmEventArrived) -> None:
    for event in events:
        await house.accept(event, order=f"donor:{event.event.donor_id}")
        await house.work_all()


async def escalations(house: House, *states: S) -> list[Escalation]:
    return await house.database.read(lambda tx: tx.escalations.page(states or tuple(S), limit=100))


async def the_open_one(house: House) -> Escalation:
    [found] = await escalations(house, S.OPEN)
    return found


async def press(house: House, escalation_id: str, seen: str = "") -> None:
    command = ApprovalClicked(escalation_id=escalation_id, seen=seen, by=BY, reply_to=TO)
    await house.accept(command, order=f"escalation:{escalation_id}")
    await house.work_all()


def arrival(house: House) -> Arrived:
    new = house.ids.new
    return Arrived(new(), new(), 1, None, house.clock.now(), house.ids)


async def test_gifts_within_a_day_become_one_proposal_in_one_message(house: House) -> None:
    await happens(house, *(give(house, number) for number in (110, 120, 130)))
    current = await the_open_one(house)
    card = card_of(current)
    assert current.about == ("gift-110", "gift-120", "gift-130")
    assert (card.folded, len(card.also)) == (2, 2)
    assert "$110, $120 and $130" in card.proposal
    assert [e.state for e in await escalations(house, S.SUPERSEDED)] == [S.SUPERSEDED] * 2
    assert [shown.card.escalation_id for shown in house.chat.cards.values()] == [current.id]
    await press(house, current.id)
    [written] = house.crm.written
    assert all(gift in written.action.details for gift in current.about)  # type: ignore[union-attr]


async def test_the_first_deadline_stays(house: House) -> None:
    await happens(house, give(house, 110))
    first = await the_open_one(house)
    house.clock.moment += timedelta(hours=20)
    await happens(house, give(house, 120))
    assert (await the_open_one(house)).due_at == first.due_at


async def test_a_storm_redraws_the_card_once_for_all_that_waits(house: House) -> None:
    """Slack takes a message a second in a channel: a night's import would redraw one card for days."""
    await happens(house, give(house, 110))
    for _ in range(12):
        event = reported(house, CrmEventType.DONATION_RECEIVED, "gift-110")
        await house.accept(event, order=f"donor:{DONOR}")
        assert await house.work(1) == 1  # the event, which goes before what leaves
    assert card_of(await the_open_one(house)).folded == 12
    assert await house.database.read(lambda tx: tx.outbox.counts()["ready"]) == 1


async def test_a_storm_of_the_same_leaves_one_card_and_one_story(house: House) -> None:
    event = give(house, 110)
    await happens(house, event)
    before = await the_open_one(house)
    again = [reported(house, CrmEventType.DONATION_RECEIVED, "gift-110") for _ in range(12)]
    await happens(house, *again)
    after = await the_open_one(house)
    assert (after.id, after.revision, after.action_digest) == (
        before.id,
        before.revision,
        before.action_digest,
    )
    assert (card_of(after).folded, card_of(after).also) == (12, ())
    assert len(house.chat.cards) == 1


async def test_a_press_on_what_was_replaced_meanwhile_decides_nothing(house: House) -> None:
    await happens(house, give(house, 110))
    old = await the_open_one(house)
    await happens(house, give(house, 120))
    await press(house, old.id)
    new = await the_open_one(house)
    assert new.replaces == old.id
    assert house.crm.written == []
    await press(house, new.id, seen="0" * 12)
    assert (await the_open_one(house)).id == new.id, "nor does one for another proposal than the one shown"
    await press(house, new.id, seen=mark_of(card_of(new)))
    assert len(house.crm.written) == 1


@pytest.mark.parametrize("first", ["press", "event"])
async def test_an_approval_races_a_fold_and_either_is_whole(house: House, first: str) -> None:
    """Both have read the same; whoever commits second looks again instead of overwriting."""
    await happens(house, give(house, 110))
    old = await the_open_one(house)
    event = give(house, 120)
    here, there = arrival(house), arrival(house)
    click = ApprovalClicked(escalation_id=old.id, by=BY, reply_to=TO)
    approve, fold = await asyncio.gather(
        approve_escalation(click, here, house.context), recommend_next_step(event, there, house.context)
    )
    if first == "press":
        await house.database.write(approve)
        with pytest.raises(Unavailable, match="decided_meanwhile"):
            await house.database.write(fold)
        assert [e.state for e in await escalations(house)] == [S.APPROVED]
        await happens(house, event)
        assert card_of(await the_open_one(house)).folded == 0, "what is approved is left alone"
    else:
        await house.database.write(fold)
        await house.database.write(approve)
        assert (await the_open_one(house)).replaces == old.id
    await house.work_all()
    assert [w.action.title.count("$110") for w in house.crm.written] == ([1] if first == "press" else [])  # type: ignore[union-attr]


async def test_two_who_agree_in_the_same_instant_are_both_counted(house: House) -> None:
    house.crm.change(DONOR, sensitive=True)
    await happens(house, give(house, 110))
    waiting = await the_open_one(house)
    needs = {need.role for need in requirement_of(waiting).decision.approvals}
    assert needs == {Role.OWNER, Role.MANAGER}
    clicks = [
        ApprovalClicked(escalation_id=waiting.id, by=ChatUser(id=person.id), reply_to=TO)
        for person in house.chat.people[:2]
    ]
    first, second = await asyncio.gather(
        *(approve_escalation(click, arrival(house), house.context) for click in clicks)
    )
    await house.database.write(first)
    with pytest.raises(Unavailable):
        await house.database.write(second)
    again = await approve_escalation(clicks[1], arrival(house), house.context)
    await house.database.write(again)
    [decided] = await escalations(house)
    assert decided.state is S.APPROVED
    assert {given.person for given in requirement_of(decided).granted} == {OWNER.id, MANAGER.id}


async def test_thanks_for_what_was_given_back_give_way_to_the_refund(house: House) -> None:
    await happens(house, give(house, 110))
    thanks = await the_open_one(house)
    await happens(house, give(house, 110, status="refunded"))
    refund = await the_open_one(house)
    assert refund.replaces == thanks.id
    assert "refund of $110" in card_of(refund).proposal


async def test_what_is_allowed_unasked_waits_for_the_people_and_then_goes_on(house: House) -> None:
    house.crm.change(DONOR, sensitive=True)
    await happens(house, give(house, 110))
    deciding = await the_open_one(house)
    house.crm.change(DONOR, sensitive=False)
    in_phase(house, 3)
    await happens(house, give(house, 120, status="refunded"))
    assert house.crm.written == []
    [unasked] = await escalations(house, S.APPROVED)
    assert unasked.decided_by is None
    assert "refund" in card_of(await the_open_one(house)).held_back[0], "the card says what waits for it"
    await house.accept(DeclineClicked(escalation_id=deciding.id, reason=NOT_NOW, by=BY, reply_to=TO))
    await house.work_all()
    house.clock.moment += timedelta(minutes=10)
    await house.work_all()
    [unasked_write] = house.crm.written
    assert unasked_write.actor.startswith("countersign for the policy in force")


async def test_it_waits_for_a_decision_about_somebody_else_in_the_household(house: House) -> None:
    house.crm.change(DONOR, household_id="house-1")
    house.crm.add(
        Donor(
            id="donor-8",
            version="v1",
            name="Charles Byron",
            owner_id="staff-1",
            lifecycle_stage="stewardship",
            household_id="house-1",
        )  # type: ignore[arg-type]
    )
    await happens(house, give(house, 110))
    in_phase(house, 3)
    await happens(house, give(house, 300, donor="donor-8"))
    house.clock.moment += timedelta(minutes=10)
    await house.work_all()
    assert house.crm.written == []
    assert card_of(await the_open_one(house)).held_back


async def test_what_a_person_was_asked_is_not_done_unasked_because_more_happened(house: House) -> None:
    await happens(house, give(house, 110))
    in_phase(house, 3)
    await happens(house, give(house, 120))
    together = await the_open_one(house)
    assert together.about == ("gift-110", "gift-120")
    assert requirement_of(together).decision.outcome is Outcome.REQUIRE_APPROVAL
    assert house.crm.written == []


async def test_what_policy_holds_is_announced_once_a_day_and_not_without_end(house: House) -> None:
    organisation = house.context.organisation.model_copy(update={"rollout_phase": 1, "cards_per_day": 2})
    house.context = dataclasses.replace(house.context, organisation=organisation)
    names = ("donor-20", "donor-21", "donor-22", "donor-23")
    for name in names:
        house.crm.add(house.crm.donors[DONOR].model_copy(update={"id": name, "name": name}))
    for number, name in enumerate(names, 300):
        await happens(house, *(give(house, number, donor=name) for _ in range(3)))
    told = [type(outcome).__name__ for _, _, outcome in house.chat.posts]
    assert told == ["HeldNotice", "HeldNotice", "Notice"], "two in full, then that there are more"
    house.clock.moment += timedelta(days=1)
    await happens(house, give(house, 300, donor="donor-20"))
    assert len(house.chat.posts) == 4


async def _approved(house: House) -> Escalation:
    waiting = await the_open_one(house)
    await house.accept(ApprovalClicked(escalation_id=waiting.id, by=BY, reply_to=TO))
    await house.work_all()
    found = await house.database.read(lambda tx: tx.escalations.get(waiting.id))
    assert found is not None
    return found


async def _two_gifts(house: House) -> None:
    for number in (100, 250):
        await house.accept(give(house, number), order=f"donor:{DONOR}")
        await house.work_all()


async def test_a_gift_given_back_is_not_thanked_for(house: House) -> None:
    """She approved thanks for two gifts; before they are planned, one of them is refunded."""
    await _two_gifts(house)
    give(house, 100, status="refunded")
    again = await _approved(house)
    assert (again.state, house.crm.written) == (S.OPEN, [])
    assert (again.action.title, again.about) == ("Thank-you letter to Ada Byron for $250", ("gift-250",))  # type: ignore[union-attr]
    assert digest(again.action) == again.action_digest
    card = card_of(again)
    assert card.proposal.startswith("Create a task for Olivia Hart: Thank-you letter to Ada Byron for $250, ")
    assert "$100" not in card.proposal_details
    execution = execution_of(again)
    assert execution is not None
    step = execution.since[0]
    assert (step.field, "for $100 and $250" in step.before, "for $250" in step.after) == (
        "Proposed step",
        True,
        True,
    )
    assert any("refunded" in each.after for each in execution.since), "and why"

    await _approved(house)
    [written] = house.crm.written
    assert written.action == again.action, "what she saw the second time is what is written"


async def test_a_gift_thanked_for_meanwhile_is_not_thanked_for_twice(house: House) -> None:
    await _two_gifts(house)
    thanked = Acknowledgement(status="acknowledged")
    house.crm.gifts = [
        gift.model_copy(update={"acknowledgement": thanked}) if gift.id == "gift-250" else gift
        for gift in house.crm.gifts
    ]
    again = await _approved(house)
    assert again.about == ("gift-100",)


async def test_when_everything_was_given_back_the_old_step_is_asked_about_again(house: House) -> None:
    await _two_gifts(house)
    before = (await the_open_one(house)).action
    for number in (100, 250):
        give(house, number, status="refunded")
    again = await _approved(house)
    assert (again.state, again.action, house.crm.written) == (S.OPEN, before, [])
