"""Writing down what happened, in the same transaction as the change itself."""

from __future__ import annotations

from typing import Any

from handlers.context import Arrived
from storage.audit import AuditEntry
from storage.transaction import Transaction

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
    """Append an audit entry about *subject* (a donor id); *payload* is JSON data without floats."""
    tx.audit.append(
        AuditEntry(
            id=arrived.ids.new(),
            at=arrived.now,
            kind=kind,
            correlation_id=correlation_id or arrived.correlation_id,
            subject=subject,
            actor=actor,
            payload=payload,
        )
    )
