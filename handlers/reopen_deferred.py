"""Bring a deferred decision back on its day."""

from __future__ import annotations

from handlers.commands import DeferralEnded
from handlers.context import Arrived, Context, Write
from handlers.effects import RemindDecider, enqueue, refresh_card
from handlers.evidence import record as write_down
from policy.escalation import EscalationState
from storage.transaction import Transaction


async def reopen_deferred(command: DeferralEnded, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Open the decision again, unless it was decided or put off anew in the meantime."""
    return lambda tx: _reopen(tx, command, arrived)


def _reopen(tx: Transaction, command: DeferralEnded, arrived: Arrived) -> None:
    current = tx.escalations.get(command.escalation_id)
    if current is None or current.revision != command.revision:
        return
    moved = tx.escalations.move(
        command.escalation_id,
        (EscalationState.DEFERRED,),
        EscalationState.OPEN,
        arrived.now,
        deferred_until=None,
        decided_by=None,
        decided_by_name=None,
        decided_at=None,
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.reopened",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
    )
    refresh_card(tx, arrived, moved)
    reminder = RemindDecider(escalation_id=moved.id)
    key = f"remind:{moved.id}:{moved.revision}"
    enqueue(tx, reminder, key=key, order=f"card:{moved.id}", arrived=arrived)
