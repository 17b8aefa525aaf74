"""Finding recorded decisions in the audit log: one by what people call it, or all of them in batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_json

from policy.escalation import EscalationState
from policy.fact_row import row_form
from policy.recorded import (
    NotReplayable,
    RecordedDecision,
    Replayable,
    read_excerpt,
    read_recorded,
    read_replayable,
)
from storage.audit_records import AuditRecord, PagedEntry
from storage.database import Database
from storage.transaction import Transaction

PROPOSED, EDITED = "recommendation.decided", "escalation.edited"

DECISION_KINDS = (PROPOSED, "edit.checked", EDITED, "undo.decided")
"""The kinds of audit entry that hold a decision together with its facts."""

ASKED_AGAIN_KINDS = (
    "action.begun",
    "action.stopped",
    "escalation.changed_since",
    "escalation.reopened",
    "escalation.reassigned",
)
"""Entries that hold a decision where the rules were asked again on their account, and none where not."""

REHEARSED_KINDS = (PROPOSED, "edit.checked", "undo.decided")
"""Each question once: a version that somebody approved was asked about when it was checked."""

CARD_KINDS = (PROPOSED, EDITED)
"""What a card stands on: the proposal, or the version that somebody put in its place."""

BATCH = 2_000
_SHORTEST_REFERENCE = 6
_ASKED = b'"decision_facts":'

Standings = Mapping[tuple[str, datetime], tuple[str | None, EscalationState]]


class SeveralDecisions(Exception):
    """A short reference stands for more than one decision; *entry_ids* tells them apart."""

    def __init__(self, entry_ids: tuple[str, ...]) -> None:
        super().__init__("several_decisions")
        self.entry_ids = entry_ids


def find_decision(tx: Transaction, named: str) -> RecordedDecision | NotReplayable | None:
    """Return the decision *named* by an audit entry, an escalation or the reference on a card.

    By a card, the latest that it stands on. Raises SeveralDecisions when a reference stands for more matters.
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
    latest = {each.correlation_id: each for each in records if each.kind in CARD_KINDS}
    if len(latest) > 1:
        raise SeveralDecisions(tuple(each.id for each in latest.values()))
    return next(map(_of_record, latest.values()), None)


def decisions_about(tx: Transaction, donor_id: str) -> list[RecordedDecision | NotReplayable]:
    """Return what cards about one donor stand on or would have, the latest first."""
    records = [each for each in tx.audit.trace(donor_id) if each.kind in CARD_KINDS]
    edited = {each.correlation_id for each in records if each.kind == EDITED}
    stands = [each for each in records if each.kind == EDITED or each.correlation_id not in edited]
    return [_of_record(each) for each in reversed(stands)]


async def recorded_decisions(
    database: Database,
) -> AsyncIterator[list[RecordedDecision | NotReplayable]]:
    """Yield all recorded decisions in batches, the oldest first, without ever holding more than one batch.

    Those of asking again are among them: before writing, and when a card comes back or changes hands.
    """
    async for entries in _pages(database, _whole):
        yield [
            read_recorded(each.id, each.at, each.payload, donor_id=each.subject)
            for each in entries
            if each.kind in DECISION_KINDS or _ASKED in (each.payload or _ASKED)
        ]


@dataclass(frozen=True, slots=True)
class Page:
    """Some recorded decisions as they are stored; reading them is work, and belongs beside the event loop."""

    entries: list[PagedEntry]
    standings: Standings

    def decisions(self) -> list[Replayable | NotReplayable]:
        """Read what a rehearsal needs: the outcome, whose donor it was and how it ended."""
        return [_replayable(each, self.standings) for each in self.entries]


async def pages_of_decisions(database: Database, since: datetime | None = None) -> AsyncIterator[Page]:
    """Yield what is rehearsed, the oldest first; the next page is fetched while one is worked on."""
    pages = _pages(database, lambda tx, after: _excerpts(tx, after, since))
    try:
        coming = asyncio.ensure_future(anext(pages, None))
        while (page := await coming) is not None:
            coming = asyncio.ensure_future(anext(pages, None))
            standings = await database.read(lambda tx, page=page: _standings(tx, page))  # type: ignore[misc]
            yield Page(page, standings)
    finally:
        if not coming.done():
            coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _pages(
    database: Database, read: Callable[[Transaction, int], list[PagedEntry]]
) -> AsyncIterator[list[PagedEntry]]:
    position = 0
    while entries := await database.read(lambda tx, after=position: read(tx, after)):  # type: ignore[misc]
        position = entries[-1].position
        yield entries


def _whole(tx: Transaction, after: int) -> list[PagedEntry]:
    return tx.audit.page((*DECISION_KINDS, *ASKED_AGAIN_KINDS), after=after, limit=BATCH)


def _excerpts(tx: Transaction, after: int, since: datetime | None) -> list[PagedEntry]:
    return tx.audit.page(REHEARSED_KINDS, after=after, since=since, limit=BATCH, excerpts=row_form())


def _standings(tx: Transaction, entries: list[PagedEntry]) -> Standings:
    """Read the cards that a batch led to: each was opened in the transaction that wrote its entry."""
    return tx.escalations.standings([(each.correlation_id, each.at) for each in entries])


def _of_record(record: AuditRecord) -> RecordedDecision | NotReplayable:
    payload = None if record.payload is None else to_json(record.payload)
    return read_recorded(record.id, record.at, payload, donor_id=record.subject)


def _replayable(entry: PagedEntry, standings: Standings) -> Replayable | NotReplayable:
    owner_id, state = standings.get((entry.correlation_id, entry.at), (None, None))
    read = read_excerpt if entry.is_excerpt else read_replayable
    return read(entry.id, entry.at, entry.payload, donor_id=entry.subject, owner_id=owner_id, became=state)
