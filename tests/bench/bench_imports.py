"""A nightly import: very many events through the door at once, while somebody keeps clicking."""

from __future__ import annotations

import argparse
import asyncio
import os
from time import perf_counter

import uvloop

from tests.bench import payloads
from tests.bench.bench_through import EVENTS as THROUGH
from tests.bench.bench_through import through
from tests.bench.databases import fresh, kinds
from tests.bench.load import closed_loop, open_loop
from tests.bench.report import Spread, found, heading, line
from tests.bench.serving import Server, door

EVENTS = 100_000
AT_ONCE = 5_000
SENDERS = 16
CLICKS_PER_S = 20
CLICK_P99_MS = 250.0
REDIS = "COUNTERSIGN_TEST_REDIS_URL"
GROWTH_MB = 32.0


def main(events: int = EVENTS, through_events: int = THROUGH, minutes: float = 1.0) -> None:
    """Measure the doors and then the whole way to the cards on each database, and print the report.

    Without *events* the doors are left out.
    """
    if events:
        at_the_door(events)
    for database in kinds():
        through(database, os.environ.get(REDIS), through_events, minutes * 60)


def at_the_door(events: int) -> None:
    """Measure how fast an import is taken in, and how long a click is on its way through the door."""
    for database in kinds():
        heading(
            f"Import on {database}: {events:,} events from {SENDERS} senders, {CLICKS_PER_S} clicks a second"
        )
        with fresh(database) as url, door("countersign", url) as server:
            _report(database, server, events)


def _report(database: str, server: Server, events: int) -> None:
    uvloop.run(_import(server, AT_ONCE, 0))  # so that buffers and pools are as large as they get
    memory, cpu = server.memory_mb, server.cpu
    seconds, clicks = 0.0, list[float]()
    for begin in range(AT_ONCE, events, AT_ONCE):
        took, clicked = uvloop.run(_import(server, AT_ONCE, begin))
        seconds += took
        clicks += clicked
    cpu, growth = server.cpu - cpu, server.memory_mb - memory
    stored = events - AT_ONCE
    line("taken in", f"{stored / seconds:,.0f} events/s")
    line("  processor time per 1,000 events, clicks included", f"{cpu / stored * 1000:.2f} s")
    spread = Spread.of(clicks)
    line("click on a card meanwhile", spread)
    found(
        f"  click during an import on {database}, 99th percentile",
        f"{spread.p99:.0f} ms",
        target=f"< {CLICK_P99_MS:.0f} ms",
        is_reached=spread.p99 < CLICK_P99_MS,
    )
    found(
        f"  memory after an import on {database}, from {memory:.0f} MB",
        f"{growth:+.1f} MB",
        target=f"< +{GROWTH_MB:.0f} MB",
        is_reached=growth < GROWTH_MB,
    )


async def _import(server: Server, count: int, begin: int) -> tuple[float, tuple[float, ...]]:
    """Send *count* events as they are taken; return the seconds and how long clicks took meanwhile."""
    events = [payloads.gift_received(begin + n) for n in range(count)]
    done = asyncio.Event()

    async def click() -> tuple[float, ...]:
        latencies: list[float] = []
        number = begin * 100
        while not done.is_set():
            some = [payloads.click(number + n) for n in range(CLICKS_PER_S // 4)]
            number += len(some)
            latencies += (await open_loop(server.port, some, per_second=CLICKS_PER_S)).latencies
        return tuple(latencies)

    clicking = asyncio.create_task(click())
    began = perf_counter()
    await closed_loop(server.port, events, clients=SENDERS, seconds=600)
    took = perf_counter() - began
    done.set()
    return took, await clicking


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--through", type=int, default=THROUGH)
    parser.add_argument("--minutes", type=float, default=1.0)
    options = parser.parse_args()
    main(options.events, options.through, options.minutes)
