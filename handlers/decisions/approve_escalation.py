"""Approve: who clicked, may they, is it still open; then the action is on its way, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handlers.answers.answering import answer
from handlers.commands import ApprovalClicked
from handlers.context import Arrived, Context, Write
from handlers.decisions.considering import consider, mark_of
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.standing import AT_ONCE, UNKNOWN_CARD, note_refusal, standing
from handlers.effects import ExecuteAction
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.outcomes import Notice
from handlers.ports import Unavailable
from handlers.proposals.escalation_view import Requirement, card_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import refresh_card
from policy.canonical import canonical_json
from policy.decision import GivenApproval, open_approvals
from policy.escalation import EscalationState
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

_OPEN = (EscalationState.OPEN,)


Attempt = Callable[[Transaction], Notice | None]
"""One approval to be tried in a transaction; it returns what to tell the person, None when all is said."""


CARD_CHANGED = Notice(
    text="The card has changed since it was shown to you.",
    next_step="Nothing was approved. Look at it as it is now, and press again.",
)


async def approve_escalation(command: ApprovalClicked, arrived: Arrived, context: Context) -> Write:
    """Record the approval; with the last one that policy asks for, send the action to the CRM."""
    attempt = await approval(command, arrived, context)

    def write(tx: Transaction) -> None:
        if notice := attempt(tx):
            answer(tx, arrived, notice, command.reply_to)

    return write


async def approval(command: ApprovalClicked, arrived: Arrived, context: Context) -> Attempt:
    """Return the approval as it may be given now; every approval in Slack goes this way."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    refusal = decider if isinstance(decider, Notice) else _unseen(command, decider)
    if refusal or isinstance(decider, Notice):
        return lambda tx: _refuse(tx, command, arrived, refusal or UNKNOWN_CARD)
    given = GivenApproval(person=decider.colleague.id, role=decider.role)
    granted = (*decider.requirement.granted, given)
    requirement = decider.requirement.model_copy(update={"granted": granted})
    if open_approvals(requirement.decision, granted):
        return lambda tx: _record_one_of_several(tx, command, arrived, decider, requirement)
    return lambda tx: _approve(tx, command, arrived, decider, requirement)


def _unseen(command: ApprovalClicked, decider: Decider) -> Notice | None:
    """Refuse to take a press for what was not written on the card when it was shown."""
    if command.seen and command.seen != mark_of(card_of(decider.escalation)):
        return CARD_CHANGED
    return None


def _refuse(tx: Transaction, command: ApprovalClicked, arrived: Arrived, refusal: Notice) -> Notice:
    note_refusal(tx, command, arrived, refusal)
    return refusal


def _approve(
    tx: Transaction, command: ApprovalClicked, arrived: Arrived, decider: Decider, requirement: Requirement
) -> Notice | None:
    moved = tx.escalations.move(
        command.escalation_id,
        _OPEN,
        EscalationState.APPROVED,
        arrived.now,
        revision=decider.escalation.revision,
        **(decider.signed(arrived.now) | Changes(requires=canonical_json(requirement))),
    )
    if moved is None:
        return _overtaken(tx, command)
    considered = _considered(tx, command, arrived, decider)
    note_approval(tx, arrived, moved, decider, "escalation.approved", considered, command.together)
    refresh_card(tx, arrived, moved)
    send_to_crm(tx, arrived, moved)
    return None


def _overtaken(tx: Transaction, command: ApprovalClicked) -> Notice:
    """Say who was first; when it is open still, what was approved changed, and it is looked at again."""
    current = tx.escalations.get(command.escalation_id)
    if current and current.state is EscalationState.OPEN:
        raise Unavailable("countersign", "decided_meanwhile", AT_ONCE)
    return standing(current) if current else UNKNOWN_CARD


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
) -> Notice:
    moved = tx.escalations.move(
        command.escalation_id,
        _OPEN,
        EscalationState.OPEN,
        arrived.now,
        revision=decider.escalation.revision,
        requires=canonical_json(requirement),
    )
    if moved is None:
        return _overtaken(tx, command)
    considered = _considered(tx, command, arrived, decider)
    note_approval(tx, arrived, moved, decider, "escalation.approval_given", considered, command.together)
    refresh_card(tx, arrived, moved)
    missing = open_approvals(requirement.decision, requirement.granted)
    wanted = ", ".join(f"{need.count} more as {need.role.value}" for need in missing)
    return Notice(text="Your approval is recorded.", next_step=f"Still needed: {wanted}.")


def _considered(
    tx: Transaction, command: ApprovalClicked, arrived: Arrived, decider: Decider
) -> dict[str, Any]:
    by, before = decider.colleague.id, decider.escalation
    tell = None if command.together else command.reply_to
    return consider(tx, arrived, before, by, "approved", tell=tell)


def note_approval(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    decider: Decider,
    kind: str,
    considered: dict[str, Any],
    together: str | None = None,
) -> None:
    """Write an approval of *escalation* as it is now down: the exact action, and how it was considered.

    *together* names the press with which several were approved.
    """
    write_down(
        tx,
        arrived,
        kind,
        subject=escalation.donor_id,
        actor=slack_actor(decider.colleague.id),
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
        role=decider.role.value,
        action=escalation.action.model_dump(mode="json"),
        action_digest=escalation.action_digest,
        policy_version=escalation.policy_version,
        considered=considered,
        waited_seconds=int((arrived.now - escalation.created_at).total_seconds()),
        **decider.named(),
        **({"together": together} if together else {}),
    )
