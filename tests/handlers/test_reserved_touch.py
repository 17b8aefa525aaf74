"""Two officers, two spouses: a contact keeps its place in the household from proposal to execution."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from handlers.commands import ApprovalClicked, ChatUser, CrmEventArrived, ReplyAddress
from handlers.context import Arrived, Write
from handlers.outcomes import HeldNotice
from handlers.ports import Unavailable
from handlers.proposals.escalation_view import execution_of
from handlers.proposals.recommend_next_step import recommend_next_step
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, Gift, Household, LifecycleStage, RecurringGift
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from storage.escalations import Escalation
from tests.handlers.conftest import OWNER, House, house_in, margaret

TOGETHER = Household(id="household-1", name="The Okafors", member_ids=("jane", "tom"))
MONTHLY = Money(minor=5_000, currency="USD")
ANOTHER = "Another ask of this household is planned or waits for a decision."


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as opened:
        for donor_id in TOGETHER.member_ids:
            opened.crm.add(
                margaret().model_copy(
                    update={
                        "id": donor_id,
                        "name": donor_id.title(),
                        "lifecycle_stage": LifecycleStage.STEWARDSHIP,
                    }
                )
            )
            opened.crm.recurring.append(_failing(donor_id))
            opened.crm.gifts.append(_thanked(donor_id))
        yield opened
        await opened.database.close()


def _failing(donor_id: str) -> RecurringGift:
    return RecurringGift(
        id=f"standing-{donor_id}",
        donor_id=donor_id,
        amount=MONTHLY,
        frequency="monthly",
        status="active",
        started_on=date(2024, 1, 1),
        failed_payments=2,
    )


def _thanked(donor_id: str) -> Gift:
    return Gift(
        id=f"gift-{donor_id}",
        donor_id=donor_id,
        amount=MONTHLY,
        received_on=date(2026, 9, 1),
        acknowledgement=Acknowledgement(status="acknowledged"),
    )


def _event(house: House, donor_id: str) -> CrmEventArrived:
    return CrmEventArrived(
        event=CrmEvent(
            id=f"evt-{donor_id}",
            source="/crm",
            type=CrmEventType.DONOR_UPDATED,
            time=house.clock.now(),
            donor_id=donor_id,
            fields=("recurring_gifts",),
        )
    )


async def _weighed(house: House, donor_id: str) -> Write:
    """One officer's proposal, ready to be stored."""
    now = house.clock.now()
    arrived = Arrived(house.ids.new(), house.ids.new(), 1, now, now, house.ids)
    return await recommend_next_step(_event(house, donor_id), arrived, house.context)


async def _asks(house: House) -> list[Escalation]:
    return await house.database.read(
        lambda tx: tx.escalations.of_donors(TOGETHER.member_ids, tuple(EscalationState))
    )


async def _approve(house: House, escalation: Escalation) -> None:
    by, to = ChatUser(id=OWNER.id), ReplyAddress(channel_id="COWNER", user_id=OWNER.id)
    await house.accept(ApprovalClicked(escalation_id=escalation.id, by=by, reply_to=to))
    await house.work_all()


async def test_of_two_proposals_made_at_once_one_is_opened(house: House) -> None:
    house.crm.households.append(TOGETHER)
    first, second = [await _weighed(house, donor_id) for donor_id in TOGETHER.member_ids]
    await house.database.write(first)
    with pytest.raises(Unavailable, match="touched_meanwhile"):
        await house.database.write(second)
    assert [each.donor_id for each in await _asks(house)] == ["jane"]

    await house.accept(_event(house, "tom"))
    await house.work_all()
    assert [each.donor_id for each in await _asks(house)] == ["jane"]
    [held] = [outcome for _, _, outcome in house.chat.posts if isinstance(outcome, HeldNotice)]
    assert (held.donor.id, held.reasons) == ("tom", (ANOTHER,))


async def _both_open(house: House) -> list[Escalation]:
    """Proposals from before the two were known to live together."""
    for donor_id in TOGETHER.member_ids:
        await house.accept(_event(house, donor_id))
        await house.work_all()
        house.clock.move(minutes=1)
    house.crm.households.append(TOGETHER)
    return await _asks(house)


@pytest.mark.parametrize("first_approved", [0, 1], ids=["the older", "the younger"])
async def test_of_two_approvals_exactly_one_is_carried_out(house: House, first_approved: int) -> None:
    both = await _both_open(house)
    assert [each.donor_id for each in both] == ["jane", "tom"]
    for index in (first_approved, 1 - first_approved):
        await _approve(house, both[index])
    older, younger = await _asks(house)
    assert (older.state, younger.state) == (EscalationState.EXECUTED, EscalationState.FAILED)
    stopped = execution_of(younger)
    assert stopped is not None
    assert stopped.problem == ANOTHER
    assert [each.action.donor_id for each in house.crm.written] == ["jane"]


async def test_a_planned_ask_keeps_its_place_until_its_day(house: House) -> None:
    house.crm.households.append(TOGETHER)
    await house.accept(_event(house, "jane"))
    await house.work_all()
    [asked] = await _asks(house)
    await _approve(house, asked)
    await house.accept(_event(house, "tom"))
    await house.work_all()
    assert [(each.donor_id, each.state) for each in await _asks(house)] == [
        ("jane", EscalationState.EXECUTED)
    ]
    due_on = asked.action.due_on  # type: ignore[union-attr]
    while house.context.today() <= due_on:
        house.clock.move(days=1)
    await house.accept(_event(house, "tom"))
    await house.work_all()
    assert [each.donor_id for each in await _asks(house)] == ["jane", "tom"]
