"""Undo: take back exactly what was written, unless somebody has changed it since."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answering import answer
from handlers.commands import UndoClicked
from handlers.context import Arrived, Context, Write
from handlers.effects import PEOPLE_FIRST, TakeBack, enqueue, refresh_card
from handlers.escalation_view import requirement_of
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.execute_action import effect_key
from handlers.outcomes import Notice
from handlers.ports import Colleague, OutcomeUnknown, Refused, StaleRecord, Unavailable
from handlers.publishing import publish_data
from handlers.standing import UNKNOWN_CARD, refuse_click, standing
from policy.actions import UNDO, FieldChange, UndoPromise
from policy.escalation import EscalationState
from policy.events import PublishedEventType
from storage.escalations import Escalation
from storage.transaction import Transaction

NOT_YOURS = Notice(
    text="Only the person who decided, or somebody who may decide in their place, can undo this.",
    next_step="Nothing was changed. Ask them in the thread of the card.",
)
NOT_UNDOABLE = Notice(
    text="This cannot be undone from here: a donor's wish not to be contacted is never simply taken back.",
    next_step="Record the donor's fresh consent in the CRM if they have changed their mind.",
)
ON_ITS_WAY = Notice(text="Undoing it now. The card changes when the CRM has confirmed it.")


async def undo_action(command: UndoClicked, arrived: Arrived, context: Context) -> Write:
    """Check who asks and whether it can be undone, then send it on its way."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(command.escalation_id))
    if escalation is None:
        return refuse_click(command, arrived, UNKNOWN_CARD)
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return refuse_click(command, arrived, colleague)
    if escalation.state is not EscalationState.EXECUTED:
        return refuse_click(command, arrived, standing(escalation))
    if UNDO[escalation.action.kind] is not UndoPromise.EXACT:
        return refuse_click(command, arrived, NOT_UNDOABLE)
    if not _may_undo(escalation, colleague, context):
        return refuse_click(command, arrived, NOT_YOURS)
    return lambda tx: _send(tx, command, arrived, escalation, colleague)


def _may_undo(escalation: Escalation, colleague: Colleague, context: Context) -> bool:
    if escalation.decided_by == colleague.id:
        return True
    requirement = requirement_of(escalation)
    roles = requirement.roles_of(colleague.email, context.organisation.roles_of(colleague.email))
    return any(need.role in roles for need in requirement.decision.approvals)


def _send(
    tx: Transaction, command: UndoClicked, arrived: Arrived, escalation: Escalation, colleague: Colleague
) -> None:
    effect = TakeBack(
        escalation_id=escalation.id, by_id=colleague.id, by_name=colleague.name, reply_to=command.reply_to
    )
    fresh = enqueue(
        tx,
        effect,
        key=f"undo:{escalation.id}:{arrived.item_id}",
        order=f"crm:{escalation.donor_id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )
    if fresh:
        write_down(
            tx,
            arrived,
            "undo.requested",
            subject=escalation.donor_id,
            actor=slack_actor(colleague.id),
            correlation_id=escalation.correlation_id,
            escalation_id=escalation.id,
            name=colleague.name,
        )
        answer(tx, arrived, ON_ITS_WAY, command.reply_to)


async def take_back(effect: TakeBack, arrived: Arrived, context: Context) -> Write:
    """Undo in the CRM what was written under the action's key; a second time finds it gone and agrees."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    if escalation is None or escalation.state is not EscalationState.EXECUTED:
        return lambda _tx: None
    try:
        differences = await context.crm.undo(
            escalation.action,
            key=effect_key(escalation),
            ref=escalation.execution_ref or "",
            actor=f"countersign for {effect.by_name}",
        )
    except (OutcomeUnknown, StaleRecord):
        raise Unavailable("crm", "undo_not_confirmed") from None
    except Refused as refused:
        notice = Notice(text=f"The CRM refused to undo this ({refused.code}).", reference=arrived.reference)
        return lambda tx: answer(tx, arrived, notice, effect.reply_to)
    if differences:
        return lambda tx: _refuse(tx, arrived, escalation, effect, differences)
    return lambda tx: _undone(tx, arrived, escalation, effect)


def _refuse(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    effect: TakeBack,
    differences: tuple[FieldChange, ...],
) -> None:
    shown = "; ".join(f"{each.field}: we wrote {each.before}, now {each.after}" for each in differences)
    notice = Notice(
        text=f"Not undone, because somebody changed the record since. {shown}.",
        next_step="Look at the record in the CRM and change it there.",
        reference=arrived.reference,
    )
    write_down(
        tx,
        arrived,
        "undo.refused",
        subject=escalation.donor_id,
        actor=slack_actor(effect.by_id),
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
        reason=notice.text,
    )
    answer(tx, arrived, notice, effect.reply_to)


def _undone(tx: Transaction, arrived: Arrived, escalation: Escalation, effect: TakeBack) -> None:
    moved = tx.escalations.move(
        escalation.id,
        (EscalationState.EXECUTED,),
        EscalationState.UNDONE,
        arrived.now,
        decided_by=effect.by_id,
        decided_by_name=effect.by_name,
        decided_at=arrived.now,
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "action.undone",
        subject=moved.donor_id,
        actor=slack_actor(effect.by_id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        name=effect.by_name,
        ref=moved.execution_ref,
    )
    data: dict[str, object] = {"action": moved.action.kind, "policy_version": moved.policy_version}
    publish_data(tx, arrived, PublishedEventType.ACTION_UNDONE, moved.id, data)
    refresh_card(tx, arrived, moved)
