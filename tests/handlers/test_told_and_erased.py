"""Every message follows, wherever a card or a name stands in Slack; and an erased donor stands nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.context import Arrived
from handlers.outcomes import DecisionList, GroupingShown
from handlers.record.erase_donor import ErasureOrder, NotErased, erase_donor
from policy.decide import CompiledPolicy
from policy.escalation import EscalationState
from storage.erasure import Erased
from tests.handlers.circumstances import FLOODED, QUIET, rules_around
from tests.handlers.conftest import MANAGER, OWNER, house_in
from tests.handlers.lives import DONOR, SPOUSE, Life

ORDER = ErasureOrder(donor_id=SPOUSE, by="Cora", actor="cli:cora", reason="Asked to be forgotten")


@pytest.fixture
async def life(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[Life]:
    with house_in(migrated, default_policy) as house:
        yield Life(house, rules_around(default_policy), default_policy)
        await house.database.close()


async def _settle(life: Life, **passed: float) -> None:
    life.house.clock.move(**passed)
    await life.house.work_all()


async def _erase(life: Life) -> Erased | NotErased:
    now, ids = life.house.clock.now(), life.house.ids
    arrived = Arrived(ids.new(), ids.new(), 1, now, now, ids)
    return await life.database.write(lambda tx: erase_donor(tx, arrived, ORDER))


def _told(life: Life) -> str:
    """Everything that stands in Slack."""
    chat = life.house.chat
    return repr([outcome for _, _, outcome in chat.posts] + list(chat.cards.values()))


async def test_the_card_of_a_stand_in_follows_a_decision_that_is_a_line_in_a_list(life: Life) -> None:
    life.begin(FLOODED, life.house.clock.now())
    await life.go_away(back=False)
    await life.gift()
    await life.gift(SPOUSE)
    await _settle(life)
    [listed] = [each for each in await life.escalations() if each.shown == "grouped"]
    [copy] = [shown for shown in life.house.chat.cards.values() if shown.card.escalation_id == listed.id]
    assert (copy.channel, copy.status.state) == ("DUMANAGER", EscalationState.OPEN)
    await life.click("decline", MANAGER, listed.id)
    await _settle(life)
    [copy] = [shown for shown in life.house.chat.cards.values() if shown.card.escalation_id == listed.id]
    assert copy.status.state is EscalationState.DECLINED


async def test_whoever_it_is_passed_on_to_gets_a_card_of_what_was_a_line_in_a_list(life: Life) -> None:
    life.begin(FLOODED, life.house.clock.now())
    await life.gift()
    await life.gift(SPOUSE)
    await _settle(life)
    [listed] = [each for each in await life.escalations() if each.shown == "grouped"]
    await life.pass_on(OWNER, MANAGER, listed.id)
    await _settle(life)
    [shown] = [shown for shown in life.house.chat.cards.values() if shown.card.escalation_id == listed.id]
    assert (shown.channel, shown.status.state) == ("DUMANAGER", EscalationState.OPEN)


async def test_lists_and_reminders_forget_an_erased_donor(life: Life) -> None:
    life.begin(FLOODED, life.house.clock.now())
    for donor_id in (DONOR, SPOUSE, DONOR, SPOUSE):
        await life.gift(donor_id)
        await _settle(life)
    for _ in range(13):
        await _settle(life, hours=12)
    kinds = {type(outcome) for _, _, outcome in life.house.chat.posts}
    assert {GroupingShown, DecisionList} <= kinds
    assert "Tom Okafor" in _told(life)

    assert isinstance(await _erase(life), Erased)
    await _settle(life, minutes=1)
    assert "Tom" not in _told(life)
    [shown] = [outcome for _, _, outcome in life.house.chat.posts if isinstance(outcome, GroupingShown)]
    assert shown.items == ()


async def test_a_word_in_the_thread_of_a_card_is_forgotten_as_well(life: Life) -> None:
    life.begin(QUIET, life.house.clock.now())
    await life.gift()
    await life.gift(SPOUSE)
    await _settle(life)
    [tom] = [each for each in await life.escalations() if each.donor_id == SPOUSE]
    await life.click("defer to a gift", OWNER, tom.id)
    await _settle(life)
    # The next gift of his brings the decision back, and the thread says so.
    await life.missed_payment(SPOUSE)
    await life.gift(SPOUSE)
    await _settle(life, minutes=1)
    assert "Tom" in _told(life)
    assert isinstance(await _erase(life), Erased)
    await _settle(life, minutes=1)
    assert "Tom" not in _told(life)


async def _lost_card(life: Life) -> None:
    """A worker posts the card of a decision about Tom and dies: nobody knows the message."""
    life.begin(QUIET, life.house.clock.now())
    await life.gift()
    await _settle(life)
    await life.gift(SPOUSE)
    await life.work(1)
    life.house.chat.health = "loses answers"
    await life.work(3)
    assert "Tom" in _told(life)


async def test_a_message_that_may_be_in_slack_is_looked_for_before_the_donor_is_erased(life: Life) -> None:
    """What nobody knows of could never be redacted."""
    await _lost_card(life)

    refused = await _erase(life)
    assert isinstance(refused, NotErased)
    assert "on its way to Slack" in refused.why
    life.house.chat.health = "well"
    await _settle(life, minutes=2)
    assert isinstance(await _erase(life), Erased)
    await _settle(life, minutes=1)
    assert "Tom" not in _told(life)


async def _lost_copy(life: Life) -> str:
    """The card of a decision is posted to the stand-in, and nobody hears that it was."""
    life.begin(QUIET, life.house.clock.now())
    await life.gift()
    await _settle(life)
    await life.go_away(back=False)
    await life.work(2)
    while len(life.house.chat.cards) == 1:
        life.house.chat.health = "loses answers"
        assert await life.house.work(1), "the stand-in gets a card"
    life.house.chat.health = "well"
    [escalation] = await life.escalations()
    return escalation.id


async def test_a_copy_whose_posting_nobody_heard_of_follows_the_decision(life: Life) -> None:
    about = await _lost_copy(life)
    await life.click("defer", OWNER, about)
    await life.work(1)
    await _settle(life, minutes=2)
    cards = life.house.chat.cards.values()
    assert {shown.channel: shown.status.state for shown in cards} == {
        "COWNER": EscalationState.DEFERRED,
        "DUMANAGER": EscalationState.DEFERRED,
    }


async def test_a_card_whose_posting_nobody_heard_of_says_that_another_took_its_place(life: Life) -> None:
    await _lost_card(life)
    life.house.chat.health = "well"
    [unknown] = [each for each in await life.escalations() if each.donor_id == SPOUSE]
    assert unknown.message_ts is None
    await life.gift(SPOUSE)
    await life.work(1)
    await _settle(life, minutes=2)
    toms = [shown for shown in life.house.chat.cards.values() if shown.card.donor.id == SPOUSE]
    states = {shown.card.escalation_id: shown.status.state for shown in toms}
    assert states.pop(unknown.id) is EscalationState.SUPERSEDED
    assert list(states.values()) == [EscalationState.OPEN]


async def test_a_card_whose_posting_nobody_heard_of_follows_the_decision_elsewhere(life: Life) -> None:
    life.begin(QUIET, life.house.clock.now())
    await life.gift()
    await life.work(1)
    life.house.chat.health = "loses answers"
    await life.work(3)
    life.house.chat.health = "well"
    [unknown] = await life.escalations()
    assert unknown.message_ts is None
    await life.pass_on(OWNER, MANAGER, unknown.id)
    await life.work(1)
    await _settle(life, minutes=2)
    await life.click("decline", MANAGER, unknown.id)
    await _settle(life, minutes=2)
    cards = life.house.chat.cards.values()
    assert {shown.channel: shown.status.state for shown in cards} == {
        "COWNER": EscalationState.DECLINED,
        "DUMANAGER": EscalationState.DECLINED,
    }


async def test_a_reminder_for_an_archived_channel_is_given_where_people_review(life: Life) -> None:
    life.begin(QUIET, life.house.clock.now())
    await life.gift()
    await _settle(life)
    life.house.chat.archived.add("COWNER")
    for _ in range(13):
        await _settle(life, hours=12)
    told = [channel for channel, _, outcome in life.house.chat.posts if isinstance(outcome, DecisionList)]
    assert set(told) == {"CDESK"}
    assert life.house.dead == []
