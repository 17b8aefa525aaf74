"""The queue: from the door through the durable row to the beginning of its work, on both buses, and aged."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast

from sqlalchemy import insert

from bot.clock import SystemClock
from bot.doorstep import Arrival, Doorstep
from bot.lanes import INBOUND
from bot.worker import Worker
from handlers.commands import HelpRequested
from handlers.context import Arrived, Context, Write
from storage.bell import Bell, InProcessBell, RedisBell
from storage.database import Database
from storage.ids import IdSource
from storage.migrate import upgrade
from storage.schema import INBOX
from storage.transaction import Transaction
from tests.bench.report import Spread, heading, line, verdict
from tests.loop.databases import copied_postgres, postgres_server, postgres_template

HOPS = 200
HOP_MS = 5.0
STORED = (10_000, 1_000_000)
AT_ONCE = 10_000
REDIS = "COUNTERSIGN_TEST_REDIS_URL"


def main() -> None:
    """Measure the hop on SQLite and PostgreSQL, then on databases that are years old."""
    heading("Queue hop: from the door, durable commit included, to the beginning of its work")
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'hop.db'}"
        upgrade(url)
        _report("SQLite, in-process bell", asyncio.run(hops(url, None)))
        for stored in STORED:
            asyncio.run(age(url, stored))
            _report(f"  the same with {stored:,} finished rows", asyncio.run(hops(url, None)))
    server, redis_url = postgres_server(), os.environ.get(REDIS)
    if server is None or redis_url is None:
        line("PostgreSQL, Redis bell", f"not measured: no server, or {REDIS} is not set")
        return
    with postgres_template(server) as template, copied_postgres(server, template) as url:
        _report("PostgreSQL, Redis bell", asyncio.run(hops(url, redis_url)))


def _report(what: str, spread: Spread) -> None:
    line(what, spread, target=f"p50 < {HOP_MS:.0f} ms: {verdict(reached=spread.p50 < HOP_MS)}")


@asynccontextmanager
async def _opened(url: str, redis_url: str | None) -> AsyncIterator[tuple[Database, Bell, Bell]]:
    """Open a database with the bell of a door and the bell of a worker: with Redis two different ones."""
    database = Database.open(url)
    alone = InProcessBell()
    bells: tuple[Bell, Bell] = (
        (RedisBell.open(redis_url, "bench"), RedisBell.open(redis_url, "bench"))
        if redis_url
        else (alone, alone)
    )
    try:
        yield database, *bells
    finally:
        for bell in bells:
            await bell.close()
        await database.close()


async def hops(url: str, redis_url: str | None) -> Spread:
    """Measure from the door to the beginning of the work, one after the other."""
    began: dict[str, float] = {}
    took: list[float] = []
    arrived = asyncio.Event()

    async def handle(command: HelpRequested, _arrived: Arrived, _context: Context) -> Write:
        took.append(time.perf_counter() - began[command.unknown])
        arrived.set()
        return lambda _tx: None

    clock = SystemClock()
    ids = IdSource(clock.now, os.urandom)
    async with _opened(url, redis_url) as (database, door, listening):
        context = cast("Context", _Bare(database, clock, ids))
        lane = replace(INBOUND, handlers={HelpRequested: handle})
        worker = Worker(lane, context, listening, owner="bench", slots=8, random=Random(1))
        stop = asyncio.Event()
        working = asyncio.create_task(worker.run(stop))
        doorstep = Doorstep(database, door, clock, ids)
        await asyncio.sleep(1.5)
        for number in range(HOPS):
            arrived.clear()
            name = f"{time.time_ns()}-{number}"
            command = HelpRequested.model_validate(
                {"by": {"id": "U1"}, "reply_to": {"channel_id": "C1", "user_id": "U1"}, "unknown": name}
            )
            began[name] = time.perf_counter()  # the durable commit counts as ours
            await doorstep.accept(command, Arrival(source="bench", dedupe_key=name, priority=10))
            await arrived.wait()
            await asyncio.sleep(0.005)
        stop.set()
        listening.ring("inbox")
        await working
    return Spread.of(took)


class _Bare:
    """As much of a context as a worker needs."""

    def __init__(self, database: Database, clock: SystemClock, ids: IdSource) -> None:
        self.database, self.clock, self.ids = database, clock, ids


async def age(url: str, stored: int) -> None:
    """Fill the inbox with what was handled over the years, ten thousand rows at once."""
    moment = datetime.now(UTC) - timedelta(days=20)

    def rows(begin: int) -> list[dict[str, Any]]:
        return [
            {
                "id": f"old-{stored}-{n}",
                "source": "crm",
                "dedupe_key": f"old-{stored}-{n}",
                "kind": "crm_event",
                "entity_key": f"donor:{n % 9000}",
                "body": b"{}" * 150,
                "correlation_id": "c",
                "priority": 50,
                "status": "done",
                "attempts": 1,
                "fence": 1,
                "received_at": moment,
                "first_due_at": moment,
                "available_at": moment,
                "finished_at": moment,
            }
            for n in range(begin, min(begin + AT_ONCE, stored))
        ]

    def write(tx: Transaction, begin: int) -> None:
        tx.inbox._connection.execute(insert(INBOX), rows(begin))

    database = Database.open(url)
    for begin in range(0, stored, AT_ONCE):
        await database.write(lambda tx, at=begin: write(tx, at))  # type: ignore[misc]
    await database.close()


if __name__ == "__main__":
    main()
