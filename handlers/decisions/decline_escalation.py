"""Decline: a named person decides against the proposal, and nothing is written to the CRM."""

from __future__ import annotations

from handlers.commands import DeclineClicked
from handlers.context import Arrived, Context, Write
from handlers.decisions.considering import consider
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.overriding import audited_reason, count_override, shown_reason
from handlers.decisions.standing import refuse_click, too_late
from handlers.effects import refresh_card
from handlers.outcomes import Notice
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.escalation import EscalationState
from policy.override_reasons import Override
from storage.transaction import Transaction


async def decline_escalation(command: DeclineClicked, arrived: Arrived, context: Context) -> Write:
    """Close the decision with a no and the reason for it."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    return lambda tx: _decline(tx, command, arrived, decider)


def _decline(tx: Transaction, command: DeclineClicked, arrived: Arrived, decider: Decider) -> None:
    moved = tx.escalations.move(
        command.escalation_id,
        (EscalationState.OPEN,),
        EscalationState.DECLINED,
        arrived.now,
        revision=decider.escalation.revision,
        **(decider.signed(arrived.now) | shown_reason(command.reason)),
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    write_down(
        tx,
        arrived,
        "escalation.declined",
        subject=moved.donor_id,
        actor=slack_actor(command.by.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        considered=consider(tx, arrived, decider.escalation, decider.colleague.id, "declined"),
        **decider.named(),
        **audited_reason(command.reason),
    )
    count_override(tx, arrived, moved.id, Override.DECLINE, command.reason, command.by.id)
    refresh_card(tx, arrived, moved)
