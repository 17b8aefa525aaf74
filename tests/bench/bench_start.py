"""Starting: the command line's help, and the demo from nothing to ready, with the memory it then holds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.report import Spread, heading, line, verdict
from tests.bench.serving import ROOT, Server, demo, service

HELPS = 10
STARTS = 3
HELP_S = 0.3
READY_S = 2.0
MEMORY_MB = 200.0
IDLE_S = 5.0

Start = Callable[[Path], AbstractContextManager[tuple[Server, float]]]


def main() -> None:
    """Measure starts and memory."""
    heading("Starting")
    wall, cpu = _helps()
    met = verdict(reached=wall.p50 < HELP_S * 1000)
    line("countersign --help", wall, target=f"< {HELP_S} s: {met}")
    line("  processor time", f"p50 {cpu.p50:.0f} ms")
    for name, start, fresh in (
        ("serve to /readyz, first start", service, True),
        ("serve to /readyz, started again", service, False),
        ("demo to /readyz, first start", demo, True),
        ("demo to /readyz, started again", demo, False),
    ):
        ready, used, memory, idle = _starts(start, fresh=fresh)
        met = verdict(reached=ready.p50 < READY_S * 1000)
        line(name, ready, target=f"< {READY_S:.0f} s: {met}")
        line("  processor time", f"p50 {used.p50:.0f} ms")
    met = verdict(reached=memory < MEMORY_MB)
    line(
        f"memory of the demo after {IDLE_S:.0f} s", f"{memory:.0f} MB", target=f"< {MEMORY_MB:.0f} MB: {met}"
    )
    line("  processor time in these seconds", f"{idle * 1000:.0f} ms")


def _helps() -> tuple[Spread, Spread]:
    wall, cpu = [], []
    for _ in range(HELPS):
        before, began = _children(), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "bot", "--help"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        wall.append(time.perf_counter() - began)
        cpu.append(_children() - before)
    return Spread.of(wall), Spread.of(cpu)


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _starts(start: Start, *, fresh: bool) -> tuple[Spread, Spread, float, float]:
    """Return the times to ready, the processor times until then, the memory and the work while idle."""
    ready, used = [], []
    memory = idle = 0.0
    with TemporaryDirectory() as kept:
        if not fresh:
            with start(Path(kept)):
                pass
        for number in range(STARTS):
            with TemporaryDirectory() as empty, start(Path(empty if fresh else kept)) as (server, seconds):
                ready.append(seconds)
                used.append(server.cpu)
                if number == STARTS - 1:
                    before = server.cpu
                    time.sleep(IDLE_S)
                    memory, idle = server.memory_mb, server.cpu - before
    return Spread.of(ready), Spread.of(used), memory, idle


if __name__ == "__main__":
    main()
