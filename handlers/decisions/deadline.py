"""The deadline of a decision and the reminders before it: rows in the inbox that no restart forgets."""

from __future__ import annotations

from datetime import datetime

from handlers.commands import DecisionDue, ReminderDue
from handlers.context import Arrived
from handlers.waking import wake_at
from storage.transaction import Transaction

FIRST_LOOK = 8
"""Reminders are planned when this part of the time is over: most decisions are made before that."""


def watch_deadline(tx: Transaction, arrived: Arrived, escalation_id: str, due_at: datetime) -> None:
    """Have the inbox bring the deadline up when it comes, and reminders before it."""
    await_deadline(tx, arrived, escalation_id, due_at)
    if due_at > arrived.now:
        first_look = arrived.now + (due_at - arrived.now) / FIRST_LOOK
        remind_at(
            tx,
            arrived,
            first_look,
            ReminderDue(escalation_id=escalation_id, since=arrived.now, due_at=due_at),
        )


def await_deadline(tx: Transaction, arrived: Arrived, escalation_id: str, due_at: datetime) -> None:
    """Have the inbox bring the deadline alone up when it comes."""
    due = DecisionDue(escalation_id=escalation_id)
    key = f"due:{escalation_id}:{int(due_at.timestamp())}"
    wake_at(tx, arrived, due_at, due, key=key, correlation_id=arrived.correlation_id)


def remind_at(tx: Transaction, arrived: Arrived, moment: datetime, reminder: ReminderDue) -> None:
    """Have a reminder come up at *moment*."""
    key = f"reminder:{reminder.escalation_id}:{int(reminder.due_at.timestamp())}:{int(moment.timestamp())}"
    wake_at(tx, arrived, moment, reminder, key=key, correlation_id=arrived.correlation_id)
