"""Approve: who clicked, may they, is it still open; then the action is on its way, once."""

from __future__ import annotations

from typing import Any

from handlers.answering import answer
from handlers.commands import ApprovalClicked
from handlers.considering import consider, mark_of
from handlers.context import Arrived, Context, Write
from handlers.deciding_person import Decider, decider_of
from handlers.effects import PEOPLE_FIRST, ExecuteAction, enqueue, refresh_card
from handlers.escalation_view import Requirement, card_of
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.outcomes import Notice
from handlers.standing import refuse_click, too_late
from policy.canonical import canonical_json
from policy.decision import GivenApproval, open_approvals
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

_OPEN = (EscalationState.OPEN,)


CARD_CHANGED = Notice(
    text="The card has changed since it was shown to you.",
    next_step="Nothing was approved. Look at it as it is now, and press again.",
)


async def approve_escalation(command: ApprovalClicked, arrived: Arrived, context: Context) -> Write:
    """Record the approval; with the last one that policy asks for, send the action to the CRM."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    if command.seen and command.seen != mark_of(card_of(decider.escalation)):
        return refuse_click(command, arrived, CARD_CHANGED)
    given = GivenApproval(person=decider.colleague.id, role=decider.role)
    granted = (*decider.requirement.granted, given)
    requirement = decider.requirement.model_copy(update={"granted": granted})
    if open_approvals(requirement.decision, granted):
        return lambda tx: _record_one_of_several(tx, command, arrived, decider, requirement)
    return lambda tx: _approve(tx, command, arrived, decider, requirement)


def _approve(
    tx: Transaction, command: ApprovalClicked, arrived: Arrived, decider: Decider, requirement: Requirement
) -> None:
    moved = tx.escalations.move(
        command.escalation_id,
        _OPEN,
        EscalationState.APPROVED,
        arrived.now,
        decided_by=decider.colleague.id,
        decided_by_name=decider.colleague.name,
        decided_at=arrived.now,
        requires=canonical_json(requirement),
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    considered = _considered(tx, command, arrived, decider)
    note_approval(tx, arrived, moved, decider, "escalation.approved", considered)
    refresh_card(tx, arrived, moved)
    send_to_crm(tx, arrived, moved)


def send_to_crm(tx: Transaction, arrived: Arrived, approved: Escalation) -> None:
    """Have an approved action carried out, once per action and approval."""
    enqueue(
        tx,
        ExecuteAction(escalation_id=approved.id),
        key=f"execute:{approved.id}:{approved.action_digest}:{approved.revision}",
        order=f"crm:{approved.donor_id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )


def _record_one_of_several(
    tx: Transaction, command: ApprovalClicked, arrived: Arrived, decider: Decider, requirement: Requirement
) -> None:
    moved = tx.escalations.move(
        command.escalation_id, _OPEN, EscalationState.OPEN, arrived.now, requires=canonical_json(requirement)
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    considered = _considered(tx, command, arrived, decider)
    note_approval(tx, arrived, moved, decider, "escalation.approval_given", considered)
    refresh_card(tx, arrived, moved)
    missing = open_approvals(requirement.decision, requirement.granted)
    wanted = ", ".join(f"{need.count} more as {need.role.value}" for need in missing)
    notice = Notice(text="Your approval is recorded.", next_step=f"Still needed: {wanted}.")
    answer(tx, arrived, notice, command.reply_to)


def _considered(
    tx: Transaction, command: ApprovalClicked, arrived: Arrived, decider: Decider
) -> dict[str, Any]:
    by, before = decider.colleague.id, decider.escalation
    return consider(tx, arrived, before, by, "approved", tell=command.reply_to)


def note_approval(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    decider: Decider,
    kind: str,
    considered: dict[str, Any],
) -> None:
    """Write an approval of *escalation* as it is now down: the exact action, and how it was considered."""
    write_down(
        tx,
        arrived,
        kind,
        subject=escalation.donor_id,
        actor=slack_actor(decider.colleague.id),
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
        name=decider.colleague.name,
        role=decider.role.value,
        action=escalation.action.model_dump(mode="json"),
        action_digest=escalation.action_digest,
        policy_version=escalation.policy_version,
        considered=considered,
        waited_seconds=int((arrived.now - escalation.created_at).total_seconds()),
    )
