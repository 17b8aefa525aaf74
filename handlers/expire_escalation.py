"""The time to decide is over: nobody said yes, nobody said no, and nothing is done."""

from __future__ import annotations

from datetime import datetime

from handlers.commands import DecisionDue
from handlers.context import Arrived, Context, Write
from handlers.effects import refresh_card
from handlers.evidence import record as write_down
from handlers.waking import wake_at
from policy.escalation import UNDECIDED, EscalationState
from storage.transaction import Transaction


async def expire_escalation(command: DecisionDue, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Expire the decision, or look again later when it was put off."""
    return lambda tx: _expire(tx, command, arrived)


def _expire(tx: Transaction, command: DecisionDue, arrived: Arrived) -> None:
    current = tx.escalations.get(command.escalation_id)
    if current is None or current.state not in UNDECIDED:
        return
    if current.due_at > arrived.now:
        watch_deadline(tx, arrived, current.id, current.due_at)
        return
    moved = tx.escalations.move(current.id, UNDECIDED, EscalationState.EXPIRED, arrived.now)
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.expired",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
    )
    refresh_card(tx, arrived, moved)


def watch_deadline(tx: Transaction, arrived: Arrived, escalation_id: str, due_at: datetime) -> None:
    """Have the inbox bring the deadline up when it comes."""
    due = DecisionDue(escalation_id=escalation_id)
    key = f"due:{escalation_id}:{int(due_at.timestamp())}"
    wake_at(tx, arrived, due_at, due, key=key, correlation_id=arrived.correlation_id)
