"""Finding recorded decisions in the audit log: one by what people call it, or all of them in batches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from policy.escalation import EscalationState
from policy.recorded import NotReplayable, RecordedDecision, read_recorded
from storage.audit import AuditRecord
from storage.database import Database
from storage.transaction import Transaction

DECISION_KINDS = ("recommendation.decided",)
"""The kinds of audit entry that hold a decision together with its facts."""

BATCH = 500
_SHORTEST_REFERENCE = 6

Standings = Mapping[str, tuple[str | None, EscalationState]]


class SeveralDecisions(Exception):
    """A short reference stands for more than one decision; *entry_ids* tells them apart."""

    def __init__(self, entry_ids: tuple[str, ...]) -> None:
        super().__init__("several_decisions")
        self.entry_ids = entry_ids


def find_decision(tx: Transaction, named: str) -> RecordedDecision | NotReplayable | None:
    """Return the decision *named* by an audit entry, an escalation or the reference on a card.

    Of several about one matter, the latest. Raises SeveralDecisions when a reference stands for more matters.
    """
    entry = tx.audit.get(named)
    if entry is not None and entry.kind in DECISION_KINDS:
        return _read(entry, tx.escalations.standings([entry.correlation_id]))
    escalation = None if entry else tx.escalations.get(named)
    origin = entry or escalation
    if origin is not None:
        records = tx.audit.by_correlation(origin.correlation_id)
    else:
        records = tx.audit.by_reference(named) if len(named) >= _SHORTEST_REFERENCE else []
    latest = {each.correlation_id: each for each in records if each.kind in DECISION_KINDS}
    if len(latest) > 1:
        raise SeveralDecisions(tuple(each.id for each in latest.values()))
    standings = tx.escalations.standings(list(latest))
    return next((_read(each, standings) for each in latest.values()), None)


def decisions_about(tx: Transaction, donor_id: str) -> list[RecordedDecision | NotReplayable]:
    """Return what was decided about one donor, the latest first."""
    records = [each for each in tx.audit.trace(donor_id) if each.kind in DECISION_KINDS]
    standings = tx.escalations.standings([each.correlation_id for each in records])
    return [_read(each, standings) for each in reversed(records)]


async def recorded_decisions(
    database: Database, since: datetime | None = None
) -> AsyncIterator[list[RecordedDecision | NotReplayable]]:
    """Yield all recorded decisions in batches, the oldest first, without ever holding more than one batch."""
    position = 0
    while True:
        after = position
        batch, position = await database.read(lambda tx, after=after: _batch(tx, after, since))  # type: ignore[misc]
        if not batch:
            return
        yield batch


def _batch(
    tx: Transaction, after: int, since: datetime | None
) -> tuple[list[RecordedDecision | NotReplayable], int]:
    records, position = tx.audit.page(DECISION_KINDS, after=after, since=since, limit=BATCH)
    standings = tx.escalations.standings([each.correlation_id for each in records])
    return [_read(each, standings) for each in records], position


def _read(entry: AuditRecord, standings: Standings) -> RecordedDecision | NotReplayable:
    owner_id, state = standings.get(entry.correlation_id, (None, None))
    recorded_owner = (entry.payload or {}).get("owner_id")
    return read_recorded(
        entry.id,
        entry.at,
        entry.payload,
        donor_id=entry.subject,
        owner_id=recorded_owner or owner_id,
        became=state,
    )
