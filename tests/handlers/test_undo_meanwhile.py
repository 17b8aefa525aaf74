"""An undo while another click, another yes or a silence of the CRM comes in between; and who may not ask."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from bot.attempts import MOST_FAILURES, Attempts
from bot.lanes import OUTBOUND
from bot.slack.cards.undo import undo_blocks
from handlers.commands import ChatUser, ReplyAddress, UndoAgreed, UndoClicked, UndoKept
from handlers.execution.execute_action import effect_key
from handlers.execution.take_back import NO_DONOR, WAITING
from handlers.execution.undo_rules import spelled
from handlers.outcomes import UNDO_UNSURE
from handlers.ports import Colleague, DonorUnknown, Refused, StaleRecord
from handlers.proposals.escalation_view import requirement_of
from policy.actions import Action, CreateTask, SuppressChannel
from policy.canonical import canonical_json, digest
from policy.decide import CompiledPolicy
from policy.donor import Channel
from policy.escalation import EscalationState
from storage.bell import InProcessBell
from tests.fakes import FixedRules
from tests.handlers.conftest import MANAGER, OWNER, STRANGER
from tests.handlers.test_editing import DONOR, Desk
from tests.handlers.test_undo_by_two import (
    CORA,
    OUT,
    SECOND_YES,
    audited,
    desk,
    press,
    rules,
    standing,
    strict,
    told,
    undo,
)
from tests.leases import claim_effect

__all__ = ["desk", "strict"]
S = EscalationState
OPT_OUT = SuppressChannel(donor_id=DONOR, channel=Channel.EMAIL)


def meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, who: Colleague, command: Any, other: Colleague
) -> None:
    """Have *other* press something after the decision was read for *who*, and before *who* is heard."""
    chat, asked = desk.house.chat, desk.house.chat.colleague

    async def colleague(user_id: str) -> Colleague | None:
        if user_id == who.id:
            monkeypatch.setattr(chat, "colleague", asked)
            await press(desk, command, other)
        return await asked(user_id)

    monkeypatch.setattr(chat, "colleague", colleague)


async def later(desk: Desk) -> None:
    desk.house.clock.move(seconds=1)
    await desk.house.work_all()


async def test_two_who_agree_at_the_same_moment_both_count(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = rules(SECOND_YES.replace("count: 1", "count: 2"))
    desk.house.context = replace(desk.house.context, rules=FixedRules(lambda: twice))
    await undo(desk)
    meanwhile(desk, monkeypatch, CORA, UndoAgreed, STRANGER)
    await press(desk, UndoAgreed, CORA)
    await later(desk)
    assert (await desk.now()).state is S.UNDONE
    assert standing(desk.house).agreed == ("Fiona Reyes", "Cora Lane")


async def test_it_is_asked_for_once_however_quickly_it_is_pressed_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(desk, monkeypatch, OWNER, UndoClicked, OWNER)
    await undo(desk)
    await later(desk)
    assert told(desk.house, OWNER) == "Olivia Hart has already asked to undo this."
    assert [kind for kind, _ in await audited(desk)] == ["undo.requested", "undo.waits", "click.refused"]


async def test_nobody_is_told_that_it_stays_when_the_last_yes_came_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await undo(desk)
    meanwhile(desk, monkeypatch, OWNER, UndoAgreed, CORA)
    await press(desk, UndoKept, OWNER)
    await later(desk)
    assert (await desk.now()).state is S.UNDONE
    assert told(desk.house, OWNER) == "This was carried out and undone again."


async def change(desk: Desk, **changes: Any) -> None:
    now = desk.house.clock.now()
    moved = await desk.house.database.write(
        lambda tx: tx.escalations.move(desk.about, (S.EXECUTED,), S.EXECUTED, now, **changes)
    )
    assert moved is not None


async def exclude(desk: Desk, who: Colleague) -> None:
    """The proposal turns out to have been that of *who*, or to benefit them."""
    requirement = requirement_of(await desk.now())
    await change(desk, requires=canonical_json(requirement.model_copy(update={"excluded": (who.id,)})))


async def test_who_must_not_decide_neither_asks_for_an_undo_nor_agrees_to_it(desk: Desk) -> None:
    await exclude(desk, OWNER)
    await press(desk, UndoClicked, OWNER)
    assert told(desk.house, OWNER).startswith("Only the person who decided")
    await exclude(desk, CORA)
    await undo(desk)
    await press(desk, UndoAgreed, CORA)
    assert told(desk.house, CORA).startswith("You must not agree to this")
    assert (standing(desk.house).stage, standing(desk.house).agreed) == ("waiting", ())


async def test_who_decided_may_ask_whatever_their_part_is_by_now(desk: Desk) -> None:
    await change(desk, decided_by=CORA.id, decided_by_name=CORA.name)
    await press(desk, UndoClicked, CORA)
    undo = standing(desk.house)
    assert (undo.stage, undo.by_name, spelled(undo.needs)) == ("waiting", "Cora Lane", "owner")


async def test_an_undo_without_an_answer_says_that_it_waits_and_is_finished_once(
    desk: Desk, default_policy: CompiledPolicy
) -> None:
    house = desk.house
    house.context = replace(house.context, rules=FixedRules(lambda: default_policy))
    house.crm.health = "loses requests"
    await undo(desk)
    await later(desk)
    assert {shown.status.note for shown in house.chat.cards.values()} == {WAITING}
    assert (standing(house).stage, house.crm.taken_back) == ("asked", set())
    house.crm.health = "loses answers"
    await later(desk)
    house.crm.health = "well"
    await later(desk)
    assert ((await desk.now()).state, standing(house).stage) == (S.UNDONE, "done")
    assert [kind for kind, _ in await audited(desk)] == ["undo.requested", "action.undone"]


async def test_a_record_that_changes_while_it_is_undone_is_looked_at_again(
    desk: Desk, default_policy: CompiledPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = desk.house
    house.context = replace(house.context, rules=FixedRules(lambda: default_policy))

    async def stale(*_: object, **__: object) -> None:
        monkeypatch.undo()
        raise StaleRecord(DONOR)

    monkeypatch.setattr(house.crm, "undo", stale)
    await undo(desk)
    assert standing(house).stage == "asked"
    await later(desk)
    assert (await desk.now()).state is S.UNDONE


async def test_it_is_left_as_it_is_for_whoever_decided_and_for_nobody_without_a_say(desk: Desk) -> None:
    await undo(desk)
    await press(desk, UndoKept, MANAGER)
    assert told(desk.house, MANAGER) == "Undoing this needs the agreement of compliance."
    assert standing(desk.house).stage == "waiting"
    await change(desk, decided_by=MANAGER.id, decided_by_name=MANAGER.name)
    await press(desk, UndoKept, MANAGER)
    shown = standing(desk.house)
    assert (shown.stage, shown.note) == ("refused", "Mara Lindqvist wants it to stay as it is.")


@pytest.mark.parametrize(
    ("refusal", "note"),
    [
        (DonorUnknown(DONOR), "The donor is no longer in the CRM, or is hidden from Countersign."),
        (Refused("crm", "previous_owner_left"), "The previous relationship owner is no longer on the staff."),
        (Refused("crm", "http_422"), "The CRM refused it (http_422)."),
    ],
)
async def test_what_the_crm_does_not_let_be_undone_is_said_on_the_card(
    desk: Desk,
    default_policy: CompiledPolicy,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Exception,
    note: str,
) -> None:
    house = desk.house
    house.context = replace(house.context, rules=FixedRules(lambda: default_policy))

    async def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(house.crm, "undo", refuse)
    await undo(desk)
    assert (standing(house).stage, standing(house).note, house.dead) == ("refused", note, [])
    assert (await desk.now()).state is S.EXECUTED


async def test_of_an_undo_that_was_given_up_nobody_says_that_nothing_was_changed(
    desk: Desk, default_policy: CompiledPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, reach = desk.house, desk.house.crm.undo
    house.context = replace(house.context, rules=FixedRules(lambda: default_policy))

    async def stumble(*given: Any, **named: Any) -> None:
        await reach(*given, **named)
        raise KeyError

    await desk.house.accept(
        UndoClicked(
            escalation_id=desk.about,
            by=ChatUser(id=OWNER.id),
            reply_to=ReplyAddress(channel_id="C1", user_id=OWNER.id),
        )
    )
    await house.work()
    monkeypatch.setattr(house.crm, "undo", stumble)
    attempts = Attempts(OUTBOUND, house.context, InProcessBell(), Random(1), lambda *_: None, None)
    for _ in range(MOST_FAILURES):
        now = house.clock.now()
        [item] = await house.database.write(lambda tx, now=now: claim_effect(tx, "take_back", now))
        await attempts.handle(item)
        house.clock.move(minutes=10)
    monkeypatch.undo()
    await house.work_all()
    assert (standing(house).stage, standing(house).note) == ("refused", UNDO_UNSURE)
    assert told(house, OWNER) == UNDO_UNSURE
    [card] = {str(undo_blocks(shown.status)) for shown in house.chat.cards.values()}
    assert "Look in the CRM. " in card
    assert "Not undone" not in card
    await undo(desk)
    assert ((await desk.now()).state, house.crm.taken_back) == (S.UNDONE, {effect_key(await desk.now())})


@pytest.mark.parametrize("action", [OUT, OPT_OUT])
async def test_nothing_is_done_to_a_donor_who_cannot_be_read(desk: Desk, action: Action) -> None:
    await change(desk, action=action, action_digest=digest(action))
    del desk.house.crm.donors[DONOR]
    before = len(desk.house.crm.written)
    await undo(desk)
    assert (standing(desk.house).stage, standing(desk.house).note) == ("refused", NO_DONOR)
    assert (desk.house.crm.taken_back, len(desk.house.crm.written)) == (set(), before)


async def test_what_makes_up_for_an_opt_out_waits_for_the_second_yes_too(desk: Desk) -> None:
    house = desk.house
    await change(desk, action=OPT_OUT, action_digest=digest(OPT_OUT))
    before = len(house.crm.written)
    await undo(desk)
    assert (standing(house).stage, len(house.crm.written)) == ("waiting", before)
    await press(desk, UndoAgreed, CORA)
    assert ((await desk.now()).state, len(house.crm.written)) == (S.UNDONE, before + 1)
    assert isinstance(house.crm.written[-1].action, CreateTask)
