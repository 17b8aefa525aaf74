"""The audit: appending beside plain inserts of the same bytes, and verifying a million entries."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, TypeVar

from sqlalchemy import Column, MetaData, Table, insert, select

from storage.appending import AuditEntry
from storage.database import Database
from storage.keys import KeyRing
from storage.merkle import GrowingTree, KnownRoot
from storage.migrate import upgrade
from storage.schema import AUDIT_LOG, AUDIT_PAYLOADS
from storage.sqlite import sqlite_engine
from storage.transaction import Transaction
from tests.bench.report import heading, line, verdict

T = TypeVar("T")
AT_ONCE = 256
ROUNDS = 60
MILLION = 1_000_000
DONORS = 2000
RATIO = 0.8
VERIFY_S = 5.0
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

PLAIN = Table(
    "plain",
    MetaData(),
    Column("position", AUDIT_LOG.c.position.type, primary_key=True, autoincrement=True),
    Column("id", AUDIT_LOG.c.id.type, unique=True),
    *(Column(c.name, c.type) for c in AUDIT_LOG.c if c.name not in ("position", "id")),
    *(Column(c.name, c.type) for c in AUDIT_PAYLOADS.c if c.name in ("alg", "payload")),
)


PLAINLY, COUNTED = "card.shown", "escalation.approved"
"""A kind of entry that is only recorded, and one that is counted for digests in the same transaction."""


def entry(number: int, kind: str = PLAINLY) -> AuditEntry:
    """Build an entry as large as an approval is."""
    return AuditEntry(
        id=f"01K{number:023d}",
        at=NOW + timedelta(milliseconds=7 * number),
        kind=kind,
        correlation_id=f"01J{number // 3:023d}",
        subject=f"donor-{number % DONORS:04d}",
        actor="slack:U0OLIVIA0",
        payload={
            "escalation_id": f"01H{number:023d}",
            "name": "Olivia Hart",
            "role": "owner",
            "action": {
                "kind": "create_task",
                "donor_id": f"donor-{number % DONORS:04d}",
                "title": "Thank-you call to Jane Doe for $2,500",
                "due_on": "2026-11-24",
                "details": "A first gift after four years; she asked about the boat house.",
            },
            "action_digest": "ab" * 32,
            "policy_version": "cd" * 32,
            "waited_seconds": 311,
        },
    )


def main() -> None:
    """Measure appending on SQLite, then verifying."""
    with TemporaryDirectory() as folder:
        heading(f"Audit: appending beside plain inserts, {AT_ONCE} works at once, each work one entry")
        asyncio.run(_append(f"sqlite:///{Path(folder) / 'append.db'}"))
        heading(f"Audit: verifying {MILLION:,} entries on one core")
        _verify(f"sqlite:///{Path(folder) / 'verify.db'}", MILLION)


async def _append(url: str) -> None:
    upgrade(url)
    database = Database.open(url, keys=KeyRing(secrets.token_bytes(32)))
    await database.write(lambda tx: PLAIN.create(tx.audit._connection))
    ours, plain, counted = list[float](), list[float](), list[float]()
    for number in range(ROUNDS):
        first = number * AT_ONCE * 2
        entries = [entry(first + n) for n in range(AT_ONCE)]
        others = [entry(first + AT_ONCE + n, COUNTED) for n in range(AT_ONCE)]
        ours.append(await timed(database, [appending(each) for each in entries]))
        rows = await database.read(lambda tx, ids=[e.id for e in entries]: _same_bytes(tx, ids))  # type: ignore[misc]
        beside: list[tuple[list[float], list[Callable[[Transaction], object]]]] = [
            (plain, [_inserting(row) for row in rows]),
            (counted, [appending(each) for each in others]),
        ]
        # By turns, so that neither always comes last, when the log has grown and the disk has work left.
        for times, works in beside if number % 2 else reversed(beside):
            times.append(await timed(database, works))
    await database.close()
    # Each round is compared with the one beside it, so that both had the same neighbours on the machine.
    ratio, with_counting = (
        median(other / own for own, other in zip(each, plain, strict=True)) for each in (ours, counted)
    )
    line("through the audit", f"{AT_ONCE / median(ours):9,.0f} entries/s")
    line("plain inserts of the same bytes", f"{AT_ONCE / median(plain):9,.0f} rows/s")
    line(
        "ratio, median of the rounds", f"{ratio:.2f}", target=f">= {RATIO}: {verdict(reached=ratio >= RATIO)}"
    )
    line("with figures for the digests counted besides", f"{AT_ONCE / median(counted):9,.0f} entries/s")
    line("ratio", f"{with_counting:.2f}", target=f">= {RATIO}: {verdict(reached=with_counting >= RATIO)}")


def appending(each: AuditEntry) -> Callable[[Transaction], None]:
    """Return the work that appends one entry."""
    return lambda tx: tx.audit.append(each)


def _inserting(row: dict[str, Any]) -> Callable[[Transaction], object]:
    return lambda tx: tx.audit._connection.execute(_PLAIN_INSERT, row)


_PLAIN_INSERT = insert(PLAIN).inline()


async def timed(database: Database, works: Sequence[Callable[[Transaction], object]]) -> float:
    """Return how many seconds it takes until all works are durable."""
    began = perf_counter()
    await asyncio.gather(*map(database.write, works))
    return perf_counter() - began


def _same_bytes(tx: Transaction, ids: list[str]) -> list[dict[str, Any]]:
    both = AUDIT_LOG.join(AUDIT_PAYLOADS, AUDIT_PAYLOADS.c.entry_id == AUDIT_LOG.c.id)
    query = (
        select(
            *(c for c in both.c if c.name in PLAIN.c and c.table is AUDIT_LOG),
            AUDIT_PAYLOADS.c.alg,
            AUDIT_PAYLOADS.c.payload,
        )
        .select_from(both)
        .where(AUDIT_LOG.c.id.in_(ids))
    )
    found = [dict(row) for row in tx.audit._connection.execute(query).mappings()]
    return [{name: value for name, value in row.items() if name != "position"} for row in found]


def _verify(url: str, count: int) -> None:
    upgrade(url)
    keys = KeyRing(secrets.token_bytes(32))
    engine = sqlite_engine(url, begin="BEGIN", query_only=False, connections=1)
    tree = GrowingTree()
    for start in range(0, count, 10_000):
        with engine.connect() as connection, connection.begin():
            tx = Transaction(connection, secrets.token_bytes, keys)
            for number in range(start, min(start + 10_000, count)):
                tx.audit.append(entry(number))
            tx.audit.flush()
    with engine.connect() as connection:
        found = connection.execute(select(AUDIT_LOG.c.leaf_hash).order_by(AUDIT_LOG.c.seq)).scalars()
        tree.extend(found)
        roots = (KnownRoot(count, tree.root()),)
        tx = Transaction(connection, secrets.token_bytes, keys)
        for what, options, target in (
            ("leaves, columns and hash chain", {"payloads": False}, VERIFY_S),
            ("the same and the tree against a checkpoint", {"payloads": False, "roots": roots}, VERIFY_S),
            ("the same and every payload, decrypted", {"roots": roots}, None),
        ):
            began, used = perf_counter(), process_time()
            report = tx.audit.verify(**options)  # type: ignore[arg-type]
            took, cpu = perf_counter() - began, process_time() - used
            if not report.ok:
                sys.exit(f"the log is wrong: {report.first_bad}")
            aim = f"< {target:.0f} s: {verdict(reached=cpu < target)}" if target else ""
            line(what, f"{took:6.2f} s, processor {cpu:5.2f} s", target=aim)
    engine.dispose()


if __name__ == "__main__":
    main()
