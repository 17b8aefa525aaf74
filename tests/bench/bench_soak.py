"""The whole service under a steady stream of events for a while: memory and lag must not grow.

The simulated Slack and CRM have processes of their own, so memory and processor time are the service's alone;
they share the machine's cores with it all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median
from tempfile import TemporaryDirectory

import uvloop

from tests.bench import payloads
from tests.bench.load import open_loop
from tests.bench.report import Spread, found, heading, line
from tests.bench.serving import Beside, beside

PER_SECOND = 50
STEPS = 10
MOST_GROWTH = 1.10
LONGEST_LAG_S = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """A tenth of the soak: *lag* is how long the oldest event that waits has waited, in seconds."""

    memory_mb: float
    waiting: int
    lag: float
    cpu_per_event: float
    acknowledged: Spread


def main(minutes: float = 1.0) -> None:
    """Soak and print a small table."""
    heading(f"Soak: {PER_SECOND} events a second for {minutes:g} minutes, each worked through")
    with TemporaryDirectory() as directory, beside(Path(directory)) as running:
        count = max(PER_SECOND, int(minutes * 60 * PER_SECOND / STEPS))
        steps = [uvloop.run(_step(running, number, count)) for number in range(STEPS + 1)]
    for number, step in enumerate(steps):
        line(
            "warm-up" if number == 0 else f"{number}/{STEPS}",
            f"{step.memory_mb:6.1f} MB   {step.waiting:5} waiting, the oldest for {step.lag:5.2f} s   "
            f"{step.cpu_per_event * 1000:5.2f} s CPU per 1,000   202 p99 {step.acknowledged.p99:6.1f} ms",
        )
    _judge(steps)


def _judge(steps: list[Step]) -> None:
    half = len(steps) // 2
    growth = steps[-1].memory_mb / steps[half].memory_mb
    lag = steps[-1].lag
    # Not counting the warm-up; a service that cannot keep up loses as much in each step as in the one before.
    slope = linear_regression(range(STEPS), [step.lag for step in steps[1:]]).slope
    line("  lag, trend over the steps", f"{slope:+.3f} s per step")
    cpu = median(step.cpu_per_event for step in steps[1:]) * 1000
    line("  processor time of the service per 1,000 events", f"{cpu:.2f} s")
    found(
        "  memory at the end, compared with half-way",
        f"x {growth:.3f}",
        target=f"< x {MOST_GROWTH}",
        is_reached=growth < MOST_GROWTH,
    )
    found(
        "  lag at the end",
        f"{lag:.2f} s",
        target=f"< {LONGEST_LAG_S:.0f} s",
        is_reached=lag < LONGEST_LAG_S,
    )


async def _step(running: Beside, number: int, count: int) -> Step:
    server = running.service
    events = [payloads.opened(number * count + n) for n in range(count)]
    before = server.cpu
    run = await open_loop(server.port, events, per_second=PER_SECOND)
    cpu = (server.cpu - before) / count
    waiting, lag = await asyncio.to_thread(_behind, running.database)
    return Step(server.memory_mb, waiting, lag, cpu, Spread.of(run.latencies))


def _behind(database: Path) -> tuple[int, float]:
    query = (
        "SELECT count(*), min(received_at) FROM inbox WHERE status IN ('ready', 'in_flight') "
        "AND kind = 'crm_event'"
    )
    with contextlib.closing(sqlite3.connect(database)) as connection:
        waiting, oldest = connection.execute(query).fetchone()
    return waiting, 0.0 if oldest is None else max(0.0, time.time() - oldest / 1_000_000)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
