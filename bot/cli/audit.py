"""`countersign audit`: verify that nobody rewrote the log, and read one decision's path."""

from __future__ import annotations

import argparse
import asyncio
import json

from bot.cli.opening import CannotOpen, opened
from bot.cli.running import complain
from handlers.show_evidence import evidence_line
from storage.audit import AuditRecord
from storage.database import Database
from storage.transaction import Transaction


def run(options: argparse.Namespace) -> int:
    """Verify, trace a donor, or show an entry or a card."""
    if options.what != "verify" and not options.id:
        return complain(f"Say whose: countersign audit {options.what} ID.")
    return asyncio.run(_answer(options))


async def _answer(options: argparse.Namespace) -> int:
    try:
        async with opened(options.database) as database:
            if options.what == "verify":
                return await _verify(database, as_json=options.json)
            return await _print(database, options)
    except CannotOpen as problem:
        return complain(str(problem))


async def _verify(database: Database, *, as_json: bool) -> int:
    report = await database.read(lambda tx: tx.audit.verify())
    if as_json:
        print(json.dumps({"ok": report.ok, "entries": report.entries, "unsealed": report.unsealed}))
    elif report.ok:
        print(f"{report.entries} entries verified, {report.unsealed} not sealed yet. Nobody changed the log.")
    else:
        print(f"The log was changed: {report.first_bad}")
    return 0 if report.ok else 1


async def _print(database: Database, options: argparse.Namespace) -> int:
    if options.what == "trace":
        records = await database.read(lambda tx: tx.audit.trace(options.id))
    else:
        records = await database.read(lambda tx: _path(tx.audit.get(options.id), tx))
    if not records:
        return complain(f"The audit log holds nothing about {options.id}.")
    for record in records:
        print(_as_json(record) if options.json else _as_text(record))
    return 0


def _path(record: AuditRecord | None, tx: Transaction) -> list[AuditRecord]:
    if record is None:
        return []
    return tx.audit.by_correlation(record.correlation_id)


def _as_json(record: AuditRecord) -> str:
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


def _as_text(record: AuditRecord) -> str:
    line = evidence_line(record)
    head = f"{record.at:%Y-%m-%d %H:%M:%S} UTC  {record.kind:<28}  {line.who if line else record.actor}"
    details = "".join(f"\n    {detail}" for detail in (line.what, *line.details)) if line else ""
    return f"{head}{details}\n    entry {record.id}"
