"""Put off until a day or an event: it comes back once, saying why, with the facts read anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handlers.commands import (
    ApprovalClicked,
    BringBackClicked,
    ChatUser,
    CrmEventArrived,
    DeferralClicked,
    OverrideFormRequested,
    ReplyAddress,
)
from handlers.decisions.deferral_form import day_choices
from handlers.outcomes import Choice, DeferForm, Notice
from handlers.proposals.escalation_view import card_of, requirement_of
from policy.awaited_events import AwaitedEvent
from policy.donor import Acknowledgement, Gift, LifecycleStage
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.override_reasons import GivenReason, Override, OverrideReason
from policy.working_time import WorkingTime
from storage.escalations import Escalation
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, House
from tests.time.conftest import DONOR, kinds, leave, now, opened, whispered

S = EscalationState


async def click(
    house: House, escalation: Escalation, command: type[Any], who: str = OWNER.id, **fields: Any
) -> None:
    by, to = ChatUser(id=who), ReplyAddress(channel_id="COWNER", user_id=who)
    await house.accept(command(escalation_id=escalation.id, by=by, reply_to=to, **fields))
    await house.work_all()


async def put_off(
    house: House, event: AwaitedEvent | None = None, day: date = date(2026, 12, 4)
) -> Escalation:
    escalation = await opened(house)
    await click(house, escalation, DeferralClicked, preset="date", day=day, event=event)
    found = await now(house, escalation)
    assert found.state is S.DEFERRED
    return found


async def another_gift(house: House, number: int = 1, **fields: Any) -> None:
    gift = Gift(
        id=f"gift-again-{number}",
        donor_id=DONOR,
        amount=Money(minor=7_500, currency="USD"),
        received_on=house.clock.now().date(),
        acknowledgement=Acknowledgement(status="needed"),
    )
    house.crm.gifts.append(gift)
    event = CrmEvent(
        id=f"evt-gift-{number}",
        source="/crm",
        type=CrmEventType.DONATION_RECEIVED,
        time=fields.get("time", house.clock.now()),
        donor_id=DONOR,
        record_id=gift.id,
    )
    await house.accept(CrmEventArrived(event=event), order=f"donor:{DONOR}")
    await house.work_all()


async def test_the_next_gift_brings_it_back_and_says_so(house: House) -> None:
    escalation = await put_off(house, AwaitedEvent.NEXT_GIFT)
    assert card_of(escalation).awaits == "the next gift of Margaret Okafor"
    house.clock.move(days=3)
    await another_gift(house)
    back = await now(house, escalation)
    assert back.state is S.OPEN
    assert card_of(back).came_back == ("This decision is back: Margaret Okafor gave $75 on 23 Nov 2026.")
    assert card_of(back).awaits == ""
    assert back.due_at == datetime(2026, 11, 30, 15, tzinfo=UTC), "the whole time from now on"
    assert any(getattr(o, "mention", None) == OWNER.id for _, m, o in house.chat.posts if "remind" in m)
    await another_gift(house, 2)
    assert (await kinds(house)).count("escalation.reopened") == 1
    house.clock.moment = datetime(2026, 12, 4, 15, tzinfo=UTC)
    await house.work_all()
    assert (await kinds(house)).count("escalation.reopened") == 1, "the day it was put off to is over with it"


async def test_a_gift_of_before_does_not_count(house: House) -> None:
    escalation = await put_off(house, AwaitedEvent.NEXT_GIFT)
    await another_gift(house, time=house.clock.now() - timedelta(hours=1))
    assert (await now(house, escalation)).state is S.DEFERRED


async def test_another_event_does_not_bring_it_back_and_the_day_does(house: House) -> None:
    escalation = await put_off(house, AwaitedEvent.NEXT_REPLY)
    await another_gift(house)
    assert (await now(house, escalation)).state is S.DEFERRED
    house.clock.moment = datetime(2026, 12, 4, 14, tzinfo=UTC)
    await house.work_all()
    back = await now(house, escalation)
    assert (back.state, card_of(back).came_back) == (S.OPEN, "This decision is back from being put off.")
    assert await house.database.read(lambda tx: tx.awaited.get(escalation.id)) is None


async def test_without_a_running_campaign_there_is_no_end_to_wait_for(house: House) -> None:
    escalation = await opened(house)
    await click(
        house,
        escalation,
        DeferralClicked,
        preset="date",
        day=date(2026, 12, 4),
        event=AwaitedEvent.CAMPAIGN_END,
    )
    assert (await now(house, escalation)).state is S.OPEN
    assert "No campaign of this donor is running" in whispered(house, OWNER.id)


async def test_it_comes_back_with_the_facts_of_now(house: House) -> None:
    escalation = await put_off(house)
    before = card_of(escalation).changes
    house.crm.change(DONOR, lifecycle_stage=LifecycleStage.CULTIVATION)
    house.clock.moment = datetime(2026, 12, 4, 14, tzinfo=UTC)
    await house.work_all()
    back = await now(house, escalation)
    [shown] = house.chat.cards.values()
    assert [change.before for change in shown.card.changes] == ["cultivation"]
    assert before != shown.card.changes
    assert "The record changed since this was put off." in shown.status.note
    assert any(change.after == "cultivation" for change in shown.status.since)
    await click(house, back, ApprovalClicked)
    assert (await now(house, escalation)).state is S.EXECUTED, "what was shown is what is approved"


async def test_the_crm_may_be_down_that_morning(house: House) -> None:
    escalation = await put_off(house)
    house.crm.health = "down"
    house.clock.moment = datetime(2026, 12, 4, 14, tzinfo=UTC)
    for _ in range(8):
        await house.work_all()
        house.clock.move(minutes=1)
    back = await now(house, escalation)
    assert back.state is S.OPEN, "a morning without cards helps nobody"
    [shown] = house.chat.cards.values()
    assert "The CRM does not answer: what the card says was read on 20 Nov 2026." in shown.status.note


async def test_a_donor_who_is_gone_brings_back_a_card_that_says_so(house: House) -> None:
    escalation = await put_off(house)
    del house.crm.donors[DONOR]
    house.clock.moment = datetime(2026, 12, 4, 14, tzinfo=UTC)
    await house.work_all()
    assert (await now(house, escalation)).state is S.OPEN
    [shown] = house.chat.cards.values()
    assert "no longer in the CRM" in shown.status.note


async def test_it_can_be_brought_back_at_once_by_whoever_may_decide(house: House) -> None:
    escalation = await put_off(house)
    await click(house, escalation, BringBackClicked, who=STRANGER.id)
    assert "This decision is for Olivia Hart." in whispered(house, STRANGER.id)
    assert (await now(house, escalation)).state is S.DEFERRED
    await click(house, escalation, BringBackClicked)
    back = await now(house, escalation)
    assert (back.state, card_of(back).came_back) == (S.OPEN, "Olivia Hart brought this decision back.")
    assert "The decision is back." in whispered(house, OWNER.id)
    await click(house, escalation, BringBackClicked)
    assert "open again" in whispered(house, OWNER.id)
    assert (await kinds(house)).count("escalation.reopened") == 1


async def test_it_comes_back_to_whoever_owns_the_donor_by_then(house: House) -> None:
    escalation = await put_off(house)
    house.crm.staff = (
        house.crm.staff[0].model_copy(update={"name": STRANGER.name, "email": STRANGER.email}),
    )
    house.clock.moment = datetime(2026, 12, 4, 14, tzinfo=UTC)
    await house.work_all()
    back = await now(house, escalation)
    assert requirement_of(back).holder == STRANGER.email
    assert {shown.channel for shown in house.chat.cards.values()} == {"COWNER", f"D{STRANGER.id}"}


async def test_it_comes_back_to_the_delegate_too(house: House) -> None:
    await put_off(house)
    house.clock.moment = datetime(2026, 12, 3, 15, tzinfo=UTC)
    await leave(house, "until 11 Dec", MANAGER.id)
    house.clock.moment = datetime(2026, 12, 4, 15, tzinfo=UTC)
    await house.work_all()
    assert [shown.channel for shown in house.chat.cards.values()] == ["COWNER", "CMANAGER"]


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("tomorrow", datetime(2026, 11, 23, 14, tzinfo=UTC)),  # it is Friday
        ("next_business_day", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("next_week", datetime(2026, 11, 23, 14, tzinfo=UTC)),
    ],
)
async def test_a_preset_never_means_a_weekend(house: House, preset: str, expected: datetime) -> None:
    escalation = await opened(house)
    await click(house, escalation, DeferralClicked, preset=preset)
    assert (await now(house, escalation)).deferred_until == expected


async def test_of_a_donor_who_gives_anonymously_no_amount_is_said(house: House) -> None:
    house.crm.change(DONOR, gives_anonymously=True)
    escalation = await put_off(house, AwaitedEvent.NEXT_GIFT)
    house.clock.move(days=3)
    await another_gift(house)
    assert (await now(house, escalation)).state is S.OPEN
    said = str([shown.card for shown in house.chat.cards.values()]) + str(house.chat.posts)
    assert "$75" not in said
    assert "This decision is back" in said


@pytest.mark.parametrize(
    ("moment", "labels"),
    [
        (
            datetime(2026, 11, 19, 15, tzinfo=UTC),
            [
                "Tomorrow, Fri 20 Nov",
                "Next week, Mon 23 Nov",
                "In a week, Thu 26 Nov",
                "In two weeks, Thu 3 Dec",
                "In four weeks, Thu 17 Dec",
            ],
        ),
        (
            datetime(2026, 11, 20, 15, tzinfo=UTC),
            [
                "Next working day, Mon 23 Nov",
                "In a week, Fri 27 Nov",
                "In two weeks, Fri 4 Dec",
                "In four weeks, Fri 18 Dec",
            ],
        ),
        (
            datetime(2026, 12, 21, 3, tzinfo=UTC),  # Sunday evening in New York
            [
                "Tomorrow, Mon 21 Dec",
                "In a week, Mon 28 Dec",
                "In two weeks, Mon 4 Jan 2027",
                "In four weeks, Mon 18 Jan 2027",
            ],
        ),
    ],
)
def test_the_days_have_names_and_dates(moment: datetime, labels: list[str]) -> None:
    assert [each.label for each in day_choices(moment, WorkingTime(time_zone="America/New_York"))] == labels


async def test_whoever_may_decide_is_shown_their_days(house: House) -> None:
    escalation = await opened(house)
    for who, view in ((OWNER, "V1"), (STRANGER, "V2")):
        to = ReplyAddress(channel_id="C1", user_id=who.id)
        await house.accept(
            OverrideFormRequested(
                override=Override.DEFER,
                escalation_id=escalation.id,
                view_id=view,
                by=ChatUser(id=who.id),
                reply_to=to,
            )
        )
    await house.work_all()
    shown = dict(house.chat.views)
    form = shown["V1"]
    assert isinstance(form, DeferForm)
    assert (form.donor_name, form.proposal) == ("Margaret Okafor", card_of(escalation).proposal)
    assert form.presets[0] == Choice(value="2026-11-23", label="Next working day, Mon 23 Nov")
    assert [each.label for each in form.events] == [
        "The next gift of Margaret Okafor",
        "The next reply of Margaret Okafor",
    ], "no campaign is running"
    assert isinstance(shown["V2"], Notice), "others hear at once why not"


async def test_the_reason_for_putting_off_is_kept(house: House) -> None:
    escalation = await opened(house)
    reason = GivenReason(code=OverrideReason.WAITING_FOR_DONOR, text="her mother is ill")
    by, to = ChatUser(id=OWNER.id), ReplyAddress(channel_id="C1", user_id=OWNER.id)
    await house.accept(
        DeferralClicked(
            escalation_id=escalation.id,
            preset="date",
            day=date(2026, 11, 24),
            reason=reason,
            by=by,
            reply_to=to,
        )
    )
    await house.work_all()
    [card] = house.chat.cards.values()
    assert (card.status.reason, card.status.reason_text) == ("Waiting for the donor", "her mother is ill")
    entries = await house.database.read(lambda tx: tx.audit.trace(escalation.donor_id))
    why = [e.payload["reason_code"] for e in entries if e.kind == "escalation.deferred" and e.payload]
    assert why == ["waiting_for_donor"], "digests count this"
