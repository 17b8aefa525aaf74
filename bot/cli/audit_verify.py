"""`countersign audit verify`: prove that nobody changed the log, or name the first bad entry."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.console import print_json, progress, say
from bot.cli.running import complain
from storage.audit import AuditReport
from storage.database import Database

WHAT = {
    "changed": "was changed",
    "inserted": "was put in later",
    "deleted": "was deleted",
    "reordered": "is not where it was",
    "truncated": "and everything behind it was cut off",
    "rewritten": "is the first that may have been rewritten, with all hashes behind it computed anew",
    "payload changed": "has another payload than the one it was sealed with",
    "payload missing": "has lost its payload, and nothing recorded explains that",
}


async def run(options: argparse.Namespace, database: Database) -> int:
    """Recompute chain, tree and commitments."""
    report = await _verified(database, payloads=not options.entries_only)
    if options.json:
        print_json(_plain(report))
    elif report.ok:
        say(_sentence(report), "green")
    else:
        complain(f"The log was changed. {_fault(report)}")
    return 0 if report.ok else 1


async def _verified(database: Database, *, payloads: bool) -> AuditReport:
    total = (await database.read(lambda tx: tx.audit.head())).seq
    loop = asyncio.get_running_loop()
    with progress("Verifying") as bar:
        task = bar.add_task("entries", total=total)

        def heard(done: int) -> None:
            loop.call_soon_threadsafe(lambda: bar.update(task, completed=done))

        return await database.read(lambda tx: tx.audit.verify(heard, payloads=payloads))


def _sentence(report: AuditReport) -> str:
    removed = (
        f" {report.erased} of them have no payload any more, for recorded reasons." if report.erased else ""
    )
    waiting = f" {report.unsealed} more are not sealed yet." if report.unsealed else ""
    return f"{report.entries} entries verified.{removed}{waiting} Nobody changed the log."


def _fault(report: AuditReport) -> str:
    seq, what = report.first_bad or (0, "changed")
    which = f"Entry {seq}" if seq else "An entry that is not sealed yet"
    until = f", up to entry {report.until}" if report.until else ""
    return f"{which} {WHAT[what]}{until}. The {report.entries} entries before it are right."


def _plain(report: AuditReport) -> dict[str, object]:
    seq, what = report.first_bad or (None, None)
    return {
        "ok": report.ok,
        "entries": report.entries,
        "unsealed": report.unsealed,
        "erased": report.erased,
        "checkpoints": report.roots,
        "head": report.head.hash,
        "first_bad": seq,
        "what": what,
        "until": report.until,
    }
