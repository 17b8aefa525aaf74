"""`countersign audit verify`: prove that nobody changed the log, or name the first bad entry."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

from bot.checkpoint_files import checkpoint_places, head_of, read_outside
from bot.cli.complaint import complain
from bot.cli.console import print_json, progress, say
from bot.cli.loading import database_settings
from storage.database import Database
from storage.merkle import KnownRoot
from storage.removals import DeclaredRestore
from storage.signed_note import NoteInvalidError, VerifierKey
from storage.verification import AuditReport

MOST_FAULTS = 10
NO_CHECKPOINT = " There is no signed checkpoint yet to compare with."
RESTORED = (
    " A restored back-up looks like this too: then the entries since it was taken are lost, and the "
    "checkpoints from after it prove that they existed; keep those, and say so: countersign audit "
    "declare-restore --by EMAIL --reason TEXT"
)
EMPTY = (
    "The log is empty: nothing was recorded here yet. If a back-up was restored, this is not it, or not the "
    "whole of it: a copied .db file lacks what was still in its -wal."
)
LOST = (
    "Entries {first} to {last}{fewer} were lost in a restore that {by} declared on {at:%d %b %Y} "
    "(entry {entry}): {reason}"
)
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
    """Recompute chain, tree and commitments, and compare with every checkpoint there is."""
    try:
        known = await _known_roots(options, database)
    except (OSError, NoteInvalidError) as problem:
        return complain(f"The checkpoints cannot be read ({problem}).")
    if known.unsigned:
        complain("Not signed by any known key, and therefore ignored: " + ", ".join(known.unsigned))
    with_payloads = not options.entries_only
    faults = await database.read(
        lambda tx: [*tx.checkpoints.faults(), *tx.audit.contradictions(payloads=with_payloads)]
    )
    report = await _verified(database, known.roots, payloads=with_payloads)
    if options.json:
        print_json(_plain(report) | {"besides": faults, "unsigned": known.unsigned})
    elif report.ok:
        say(_sentence(report), "green")
    else:
        complain(f"The log was changed. {_fault(report)}")
    if not options.json:
        for restore in report.restores:
            say(lost_in(restore), "yellow")
    if faults and not options.json:
        complain(f"Besides the entries something was changed: {'; '.join(_shortened(faults))}.")
    return 0 if report.ok and not known.unsigned and not faults else 1


def _shortened(faults: list[str]) -> list[str]:
    more = len(faults) - MOST_FAULTS
    return faults if more <= 0 else [*faults[:MOST_FAULTS], f"and {more} more (--json names all)"]


@dataclass(frozen=True, slots=True)
class Known:
    """The roots that known keys vouch for, and where notes lie that none of them signed."""

    roots: tuple[KnownRoot, ...]
    unsigned: tuple[str, ...]


async def _known_roots(options: argparse.Namespace, database: Database) -> Known:
    """Collect checkpoints from the database, the places in the settings, and those named here."""
    stored, own = await database.read(lambda tx: (tx.checkpoints.all(), tx.checkpoints.signing_keys()))
    places = [place for place in checkpoint_places(database_settings(options.database)) if place.exists()]
    outside = read_outside([*places, *map(Path, options.checkpoints)])
    given = [VerifierKey.parse(text) for text in options.vkey]
    keys = given or [*(each.key for each in own), *outside.keys]
    notes = [*((f"checkpoint {c.size} in the database", c.note) for c in stored), *outside.notes]
    heads = [(where, head_of(note, keys)) for where, note in notes]
    return Known(
        roots=tuple({KnownRoot(head.size, head.root) for _, head in heads if head}),
        unsigned=tuple(where for where, head in heads if head is None),
    )


async def _verified(database: Database, roots: tuple[KnownRoot, ...], *, payloads: bool) -> AuditReport:
    total = (await database.read(lambda tx: tx.audit.head())).seq
    loop = asyncio.get_running_loop()
    with progress("Verifying") as bar:
        task = bar.add_task("entries", total=total)

        def heard(done: int) -> None:
            loop.call_soon_threadsafe(lambda: bar.update(task, completed=done))

        return await database.read(lambda tx: tx.audit.verify(heard, roots=roots, payloads=payloads))


def _sentence(report: AuditReport) -> str:
    if not report.entries + report.unsealed:
        return EMPTY
    removed = (
        f" {report.erased} of them have no payload any more, for recorded reasons." if report.erased else ""
    )
    if report.redacted:
        removed += f" {report.redacted} were rewritten without somebody who was erased, as recorded."
    waiting = f" {report.unsealed} more are not sealed yet." if report.unsealed else ""
    count = f"{report.roots} signed checkpoint{'' if report.roots == 1 else 's'}"
    signed = f" They agree with {count}." if report.roots else NO_CHECKPOINT
    but = " but for what was lost, see below" if report.restores else ""
    return f"{report.entries} entries verified.{removed}{waiting}{signed} Nobody changed the log{but}."


def lost_in(restore: DeclaredRestore) -> str:
    """Say which entries were lost in a declared restore, by whose word."""
    return LOST.format(
        first=restore.kept + 1,
        last=restore.lost_to,
        fewer="" if restore.exact else ", or fewer of them,",
        by=restore.by,
        at=restore.at,
        entry=restore.entry,
        reason=restore.reason,
    )


def _fault(report: AuditReport) -> str:
    seq, what = report.first_bad or (0, "changed")
    which = f"Entry {seq}" if seq else "An entry that is not sealed yet"
    until = f", up to entry {report.until}" if report.until else ""
    restored = RESTORED if what in ("truncated", "rewritten") else ""
    return f"{which} {WHAT[what]}{until}. The {report.entries} entries before it are right.{restored}"


def _plain(report: AuditReport) -> dict[str, object]:
    seq, what = report.first_bad or (None, None)
    return {
        "ok": report.ok,
        "entries": report.entries,
        "unsealed": report.unsealed,
        "erased": report.erased,
        "redacted": report.redacted,
        "checkpoints": report.roots,
        "head": report.head.hash,
        "first_bad": seq,
        "what": what,
        "until": report.until,
        "restores": [
            {"lost_from": each.kept + 1, "lost_to": each.lost_to, "exact": each.exact}
            | {"by": each.by, "reason": each.reason, "at": each.at.isoformat(), "entry": each.entry}
            for each in report.restores
        ],
    }
