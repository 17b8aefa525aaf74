"""`countersign audit trace` and `show`: reading what was recorded."""

from __future__ import annotations

import argparse
import getpass
import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bot.cli.complaint import complain
from bot.cli.operator import arrival
from bot.cli.path_text import WIDTH, path_lines
from handlers.record.decision_path import path_of
from handlers.record.erase_donor import erasure_of
from handlers.record.evidence import record as write_down
from handlers.record.show_evidence import evidence_line
from storage.audit_records import AuditRecord
from storage.database import Database
from storage.transaction import Transaction

SHORTEST_REFERENCE = 6
LONGEST_VALUE = 100
HOW_TO_READ_ON = (
    "Everything of one decision: countersign audit show REFERENCE. Every entry about the donor: --full"
)


async def run(options: argparse.Namespace, database: Database) -> int:
    """Print everything about a donor, or of the case that a card's reference names."""
    about_a_donor = options.what == "trace"
    records = await database.read(lambda tx: tx.audit.trace(options.id)) if about_a_donor else []
    if not records:
        about_a_donor = False
        records = await database.read(lambda tx: _path(tx, options.id))
    if not records:
        if erasure := await database.read(lambda tx: erasure_of(tx, options.id)):
            return complain(f"{options.id} was erased on {erasure.at:%d %b %Y}, entry {erasure.id}.")
        return complain(f"The audit log holds nothing about {options.id}.")
    await note_reading(database, options.what, records)
    if options.json:
        _print(map(as_json, records))
    elif about_a_donor and not options.full:
        _print(overview(records))
    else:
        _print([*path_lines(path_of(records)), *map(as_text, records)])
    return 0


def overview(records: Sequence[AuditRecord]) -> Iterator[str]:
    """Yield each decision's path, the latest last, after a count of everything else."""
    by_event: dict[str, list[AuditRecord]] = {}
    for record in records:
        by_event.setdefault(record.correlation_id, []).append(record)
    paths = {reference: path for reference, of in by_event.items() if (path := path_of(of))}
    others = Counter(each.kind for each in records if each.correlation_id not in paths)
    if others:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
        yield from textwrap.wrap(f"Besides decisions: {told}", WIDTH, subsequent_indent="  ")
    for reference, path in paths.items():
        yield f"Decision {reference[-6:].lower()}"
        yield from path_lines(path)
    yield from textwrap.wrap(HOW_TO_READ_ON, WIDTH)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


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
    """Return everything of the case that is named by an entry, a decision, or its id or the end of that."""
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
    told = (line.what, *line.details) if line else _plainly(record)
    details = "".join(f"\n    {detail}" for detail in told)
    number = "" if record.seq is None else f"number {record.seq}, "
    return f"{head}{details}\n    {number}entry {record.id}, reference {record.correlation_id[-6:].lower()}"


def _plainly(record: AuditRecord) -> tuple[str, ...]:
    """Return what an entry records that is no part of a decision's story: its plain values."""
    if record.payload is None:
        return ("Removed: the donor was erased, or its time of retention is over",)
    plain = ((name, value) for name, value in record.payload.items() if isinstance(value, str | int))
    return tuple(f"{name.replace('_', ' ')}: {_shortened(value)}" for name, value in plain if value != "")


def _shortened(value: str | int) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
