"""Undo: check who asks and whether it can be undone, and send it on its way once."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.admission import admit
from handlers.answering import answer
from handlers.commands import UndoClicked
from handlers.context import Arrived, Context, Write
from handlers.effects import PEOPLE_FIRST, TakeBack, enqueue, refresh_card
from handlers.escalation_view import Requirement, execution_of, requirement_of
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.outcomes import Notice, UndoShown
from handlers.paused import pause_of
from handlers.ports import Colleague
from handlers.standing import UNKNOWN_CARD, refuse_click, standing, too_late
from policy.actions import UNDO, UndoPromise
from policy.canonical import canonical_json
from policy.decision import Role
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
DONE_ONCE = "It is done once; the card shows what becomes of it."
UNDO_WAITS = Notice(
    text="Writing to the CRM is paused, and undoing writes too. It is done as soon as writing goes on.",
    next_step="/donor pause says who paused it and why. If it cannot wait, change it in the CRM yourself.",
)
ON_ITS_WAY = Notice(text="Undoing it now. The card changes when the CRM has confirmed it.")


async def undo_action(command: UndoClicked, arrived: Arrived, context: Context) -> Write:
    """Refuse what cannot or may not be undone; else ask for it, once."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(command.escalation_id))
    if escalation is None:
        return refuse_click(command, arrived, UNKNOWN_CARD)
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return refuse_click(command, arrived, colleague)
    refusal = _refusal(escalation, arrived.now, context.organisation.undo_days)
    if refusal:
        return refuse_click(command, arrived, refusal)
    roles = context.organisation.roles_of(colleague.email)
    if not may_undo(escalation, colleague, roles):
        return refuse_click(command, arrived, NOT_YOURS)
    return lambda tx: _ask(tx, command, arrived, escalation, colleague)


def _refusal(escalation: Escalation, now: datetime, days: int) -> Notice | None:
    """Say why there is nothing to undo; None when there is."""
    execution = execution_of(escalation)
    if escalation.state is not EscalationState.EXECUTED or execution is None:
        return standing(escalation)
    if execution.undo and execution.undo.stage == "asked":
        return Notice(text=ALREADY_ASKED.format(name=execution.undo.by_name), next_step=DONE_ONCE)
    if UNDO[escalation.action.kind] is UndoPromise.IMPOSSIBLE:
        return IMPOSSIBLE
    if now - execution.at > timedelta(days=days):
        return Notice(text=TOO_LATE.format(days=days), next_step=BY_HAND)
    return None


def may_undo(escalation: Escalation, colleague: Colleague, roles: tuple[str, ...]) -> bool:
    """Say whether somebody may take this back: whoever decided it, or might have.

    What policy let through without a person is taken back by whoever holds the relationship, or a manager.
    """
    requirement = requirement_of(escalation)
    if colleague.id in requirement.excluded:
        return False
    if escalation.decided_by == colleague.id:
        return True
    return bool(requirement.roles_of(colleague.email, roles) & _deciding_roles(requirement))


def _deciding_roles(requirement: Requirement) -> frozenset[Role]:
    asked = frozenset(need.role for need in requirement.decision.approvals)
    return asked or frozenset({Role.OWNER, Role.MANAGER})


def _ask(
    tx: Transaction, command: UndoClicked, arrived: Arrived, escalation: Escalation, colleague: Colleague
) -> None:
    execution = execution_of(escalation)
    if execution is None:
        return
    asked = UndoShown(
        stage="asked",
        by_user_id=colleague.id,
        by_name=colleague.name,
        at=arrived.now,
        reason=command.reason,
    )
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
        actor=slack_actor(colleague.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        name=colleague.name,
        reason=LABELS[command.reason] if command.reason else "",
        rest=command.rest,
    )
    effect = TakeBack(
        escalation_id=moved.id,
        rest=command.rest,
        by_id=colleague.id,
        by_name=colleague.name,
        reply_to=command.reply_to,
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
    waits = pause_of(tx, arrived.now, "execute")
    answer(tx, arrived, UNDO_WAITS if waits else ON_ITS_WAY, command.reply_to)
