"""Writing down what happened, in the same transaction as the change itself."""

from __future__ import annotations

import logging
from typing import Any

from handlers.context import Arrived, Write
from storage.appending import AuditEntry
from storage.transaction import Transaction

log = logging.getLogger(__name__)

SYSTEM = "system"


def slack_actor(user_id: str) -> str:
    """Name a Slack user as an actor."""
    return f"slack:{user_id}"


def record(
    tx: Transaction,
    arrived: Arrived,
    kind: str,
    *,
    subject: str | None,
    actor: str = SYSTEM,
    correlation_id: str | None = None,
    **payload: Any,
) -> None:
    """Append an audit entry about *subject* (a donor id); *payload* is JSON data without floats.

    With the *correlation_id* of a decision it becomes part of that; the log then ties the two ids together,
    since what was pressed has lines and a trace of its own.
    """
    entry_id = arrived.ids.new()
    if correlation_id not in (None, arrived.correlation_id):
        tied = {"correlation_id": arrived.correlation_id, "decision": correlation_id, "entry": entry_id}
        log.info("part of a decision", extra={**tied, "kind": kind})
    tx.audit.append(
        AuditEntry(
            id=entry_id,
            at=arrived.now,
            kind=kind,
            correlation_id=correlation_id or arrived.correlation_id,
            subject=subject,
            actor=actor,
            payload=payload,
        )
    )


def witnessed(message: Any, arrived: Arrived, write: Write) -> Write:
    """Return *write* made complete: what arrived leaves an entry even where its handler has nothing to add.

    The entry says what was asked, by whom and about which decision or donor, but none of the words typed.
    """

    def complete(tx: Transaction) -> None:
        before = tx.audit.appended
        write(tx)
        if tx.audit.appended == before:
            _write_plainly(tx, message, arrived)

    return complete


def _write_plainly(tx: Transaction, message: Any, arrived: Arrived) -> None:
    by, about = getattr(message, "by", None), getattr(message, "escalation_id", None)
    escalation = tx.escalations.get(about) if about else None
    record(
        tx,
        arrived,
        f"{message.type}.handled",
        subject=escalation.donor_id if escalation else getattr(message, "donor_id", None),
        actor=slack_actor(by.id) if by else SYSTEM,
        escalation_id=about,
        answer_id=getattr(message, "answer_id", None),
    )


def crm_actor(name: str, correlation_id: str) -> str:
    """Name in the CRM on whose word something was written, with the reference of card, log and audit."""
    return f"countersign for {name} (ref {correlation_id[-6:].lower()})"
