"""The doors: how fast a click, a command and an event are stored and acknowledged, beside the plain way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import payloads
from tests.bench.load import Run, closed_loop, open_loop
from tests.bench.report import Spread, heading, line, verdict
from tests.bench.serving import Server, door

RATE = 100
ACKNOWLEDGED = 300
ACKNOWLEDGED_P99_MS = 50.0
CLIENTS = 32
INGEST_S = 3.0
EVENTS = 16_000
WARM_UP = 40
KINDS = ("countersign", "plain")

Made = Callable[[int], bytes]


def main() -> None:
    """Measure both doors and print the report."""
    acknowledged()
    ingested()


def acknowledged() -> None:
    """Measure clicks and commands at a steady rate."""
    heading(f"Slack: stored and acknowledged, {RATE} requests a second, open loop")
    for name, made in (("/donor command", payloads.command), ("click on a card", payloads.click)):
        found: dict[str, tuple[Spread, float]] = {}
        for kind in KINDS:
            with TemporaryDirectory() as directory, door(kind, Path(directory)) as server:
                found[kind] = asyncio.run(_acknowledge(server, made))
        ours, plain = found["countersign"], found["plain"]
        met = verdict(reached=ours[0].p99 < ACKNOWLEDGED_P99_MS)
        size = len(made(0)) / 1000
        line(f"{name} ({size:.1f} kB)", ours[0], target=f"p99 < {ACKNOWLEDGED_P99_MS:.0f} ms: {met}")
        line("  plain Bolt, FastAPI, session per request", plain[0], remark=_times(plain[0].p50, ours[0].p50))
        line("  processor time of the server per request", _both(ours[1], plain[1]))


async def _acknowledge(server: Server, made: Made) -> tuple[Spread, float]:
    await closed_loop(server.port, [made(n) for n in range(WARM_UP)], clients=2, seconds=9)
    requests = [made(n) for n in range(WARM_UP, WARM_UP + ACKNOWLEDGED)]
    before = server.cpu
    run = await open_loop(server.port, requests, per_second=RATE)
    return Spread.of(run.latencies), (server.cpu - before) / ACKNOWLEDGED


def ingested() -> None:
    """Measure how many events are taken in when they come as fast as they can."""
    heading(f"CRM events: verified, stored and answered 202, {CLIENTS} clients, closed loop")
    found: dict[str, tuple[Run, float]] = {}
    for kind in KINDS:
        with TemporaryDirectory() as directory, door(kind, Path(directory)) as server:
            found[kind] = asyncio.run(_ingest(server))
    for kind, (run, cpu) in found.items():
        line(f"{kind}", f"{run.per_second:,.0f} events/s   {Spread.of(run.latencies)}")
        line("  processor time of the server per event", f"{cpu * 1e6:,.0f} µs")
    ours, plain = found["countersign"], found["plain"]
    line("  ratio", f"{ours[0].per_second / plain[0].per_second:.1f} x the events per second")
    line("  ratio by processor time", f"{plain[1] / ours[1]:.1f} x the events per processor second")


async def _ingest(server: Server) -> tuple[Run, float]:
    events = [payloads.gift_received(n) for n in range(EVENTS)]
    await closed_loop(server.port, events[:WARM_UP], clients=2, seconds=9)
    before = server.cpu
    run = await closed_loop(server.port, events[WARM_UP:], clients=CLIENTS, seconds=INGEST_S)
    return run, (server.cpu - before) / len(run.latencies)


def _times(plain: float, ours: float) -> str:
    return f"{plain / ours:.1f} x ours at the median"


def _both(ours: float, plain: float) -> str:
    return f"ours {ours * 1e6:,.0f} µs, plain {plain * 1e6:,.0f} µs"


if __name__ == "__main__":
    main()
