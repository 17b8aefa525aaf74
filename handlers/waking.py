"""Being woken later: a row in the inbox that is not due yet, so that no restart forgets it."""

from __future__ import annotations

from datetime import datetime

from handlers.commands import (
    AbsenceBegan,
    AbsenceEnded,
    CleanupWaits,
    DecisionDue,
    DeferralEnded,
    DrillDue,
    DrillEnded,
    GroupedDueSoon,
    GroupingDue,
    InformDue,
    OwnerLooked,
    ReminderDue,
    RemindersOwed,
    SummaryRequested,
)
from handlers.context import Arrived
from handlers.enqueueing import EVENTS, WHEN_DUE
from policy.canonical import canonical_json
from storage.queue import Received
from storage.transaction import Transaction

TIMER = "timer"

Timer = (
    DeferralEnded
    | DecisionDue
    | OwnerLooked
    | ReminderDue
    | RemindersOwed
    | AbsenceBegan
    | AbsenceEnded
    | CleanupWaits
)


def wake_at(
    tx: Transaction,
    arrived: Arrived,
    moment: datetime,
    command: Timer,
    *,
    key: str,
    correlation_id: str,
) -> None:
    """Have *command* arrive at *moment*, once per *key*."""
    wake_for(tx, arrived, moment, command, key=key, order=_order(command), correlation_id=correlation_id)


def waits(tx: Transaction, command: Timer) -> bool:
    """Say whether one like *command* waits, which will see what this transaction changes."""
    return tx.inbox.waits(command.type, _order(command))


def _order(command: Timer) -> str:
    """Return an order of its own: what is due later must not hold up the clicks on a card."""
    return f"{_about(command)}:{command.type}"


def _about(command: Timer) -> str:
    match command:
        case AbsenceBegan() | AbsenceEnded():
            return f"absence:{command.absence_id}"
        case CleanupWaits():
            return f"cleanup:{command.item_id}"
        case RemindersOwed():
            return f"person:{command.person}"
        case OwnerLooked():
            return f"donor:{command.donor_id}"
        case _:
            return f"escalation:{command.escalation_id}"


def wake_for(
    tx: Transaction,
    arrived: Arrived,
    moment: datetime,
    command: Timer | GroupingDue | GroupedDueSoon | InformDue | DrillDue | DrillEnded | SummaryRequested,
    *,
    key: str,
    order: str,
    correlation_id: str,
) -> None:
    """Have *command* arrive at *moment*, once per *key*, one after the other in each *order*."""
    tx.inbox.accept(
        Received(
            id=arrived.ids.new(),
            source=TIMER,
            dedupe_key=key,
            kind=command.type,
            entity_key=order,
            body=canonical_json(command),
            correlation_id=correlation_id,
            received_at=arrived.now,
            available_at=moment,
            # What an event alone makes us look for comes in the events' turn, so that one look does for many.
            priority=EVENTS if isinstance(command, OwnerLooked) else WHEN_DUE,
        )
    )
