"""Whoever decides for somebody absent is named with them, in every kind of decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handlers.commands import (
    ApprovalClicked,
    BringBackClicked,
    ChatUser,
    ChosenItem,
    Command,
    DeclineClicked,
    DeferralClicked,
    EditApproved,
    PassOnRequested,
    ReplyAddress,
    SendBackRequested,
    TogetherApproved,
    UndoClicked,
)
from handlers.outcomes import CheckedEdit
from policy.override_reasons import GivenReason, OverrideReason
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, House
from tests.handlers.test_editing import TASK, Desk
from tests.time.conftest import DONOR, leave, now, opened

FIONA = ChatUser(id=STRANGER.id)
HERE = ReplyAddress(channel_id="C1", user_id=STRANGER.id)
STALE = GivenReason(code=OverrideReason.STALE_FACTS)
SENIOR = GivenReason(code=OverrideReason.NEEDS_SENIORITY)


def about(escalation_id: str) -> dict[str, Any]:
    return {"escalation_id": escalation_id, "by": FIONA, "reply_to": HERE}


DECISIONS: dict[str, Callable[[str], Command]] = {
    "escalation.approved": lambda e: ApprovalClicked(**about(e)),
    "escalation.declined": lambda e: DeclineClicked(**about(e)),
    "escalation.deferred": lambda e: DeferralClicked(preset="tomorrow", **about(e)),
    "escalation.sent_back": lambda e: SendBackRequested(reason=STALE, **about(e)),
    "escalation.passed_on": lambda e: PassOnRequested(to_user_id=MANAGER.id, reason=SENIOR, **about(e)),
}


async def payload(house: House, kind: str) -> dict[str, Any]:
    entries = await house.database.read(lambda tx: tx.audit.trace(DONOR))
    found = next(entry.payload for entry in reversed(entries) if entry.kind == kind)
    assert found is not None
    return dict(found)


async def did(house: House, command: Command) -> None:
    await house.accept(command)
    await house.work_all()


def signed(found: dict[str, Any]) -> tuple[Any, ...]:
    return found["name"], found["on_behalf_of"], found["in_place_of"]


FOR_OLIVIA = (STRANGER.name, OWNER.email, OWNER.name)


@pytest.mark.parametrize("kind", DECISIONS)
async def test_a_stand_in_decides_in_somebodys_place(house: House, kind: str) -> None:
    escalation = await opened(house)
    await leave(house, "until Tuesday", STRANGER.id)
    house.clock.move(minutes=2)
    await did(house, DECISIONS[kind](escalation.id))
    found = await payload(house, kind)
    assert signed(found) == FOR_OLIVIA
    assert found["considered"]["seconds_since_shown"] == 120, "measured whatever is decided"
    [card, *_] = house.chat.cards.values()
    if kind == "escalation.passed_on":
        assert card.status.passed is not None
        assert (card.status.passed.by, card.status.passed.by_for) == (STRANGER.name, OWNER.name)
    else:
        assert (card.status.by_name, card.status.for_name) == (STRANGER.name, OWNER.name)
    if kind == "escalation.sent_back":
        [(_, cleanup)] = house.chat.cleanups.values()
        assert (cleanup.asked_by, cleanup.asked_for) == (STRANGER.name, OWNER.name)


async def test_an_edit_names_both(house: House) -> None:
    desk = Desk(house)
    await desk.open(TASK)
    await leave(house, "until Tuesday", STRANGER.id)
    await desk.version(STRANGER, title="Call Margaret")
    [checked] = [shown for _, shown in house.chat.views if isinstance(shown, CheckedEdit)]
    because = GivenReason(code=OverrideReason.WRONG_WORDING)
    await did(house, EditApproved(edit_id=checked.edit_id, reason=because, **about(desk.about)))
    for kind in ("escalation.edited", "escalation.approved"):
        assert signed(await payload(house, kind)) == FOR_OLIVIA, kind
    [card, *_] = house.chat.cards.values()
    assert [(each.by_name, each.for_name) for each in card.card.edits] == [(STRANGER.name, OWNER.name)]


async def test_several_at_once_bringing_back_and_undoing_name_both(house: House) -> None:
    escalation = await Desk(house).open(TASK)
    await leave(house, "until Tuesday", STRANGER.id)
    await did(house, DECISIONS["escalation.deferred"](escalation.id))
    await did(house, BringBackClicked(**about(escalation.id)))
    assert signed(await payload(house, "escalation.reopened")) == FOR_OLIVIA
    revision = (await now(house, escalation)).revision
    chosen = (ChosenItem(escalation_id=escalation.id, revision=revision),)
    await did(house, TogetherApproved(chosen=chosen, by=FIONA, reply_to=HERE))
    assert (await now(house, escalation)).decided_for == OWNER.name
    assert signed(await payload(house, "escalation.approved")) == FOR_OLIVIA

    await did(house, UndoClicked(reason=OverrideReason.WRONG_FACTS, **about(escalation.id)))
    for kind in ("undo.requested", "action.undone"):
        assert signed(await payload(house, kind)) == FOR_OLIVIA, kind
    [card, *_] = house.chat.cards.values()
    assert card.status.execution is not None
    undo = card.status.execution.undo
    assert undo is not None
    assert (undo.stage, undo.by_name, undo.for_name) == ("done", STRANGER.name, OWNER.name)


async def test_who_decides_for_themselves_is_named_alone(house: House) -> None:
    escalation = await opened(house)
    mine = {"by": ChatUser(id=OWNER.id), "reply_to": ReplyAddress(channel_id="C1", user_id=OWNER.id)}
    await did(house, DeferralClicked(escalation_id=escalation.id, preset="tomorrow", **mine))  # type: ignore[arg-type]
    found = await payload(house, "escalation.deferred")
    assert (found["name"], "on_behalf_of" in found, "in_place_of" in found) == (OWNER.name, False, False)
    assert (await now(house, escalation)).decided_for is None
