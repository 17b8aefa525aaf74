"""One id through everything: what a case's cards and entries must share, whatever was done."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from storage.audit_records import AuditRecord
from storage.schema import ANSWERS, CLEANUP_ITEMS, ESCALATIONS, POLICY_PROPOSALS

_NAMED = {
    "escalation_id": ESCALATIONS,
    "answer_id": ANSWERS,
    "cleanup_id": CLEANUP_ITEMS,
    "proposal_id": POLICY_PROPOSALS,
}
_CARDS = (ESCALATIONS.c.correlation_id, ESCALATIONS.c.channel_id, ESCALATIONS.c.message_ts)


def strays(connection: Connection, entries: list[AuditRecord]) -> list[tuple[str, str]]:
    """Entries about something that has a case, by kind and what they name, that bear another id than that."""
    of = {
        name: dict(connection.execute(select(t.c.id, t.c.correlation_id)).all()) for name, t in _NAMED.items()
    }
    found = []
    for entry in entries:
        payload: dict[str, Any] = entry.payload or {}
        cases = {of[name].get(payload.get(name)) for name in _NAMED} - {None}
        if cases and entry.correlation_id not in cases:
            found.append((entry.kind, str(next(n for n in _NAMED if of[n].get(payload.get(n))))))
    return found


def cards(connection: Connection) -> dict[tuple[str, str], str]:
    """The case of each card, by where it stands in Slack."""
    rows = connection.execute(select(*_CARDS).where(ESCALATIONS.c.message_ts.is_not(None)))
    return {(channel, ts): case for case, channel, ts in rows}
