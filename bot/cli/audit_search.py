"""`countersign audit search`: entries by kind, actor, day, or words in what they record."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from bot.cli.audit_read import as_json, as_text, note_reading
from bot.cli.complaint import complain
from bot.cli.period import NotADay, period
from policy.retention import matches
from storage.audit_records import AuditRecord, PagedEntry
from storage.database import Database

END = datetime(9999, 1, 1, tzinfo=UTC)
AT_ONCE = 1000


async def run(options: argparse.Namespace, database: Database) -> int:
    """Look through everything, a page at a time, and print the latest that fit."""
    try:
        start, end = period(options)
    except NotADay as problem:
        return complain(str(problem))
    kinds = [
        kind
        for kind in await database.read(lambda tx: tx.audit.kinds())
        if options.kind is None or matches(options.kind, kind)
    ]
    found: deque[AuditRecord] = deque(maxlen=max(options.limit, 1))
    async for page in _pages(database, kinds, start):
        likely = [each.id for each in page if _says(each.payload, options.words)]
        records = await database.read(lambda tx, ids=likely: [tx.audit.get(each) for each in ids])  # type: ignore[misc]
        found.extend(each for each in records if each and _fits(each, options, end or END))
    if found:
        await note_reading(database, "search", found, only=options.kind or "")
    for each in found:
        print(as_json(each) if options.json else as_text(each))
    return 0 if found else complain("Nothing in the audit log fits.")


async def _pages(
    database: Database, kinds: list[str], start: datetime | None
) -> AsyncIterator[list[PagedEntry]]:
    position = 0
    while kinds:
        page = await database.read(
            lambda tx, after=position: tx.audit.page(kinds, after=after, since=start, limit=AT_ONCE)  # type: ignore[misc]
        )
        if not page:
            return
        position = page[-1].position
        yield page


def _says(payload: bytes | None, words: list[str]) -> bool:
    text = (payload or b"").decode(errors="replace").casefold()
    return all(word.casefold() in text for word in words)


def _fits(record: AuditRecord, options: argparse.Namespace, end: datetime) -> bool:
    return record.at < end and options.actor in (None, record.actor)
