"""Bots that are forks of one process which has imported everything: each starts at once and can be killed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parent.parent


@dataclass
class Nursery:
    """The process whose forks are bots, as the tests of one event loop use it."""

    process: subprocess.Popen[bytes]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(
        self, environment: dict[str, str], log: Path, *, folder: Path = ROOT, said: Path | None = None
    ) -> int:
        """Start a bot in *folder*; what it prints goes to *said*, or to its *log* as what it complains of."""
        order = {"start": environment, "folder": str(folder), "said": str(said or log), "log": str(log)}
        return int((await self._ask(order))["pid"] or 0)

    async def end_of(self, pid: int) -> dict[str, int | None]:
        """Wait for the end of a bot and say how it came."""
        return await self._ask({"await": pid})

    async def _ask(self, order: dict[str, object]) -> dict[str, int | None]:
        async with self._turn, asyncio.timeout(PATIENCE_S):
            return dict(json.loads(await asyncio.to_thread(self._exchange, order)))

    def _exchange(self, order: dict[str, object]) -> bytes:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def nursery_process() -> Iterator[subprocess.Popen[bytes]]:
    """Whoever forks the bots; starting it costs a few seconds, each of its bots next to nothing."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COUNTERSIGN_", "SLACK_"))}
    command = [sys.executable, "-m", "tests.nursery"]
    with subprocess.Popen(
        command, cwd=ROOT, env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process  # with its input closed it ends


def is_running(pid: int) -> bool:
    """Whether a bot works; an ended one stays a zombie until its end is asked for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
