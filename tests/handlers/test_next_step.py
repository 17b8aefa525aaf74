"""`/donor next`: one step that the rules let through, why that one, and a decision where it is wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.slack.cards.next_step import next_step_message
from handlers.commands import ChatUser, NextStepProposed, NextStepRequested, ReplyAddress
from handlers.outcomes import NextStepShown, Notice
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.occasion import occasion_of
from handlers.proposals.ruling import decided_on
from policy.actions import UpdateStage
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, Campaign, Interaction, LifecycleStage
from storage.escalations import Escalation
from storage.pauses import Pause
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, House, house_in

DONOR = "donor-1"


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as made:
        yield made
        await made.database.close()


def to(user: str) -> ReplyAddress:
    return ReplyAddress(channel_id="CTEAM", user_id=user)


async def told(house: House) -> Any:
    await house.work_all()
    return house.chat.whispers[-1][1]


async def asked(house: House, by: str = STRANGER.id, query: str = DONOR) -> Any:
    await house.accept(NextStepRequested(query=query, by=ChatUser(id=by), reply_to=to(by)))
    return await told(house)


async def put_forward(house: House, shown: NextStepShown, by: str = STRANGER.id) -> Any:
    await house.accept(NextStepProposed(answer_id=shown.answer_id, by=ChatUser(id=by), reply_to=to(by)))
    return await told(house)


async def waiting(house: House) -> list[Escalation]:
    return await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))


def thank_everything(house: House) -> None:
    thanked = Acknowledgement(status="acknowledged")
    house.crm.gifts = [each.model_copy(update={"acknowledgement": thanked}) for each in house.crm.gifts]


async def test_one_step_with_reasons_promise_and_what_comes_after(house: House) -> None:
    shown = await asked(house)
    assert shown.rule == "gift_to_thank_for"
    assert shown.signals[0].claim.text == "Margaret Okafor gave $50 on 20 Nov 2026."
    assert shown.gates == ("The relationship owner agrees to every change.",)
    task = "Find out how Margaret Okafor wants to hear from us"
    assert [each.step for each in shown.considered] == [
        "Move the donor to the stage stewardship",
        f"Create a task for Olivia Hart: {task}, due 30 Nov 2026",
    ]
    assert {each.why_not for each in shown.considered} == {"Less pressing: it comes after this."}
    assert shown.may_be_proposed
    assert (shown.decider, shown.undo_text[:6]) == ("Olivia Hart", "Undo: ")
    assert await waiting(house) == []


async def test_an_ask_planned_for_a_campaign_that_stopped_is_held(house: House) -> None:
    thank_everything(house)
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    running = Campaign(id="campaign-9", name="Reading Room", status="active", **days)
    ask = Interaction(
        id="interaction-ask",
        donor_id=DONOR,
        kind="meeting",
        direction="outbound",
        status="planned",
        at=house.clock.now() + timedelta(days=3),
        is_ask=True,
        campaign_id=running.id,
    )
    house.crm.interactions.append(ask)
    house.crm.campaigns = [running]
    assert (await asked(house)).rule == "meeting_ahead"
    record = await house.crm.read(DONOR)
    occasion = await occasion_of(None, OWNER.id, record, house.context, (ask.id,))
    assert occasion.campaign_id == running.id
    house.crm.campaigns = [running.model_copy(update={"status": "paused"})]
    shown = await asked(house)
    assert (shown.rule, shown.headline) == (
        "campaign_on_hold",
        "Reading Room is paused: hold the planned ask of Margaret Okafor",
    )
    assert shown.signals[0].claim.text == "The campaign Reading Room is paused."


async def test_put_forward_it_is_a_decision_that_whoever_asked_does_not_take(house: House) -> None:
    first = await asked(house, OWNER.id)
    answer = await put_forward(house, first, OWNER.id)
    (opened,) = await waiting(house)
    assert isinstance(answer, Notice)
    assert requirement_of(opened).requested_by == OWNER.id
    assert requirement_of(opened).excluded == (OWNER.id,)
    assert opened.route == "CDESK"
    assert card_of(opened).happened == "Olivia Hart asked what to do next about Margaret Okafor."
    assert (opened.trigger, decided_on(opened).actor.is_owner) == (None, True)
    again = await asked(house, OWNER.id)
    assert (again.waits, again.may_be_proposed) == (True, False)
    assert "waits already" in (await put_forward(house, first, OWNER.id)).text
    assert len(await waiting(house)) == 1


async def test_what_the_rules_refuse_is_named_with_the_reason(house: House) -> None:
    thank_everything(house)
    house.crm.change(DONOR, do_not_contact=True, lifecycle_stage=LifecycleStage.CULTIVATION)
    house.crm.gifts = [g for g in house.crm.gifts if g.id != "gift-new"]
    last_year = house.crm.gifts[-1].model_copy(update={"id": "gift-ly", "received_on": date(2026, 3, 3)})
    house.crm.gifts.append(last_year)
    shown = await asked(house)
    assert (shown.step, shown.may_be_proposed) == (None, False)
    (renewal,) = shown.considered
    assert renewal.step.startswith("Plan a follow-up by phone")
    assert renewal.why_not == "Not now: This donor asked not to be contacted."


async def test_an_owner_who_asks_is_told_that_somebody_else_decides(house: House) -> None:
    assert (await asked(house)).owner_asks is False
    shown = await asked(house, OWNER.id)
    assert shown.owner_asks
    text = str(next_step_message(shown).blocks)
    assert f"it goes to {shown.decider}, since whoever asks does not decide." in text


async def test_reasons_that_are_not_for_this_place_leave_a_line(house: House) -> None:
    shown = (await asked(house)).model_copy(update={"signals": (), "hidden": 2})
    assert "What speaks for it names amounts or notes" in str(next_step_message(shown).blocks)


async def test_what_keeps_everybody_away_is_named(house: House) -> None:
    thank_everything(house)
    house.crm.change(DONOR, legal_review=True, lifecycle_stage=LifecycleStage.STEWARDSHIP)
    shown = await asked(house)
    assert shown.step is None
    assert "who is under legal review." in str(next_step_message(shown).blocks)


async def test_the_stage_the_donor_is_in_is_never_proposed(house: House) -> None:
    thank_everything(house)
    house.crm.change(DONOR, lifecycle_stage=LifecycleStage.STEWARDSHIP)
    shown = await asked(house)
    assert not isinstance(shown.step, UpdateStage)
    assert not any("stage" in each.step for each in shown.considered)


async def test_what_changed_since_is_not_put_forward(house: House) -> None:
    shown = await asked(house)
    thank_everything(house)
    assert "no longer what I would recommend" in (await put_forward(house, shown)).text
    assert await waiting(house) == []


async def test_only_whoever_asked_puts_it_forward(house: House) -> None:
    shown = await asked(house)
    assert "Only the person who asked" in (await put_forward(house, shown, MANAGER.id)).text
    assert await waiting(house) == []


async def test_paused_it_says_so_at_once(house: House) -> None:
    def pause(tx: Any) -> None:
        tx.pauses.put(
            Pause(
                capability="recommend",
                change_id="change-1",
                by=f"slack:{MANAGER.id}",
                by_name=MANAGER.name,
                reason="trying",
                since=house.clock.now(),
            )
        )

    await house.database.write(pause)
    assert "paused" in (await asked(house)).text
