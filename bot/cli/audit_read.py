"""`countersign audit trace` and `show`: reading what was recorded."""

from __future__ import annotations

import argparse
import getpass
import json
from collections.abc import Sequence

from bot.cli.operator import arrival
from bot.cli.running import complain
from handlers.record.erase_donor import erasure_of
from handlers.record.evidence import record as write_down
from handlers.record.show_evidence import evidence_line
from storage.audit import AuditRecord
from storage.database import Database
from storage.transaction import Transaction

SHORTEST_REFERENCE = 6


async def run(options: argparse.Namespace, database: Database) -> int:
    """Print everything about a donor, or an entry with what came of the same event."""
    if options.what == "trace":
        records = await database.read(lambda tx: tx.audit.trace(options.id))
    else:
        records = await database.read(lambda tx: _path(tx, options.id))
    if not records:
        if erasure := await database.read(lambda tx: erasure_of(tx, options.id)):
            return complain(f"{options.id} was erased on {erasure.at:%d %b %Y}, entry {erasure.id}.")
        return complain(f"The audit log holds nothing about {options.id}.")
    await note_reading(database, options.what, records)
    for record in records:
        print(as_json(record) if options.json else as_text(record))
    return 0


async def note_reading(database: Database, what: str, records: Sequence[AuditRecord], **asked: str) -> None:
    """Write down who read what at the command line, about the donor if it was about one alone."""
    donors = {record.subject for record in records if record.subject}
    subject = donors.pop() if len(donors) == 1 else None
    arrived, actor = arrival(), f"shell:{getpass.getuser()}"
    await database.write(
        lambda tx: write_down(
            tx, arrived, "audit.read", subject=subject, actor=actor, what=what, entries=len(records), **asked
        )
    )


def _path(tx: Transaction, named: str) -> list[AuditRecord]:
    """Return everything that came of the same event as what is named."""
    named_by_id = tx.audit.get(named) or tx.escalations.get(named)
    if named_by_id is not None:
        return tx.audit.by_correlation(named_by_id.correlation_id)
    return tx.audit.by_reference(named) if len(named) >= SHORTEST_REFERENCE else []


def as_json(record: AuditRecord) -> str:
    """Return an entry as one line of JSON."""
    return json.dumps(
        {
            "seq": record.seq,
            "id": record.id,
            "at": record.at.isoformat(),
            "kind": record.kind,
            "actor": record.actor,
            "correlation_id": record.correlation_id,
            "payload": record.payload,
        },
        ensure_ascii=False,
    )


def as_text(record: AuditRecord) -> str:
    """Return an entry as people read it."""
    line = evidence_line(record)
    head = f"{record.at:%Y-%m-%d %H:%M:%S} UTC  {record.kind:<28}  {line.who if line else record.actor}"
    details = "".join(f"\n    {detail}" for detail in (line.what, *line.details)) if line else ""
    number = "" if record.seq is None else f"number {record.seq}, "
    return f"{head}{details}\n    {number}entry {record.id}, reference {record.correlation_id[-6:].lower()}"
