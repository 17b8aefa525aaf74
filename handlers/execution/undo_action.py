"""Undo: check who asks and whether it can be undone, and send it on its way once."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.absence.owner_part import owner_part
from handlers.answers.answering import answer
from handlers.commands import ReplyAddress, UndoClicked
from handlers.context import Arrived, Context, Write
from handlers.decisions.clicked import clicked
from handlers.decisions.deciding_person import stood_in
from handlers.decisions.standing import refuse_click, standing, too_late
from handlers.effects import TakeBack
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.execution.undo_rules import acts_for, deciding_roles, spelled
from handlers.outcomes import Notice, UndoShown
from handlers.ports import Colleague
from handlers.proposals.escalation_view import NO_STAND_INS, execution_of, requirement_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import refresh_card
from handlers.rules.paused import pause_of
from policy.actions import UNDO, UndoPromise
from policy.canonical import canonical_json
from policy.delegation import StandIns
from policy.escalation import EscalationState
from policy.override_reasons import LABELS
from storage.escalations import Escalation
from storage.transaction import Transaction

NOT_YOURS = Notice(
    text="Only the person who decided, or somebody who may decide in their place, can undo this.",
    next_step="Nothing was changed. Ask them in the thread of the card.",
)
IMPOSSIBLE = Notice(
    text="This cannot be undone, as the card said beforehand.",
    next_step="Nothing was changed. Put right in the CRM what is wrong there, and say why in a note.",
)
TOO_LATE = "This was carried out more than {days} days ago, and others rely on it by now."
BY_HAND = "Nothing was changed. If it is wrong, change it in the CRM."
ALREADY_ASKED = "{name} has already asked to undo this."
WAITS_FOR = "It waits for the agreement of {needs}, on the card."
DONE_ONCE = "It is done once; the card shows what becomes of it."
UNDO_WAITS = Notice(
    text="Writing to the CRM is paused, and undoing writes too. It is done as soon as writing goes on.",
    next_step="/donor pause says who paused it and why. If it cannot wait, change it in the CRM yourself.",
)
ON_ITS_WAY = Notice(text="Undoing it now. The card changes when the CRM has confirmed it.")


async def undo_action(command: UndoClicked, arrived: Arrived, context: Context) -> Write:
    """Refuse what cannot or may not be undone; else ask for it, once."""
    found = await clicked(command.escalation_id, command.by.id, context)
    if isinstance(found, Notice):
        return refuse_click(command, arrived, found)
    escalation, colleague = found
    refusal = _refusal(escalation, arrived.now, context.organisation.undo_days)
    if refusal:
        return refuse_click(command, arrived, refusal)
    roles, part = (
        context.organisation.roles_of(colleague.email),
        await owner_part(requirement_of(escalation).holder, context),
    )
    if not may_undo(escalation, colleague, roles, part.stand_ins):
        return refuse_click(command, arrived, NOT_YOURS)
    asked = UndoShown(
        stage="asked",
        by_user_id=colleague.id,
        by_name=colleague.name,
        at=arrived.now,
        rest_only=command.rest,
        reason=command.reason,
    )
    if acts_for(escalation, colleague, roles, part.stand_ins):
        holder = requirement_of(escalation).holder or ""
        known = part.holder.name if part.holder else holder
        asked = asked.model_copy(update={"for_name": escalation.decided_for or known, "for_email": holder})
    return lambda tx: _ask(tx, command, arrived, escalation, asked)


def _refusal(escalation: Escalation, now: datetime, days: int) -> Notice | None:
    """Say why there is nothing to undo; None when there is."""
    execution = execution_of(escalation)
    if escalation.state is not EscalationState.EXECUTED or execution is None:
        return standing(escalation)
    if execution.undo and execution.undo.stage in ("asked", "waiting"):
        waits = execution.undo.stage == "waiting"
        next_step = WAITS_FOR.format(needs=spelled(execution.undo.needs)) if waits else DONE_ONCE
        return Notice(text=ALREADY_ASKED.format(name=execution.undo.by_name), next_step=next_step)
    if UNDO[escalation.action.kind] is UndoPromise.IMPOSSIBLE:
        return IMPOSSIBLE
    if now - execution.at > timedelta(days=days):
        return Notice(text=TOO_LATE.format(days=days), next_step=BY_HAND)
    return None


def may_undo(
    escalation: Escalation,
    colleague: Colleague,
    roles: tuple[str, ...],
    stand_ins: StandIns = NO_STAND_INS,
) -> bool:
    """Say whether somebody may take this back: whoever decided it, or may decide in their place by now.

    What policy let through without a person is taken back by whoever holds the relationship, or a manager.
    """
    requirement = requirement_of(escalation)
    if colleague.id in requirement.excluded:
        return False
    if escalation.decided_by == colleague.id:
        return True
    return bool(requirement.roles_of(colleague.email, roles, stand_ins) & deciding_roles(requirement))


def _ask(
    tx: Transaction, command: UndoClicked, arrived: Arrived, escalation: Escalation, asked: UndoShown
) -> None:
    execution = execution_of(escalation)
    if execution is None:
        return
    moved = tx.escalations.move(
        escalation.id,
        (EscalationState.EXECUTED,),
        EscalationState.EXECUTED,
        arrived.now,
        revision=escalation.revision,
        outcome=canonical_json(execution.model_copy(update={"undo": asked})),
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    write_down(
        tx,
        arrived,
        "undo.requested",
        subject=moved.donor_id,
        actor=slack_actor(asked.by_user_id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        reason=LABELS[command.reason] if command.reason else "",
        rest=command.rest,
        **named(asked),
    )
    send_back_to_crm(tx, arrived, moved, asked, command.reply_to)
    waits = pause_of(tx, arrived.now, "execute")
    answer(tx, arrived, UNDO_WAITS if waits else ON_ITS_WAY, command.reply_to)


def send_back_to_crm(
    tx: Transaction, arrived: Arrived, moved: Escalation, asked: UndoShown, reply_to: ReplyAddress
) -> None:
    """Have what was written taken back, once for each time it was asked for."""
    effect = TakeBack(
        escalation_id=moved.id,
        rest=asked.rest_only,
        by_id=asked.by_user_id,
        by_name=asked.by_name,
        reply_to=reply_to,
    )
    enqueue(
        tx,
        effect,
        key=f"undo:{moved.id}:{moved.revision}",
        order=f"crm:{moved.donor_id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )
    refresh_card(tx, arrived, moved)


def named(asked: UndoShown) -> dict[str, str]:
    """Return who asked for an undo and, for a stand-in, in whose place, for the audit entry."""
    return {"name": asked.by_name} | stood_in(asked.for_email, asked.for_name)
