"""The doors: how fast a click, a command and an event are stored and acknowledged, beside the plain way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import uvloop

from tests.bench import payloads
from tests.bench.databases import SQLITE, fresh, kinds
from tests.bench.load import Run, closed_loop, open_loop
from tests.bench.report import Spread, found, heading, line
from tests.bench.serving import Server, door

RATE = 100
ACKNOWLEDGED = 300
ACKNOWLEDGED_P99_MS = 50.0
CLIENTS = 32
ROUNDS = 5
ROUND_S = 2.0
EVENTS = {"countersign": 40_000, "plain": 4_000}
TIMES = 8.0
INGEST_P99_MS = 20.0
WARM_UP = 40
PLAIN = "plain"
KINDS = ("countersign", PLAIN)

Made = Callable[[int], bytes]


def main() -> None:
    """Measure both doors and print the report."""
    acknowledged()
    for database in kinds():
        ingested(database)


def acknowledged() -> None:
    """Measure clicks and commands at a steady rate."""
    heading(f"Slack: stored and acknowledged, {RATE} requests a second, open loop")
    for name, made in (("/donor command", payloads.command), ("click on a card", payloads.click)):
        taken: dict[str, tuple[Spread, float, int]] = {}
        for kind in KINDS:
            with fresh(SQLITE) as url, door(kind, url) as server:
                taken[kind] = asyncio.run(acknowledge(server, made, may_refuse=kind == PLAIN))
        ours, plain = taken["countersign"], taken["plain"]
        line(f"{name} ({len(made(0)) / 1000:.1f} kB)", ours[0])
        found(
            f"  {name}, 99th percentile",
            f"{ours[0].p99:.1f} ms",
            target=f"< {ACKNOWLEDGED_P99_MS:.0f} ms",
            is_reached=ours[0].p99 < ACKNOWLEDGED_P99_MS,
        )
        line("  plain Bolt, FastAPI, session per request", plain[0], remark=_times(plain[0].p50, ours[0].p50))
        _tell_refused(plain[2])
        line("  processor time of the server per request", _both(ours[1], plain[1]))


async def acknowledge(server: Server, made: Made, *, may_refuse: bool) -> tuple[Spread, float, int]:
    """Measure requests at a steady rate; with it the server's processor seconds for each, and refusals."""
    warm_up = [made(n) for n in range(WARM_UP)]
    await closed_loop(server.port, warm_up, clients=2, seconds=9, may_refuse=may_refuse)
    requests = [made(n) for n in range(WARM_UP, WARM_UP + ACKNOWLEDGED)]
    before = server.cpu
    run = await open_loop(server.port, requests, per_second=RATE, may_refuse=may_refuse)
    return Spread.of(run.latencies), (server.cpu - before) / ACKNOWLEDGED, run.refused


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of door, under as much as it takes for a moment; *cpu* is the server's seconds per event."""

    run: Run
    cpu: float


def ingested(database: str) -> None:
    """Measure how many events are taken in when they come as fast as they can, each way in turn."""
    heading(f"CRM events on {database}: verified, durable, answered 202; {CLIENTS} clients, closed loop")
    with ExitStack() as stack:
        servers = {
            kind: stack.enter_context(door(kind, stack.enter_context(fresh(database)))) for kind in KINDS
        }
        rounds = {kind: list[Round]() for kind in KINDS}
        for number in range(ROUNDS):
            for kind in KINDS:
                rounds[kind].append(
                    uvloop.run(ingest(servers[kind], EVENTS[kind], number, may_refuse=kind == PLAIN))
                )
    for kind in KINDS:
        line(kind, f"{_rate(rounds[kind]):,.0f} events/s   {_latencies(rounds[kind])}")
        line("  processor time of the server per 1,000 events", f"{_cpu(rounds[kind]) * 1000:.2f} s")
    _tell_refused(sum(each.run.refused for each in rounds[PLAIN]))
    ours, plain = rounds["countersign"], rounds[PLAIN]
    times = median(a.run.per_second / b.run.per_second for a, b in zip(ours, plain, strict=True))
    found(
        f"  events/s on {database}, the plain way = 1",
        f"{times:.1f}",
        target=f">= {TIMES:.0f}",
        is_reached=times >= TIMES,
    )
    line("  by processor time", f"{_cpu(plain) / _cpu(ours):.1f} x the events per processor second")
    p99 = median(Spread.of(each.run.latencies).p99 for each in ours)
    found(
        f"  99th percentile at saturation on {database}, median of {ROUNDS} rounds",
        f"{p99:.1f} ms",
        target=f"< {INGEST_P99_MS:.0f} ms",
        is_reached=p99 < INGEST_P99_MS,
    )


async def ingest(server: Server, count: int, number: int, *, may_refuse: bool) -> Round:
    """Take in events that no other round *number* brings, as fast as they can come."""
    events = [payloads.gift_received(number * count + n) for n in range(count)]
    await closed_loop(server.port, events[:WARM_UP], clients=2, seconds=9, may_refuse=may_refuse)
    before, rest = server.cpu, events[WARM_UP:]
    run = await closed_loop(server.port, rest, clients=CLIENTS, seconds=ROUND_S, may_refuse=may_refuse)
    return Round(run, (server.cpu - before) / len(run.latencies))


def _rate(rounds: list[Round]) -> float:
    return median(each.run.per_second for each in rounds)


def _cpu(rounds: list[Round]) -> float:
    return median(each.cpu for each in rounds)


def _latencies(rounds: list[Round]) -> Spread:
    return Spread.of([latency for each in rounds for latency in each.run.latencies])


def _tell_refused(count: int) -> None:
    """Say how often the plain way answered otherwise under load; its figures are of what it did answer."""
    if count:
        line("  answered otherwise than with success, and not counted", f"{count} requests")


def _times(plain: float, ours: float) -> str:
    return f"{plain / ours:.1f} x ours at the median"


def _both(ours: float, plain: float) -> str:
    return f"ours {ours * 1e6:,.0f} µs, plain {plain * 1e6:,.0f} µs"


if __name__ == "__main__":
    main()
