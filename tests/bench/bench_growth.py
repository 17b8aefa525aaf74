"""How the main figures grow while interactions pile up: 10,000, 100,000 and a million, on each database.

With the interactions of a year come a tenth as many audit entries and a twelfth as many finished rows in the
inbox, which keeps them for a month. Every figure is a median: of processor time for digests, pages and
events, this process's and the servers' together, and of elapsed time for the rest. A summary is asked of the
demo, which runs on SQLite alone. Takes about ten minutes on a machine of its own; what BOUND_S leaves no time
for is not measured, and the table says so. COUNTERSIGN_BENCH_INTERACTIONS is the most that are stored.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import uvloop
from sqlalchemy import Connection, make_url, text

from handlers.digests.add_up import add_up
from policy.digest import DigestKind
from storage.database import Database
from storage.migrate import upgrade
from tests.bench import payloads
from tests.bench.bench_audit import AT_ONCE, COUNTED, appending, entry, timed
from tests.bench.bench_digests import INTERACTIONS, context_over, look, one_digest
from tests.bench.bench_doors import acknowledge, ingest
from tests.bench.bench_loop import summaries
from tests.bench.bench_queue import age, hops
from tests.bench.many_interactions import fill
from tests.bench.report import heading
from tests.bench.serving import demo, door
from tests.databases import administer, perform, postgres_answers

SIZES = tuple(size for size in (10_000, 100_000, 1_000_000) if size <= INTERACTIONS)
BOUND_S = 780.0
ROUNDS = 3
EVENTS = 6_000
DAYS = 28
AUDITED, KEPT_IN_INBOX = 10, 12

Figures = dict[str, float]


def main() -> None:
    """Measure SQLite and, where a server answers, PostgreSQL; a table for each."""
    until = time.monotonic() + BOUND_S
    server = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL")
    kinds = ["sqlite", *(["postgresql"] if server and postgres_answers(server) else [])]
    measured: dict[str, dict[int, Figures]] = {kind: {} for kind in kinds}
    filled, read = dict.fromkeys(kinds, 0.0), dict.fromkeys(kinds, 0.0)
    for size in SIZES:
        for kind in kinds:
            # Filling takes ten times as long for ten times as many, measuring only a little longer.
            if time.monotonic() + 10 * filled[kind] + 2 * read[kind] > until:
                continue
            began = time.monotonic()
            with _stored(kind, server or "", size) as url:
                filled[kind], began = time.monotonic() - began, time.monotonic()
                measured[kind][size] = _figures(kind, url, size)
            read[kind] = time.monotonic() - began
    for kind in kinds:
        _table(kind, measured[kind])


@contextmanager
def _stored(kind: str, server: str, size: int) -> Iterator[str]:
    """Make a database that holds so many interactions, with everything that is kept of them."""
    with TemporaryDirectory() as folder:
        url, name = f"sqlite:///{Path(folder) / 'countersign.db'}", f"bench_{secrets.token_hex(4)}"
        if kind == "postgresql":
            administer(server, f"CREATE DATABASE {name}")
            administer(server, f"ALTER DATABASE {name} SET max_parallel_workers_per_gather = 0")
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
        try:
            upgrade(url)
            perform(url, lambda connection: _fill(connection, size))
            asyncio.run(_live_on(url, size))
            yield url
        finally:
            if kind == "postgresql":
                administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _fill(connection: Connection, size: int) -> None:
    fill(connection, size)
    connection.execute(text("ANALYZE"))


async def _live_on(url: str, size: int) -> None:
    await age(url, size // KEPT_IN_INBOX)
    database = Database.open(url)
    try:
        for first in range(0, size // AUDITED, AT_ONCE):
            entries = [entry(number) for number in range(first, first + AT_ONCE)]
            await database.write(lambda tx, some=entries: [tx.audit.append(each) for each in some])  # type: ignore[misc]
        await add_up(context_over(database))
    finally:
        await database.close()


def _figures(kind: str, url: str, size: int) -> Figures:
    redis = os.environ.get("COUNTERSIGN_TEST_REDIS_URL") if kind == "postgresql" else None
    found = asyncio.run(_read(url))
    found["audit append, one counted entry, ms"] = asyncio.run(_append(url, size))
    found["queue hop, ms"] = asyncio.run(hops(url, redis)).p50
    if kind == "sqlite":
        found["donor summary in the demo, ms"] = _summarised(Path(make_url(url).database or ""))
    return found | _at_the_doors(url)


async def _read(url: str) -> Figures:
    """Count each digest and look at a page, by processor time."""
    database, found = Database.open(url), Figures()
    try:
        for digest in DigestKind:
            taken = [await one_digest(database, digest, DAYS, url) for _ in range(ROUNDS)]
            found[f"digest, {digest.value}, CPU ms"] = 1000 * median(cpu for cpu, _ in taken)
        looked = [await look(database, DigestKind.OVERRIDE, None, DAYS, url) for _ in range(ROUNDS)]
        found["dashboard page, override, CPU ms"] = 1000 * median(cpu for cpu, _ in looked)
    finally:
        await database.close()
    return found


async def _append(url: str, size: int) -> float:
    database, took = Database.open(url), list[float]()
    try:
        for number in range(10):
            first = size + number * AT_ONCE
            entries = [entry(first + n, COUNTED) for n in range(AT_ONCE)]
            took.append(await timed(database, [appending(each) for each in entries]))
    finally:
        await database.close()
    return 1000 * median(took) / AT_ONCE


def _at_the_doors(url: str) -> Figures:
    with door("countersign", url) as server:
        command, _, _ = asyncio.run(acknowledge(server, payloads.command, may_refuse=False))
        click, _, _ = asyncio.run(acknowledge(server, payloads.click, may_refuse=False))
        rounds = [uvloop.run(ingest(server, EVENTS, number, may_refuse=False)) for number in range(ROUNDS)]
    return {
        "command acknowledged, ms": command.p50,
        "click acknowledged, ms": click.p50,
        "events taken in a second": median(each.run.per_second for each in rounds),
        "CPU s of the service per 1,000 events": 1000 * median(each.cpu for each in rounds),
    }


def _summarised(file: Path) -> float:
    with TemporaryDirectory() as folder:
        shutil.copy(file, Path(folder) / "countersign.db")
        with demo(Path(folder), "--no-model") as (server, _):
            spread, _ = asyncio.run(summaries(server, thinking_ms=None))
    return spread.p50


def _table(kind: str, measured: dict[int, Figures]) -> None:
    heading(f"Growth on {kind}: stored interactions")
    sizes = list(measured)
    print(f"  {'':<40}{''.join(f'{size:>12,}' for size in sizes)}   times", flush=True)
    for name in next(iter(measured.values()), {}):
        values = [measured[size][name] for size in sizes]
        print(
            f"  {name:<40}{''.join(f'{value:>12,.2f}' for value in values)}   {_ratios(values)}", flush=True
        )
    for size in SIZES:
        if size not in measured:
            print(f"  {size:,} stored: not measured, {BOUND_S / 60:.0f} minutes were over", flush=True)


def _ratios(values: Sequence[float]) -> str:
    return "  ".join(f"{later / values[0]:.2f}" for later in values[1:] if values[0])


if __name__ == "__main__":
    main()
