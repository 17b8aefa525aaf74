"""Finding recorded decisions in the audit log: one by what people call it, or all of them in batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_json

from policy.escalation import EscalationState
from policy.recorded import NotReplayable, RecordedDecision, Replayable, read_recorded, read_replayable
from storage.audit import AuditRecord, StoredEntry
from storage.database import Database
from storage.transaction import Transaction

DECISION_KINDS = ("recommendation.decided",)
"""The kinds of audit entry that hold a decision together with its facts."""

BATCH = 2_000
_SHORTEST_REFERENCE = 6

Standings = Mapping[tuple[str, datetime], tuple[str | None, EscalationState]]


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
        return _of_record(entry)
    escalation = None if entry else tx.escalations.get(named)
    origin = entry or escalation
    if origin is not None:
        records = tx.audit.by_correlation(origin.correlation_id)
    else:
        records = tx.audit.by_reference(named) if len(named) >= _SHORTEST_REFERENCE else []
    latest = {each.correlation_id: each for each in records if each.kind in DECISION_KINDS}
    if len(latest) > 1:
        raise SeveralDecisions(tuple(each.id for each in latest.values()))
    return next(map(_of_record, latest.values()), None)


def decisions_about(tx: Transaction, donor_id: str) -> list[RecordedDecision | NotReplayable]:
    """Return what was decided about one donor, the latest first."""
    records = [each for each in tx.audit.trace(donor_id) if each.kind in DECISION_KINDS]
    return [_of_record(each) for each in reversed(records)]


async def recorded_decisions(
    database: Database, since: datetime | None = None
) -> AsyncIterator[list[RecordedDecision | NotReplayable]]:
    """Yield all recorded decisions in batches, the oldest first, without ever holding more than one batch."""
    async for entries, _ in _pages(database, since):
        yield [read_recorded(each.id, each.at, each.payload, donor_id=each.subject) for each in entries]


@dataclass(frozen=True, slots=True)
class Page:
    """Some recorded decisions as they are stored; reading them is work, and belongs beside the event loop."""

    entries: list[StoredEntry]
    standings: Standings

    def decisions(self) -> list[Replayable | NotReplayable]:
        """Read what a rehearsal needs: the outcome, whose donor it was and how it ended."""
        return [_replayable(each, self.standings) for each in self.entries]


async def pages_of_decisions(database: Database, since: datetime | None = None) -> AsyncIterator[Page]:
    """Yield all recorded decisions, the oldest first; the next page is fetched while one is worked on."""
    pages = _pages(database, since)
    try:
        coming = asyncio.ensure_future(anext(pages, None))
        while (page := await coming) is not None:
            coming = asyncio.ensure_future(anext(pages, None))
            yield Page(*page)
    finally:
        if not coming.done():
            coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _pages(
    database: Database, since: datetime | None
) -> AsyncIterator[tuple[list[StoredEntry], Standings]]:
    position = 0
    while True:
        after = position
        entries, standings = await database.read(lambda tx, after=after: _page(tx, after, since))  # type: ignore[misc]
        if not entries:
            return
        position = entries[-1].position
        yield entries, standings


def _page(tx: Transaction, after: int, since: datetime | None) -> tuple[list[StoredEntry], Standings]:
    """Read one batch with the cards it led to: each was opened in the transaction that wrote its entry."""
    entries = tx.audit.page(DECISION_KINDS, after=after, since=since, limit=BATCH)
    return entries, tx.escalations.standings([(each.correlation_id, each.at) for each in entries])


def _of_record(record: AuditRecord) -> RecordedDecision | NotReplayable:
    payload = None if record.payload is None else to_json(record.payload)
    return read_recorded(record.id, record.at, payload, donor_id=record.subject)


def _replayable(entry: StoredEntry, standings: Standings) -> Replayable | NotReplayable:
    owner_id, state = standings.get((entry.correlation_id, entry.at), (None, None))
    return read_replayable(
        entry.id, entry.at, entry.payload, donor_id=entry.subject, owner_id=owner_id, became=state
    )
