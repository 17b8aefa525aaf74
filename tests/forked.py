"""Processes that are forks of one which has imported everything: each starts at once and can be killed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parent.parent


Forking = subprocess.Popen[bytes]
"""The process whose forks run `countersign`."""


def start(
    forking: Forking,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    said: Path,
    log: Path,
) -> int:
    """Run `countersign` in *folder*; what it prints goes to *said*, what it complains of to *log*."""
    where = {"folder": str(folder), "said": str(said), "log": str(log)}
    order = {"start": [*arguments], "environment": {**environment}, **where}
    return int(_ask(forking, order)["pid"] or 0)


def end_of(forking: Forking, pid: int) -> dict[str, int | None]:
    """Wait for the end of a process and say how it came."""
    return _ask(forking, {"await": pid})


def _ask(forking: Forking, order: dict[str, object]) -> dict[str, int | None]:
    assert forking.stdin
    assert forking.stdout
    forking.stdin.write(json.dumps(order).encode() + b"\n")
    forking.stdin.flush()
    return dict(json.loads(forking.stdout.readline()))


@dataclass
class Nursery:
    """The process whose forks are bots, as the tests of one event loop use it."""

    process: Forking
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(
        self,
        environment: dict[str, str],
        log: Path,
        *,
        arguments: Sequence[str] = ("serve",),
        folder: Path = ROOT,
        said: Path | None = None,
    ) -> int:
        """Start a bot in *folder*; what it prints goes to *said*, or to its *log* as what it complains of."""
        async with self._turn, asyncio.timeout(PATIENCE_S):
            return await asyncio.to_thread(
                start, self.process, arguments, environment, folder, said or log, log
            )

    async def end_of(self, pid: int) -> dict[str, int | None]:
        """Wait for the end of a bot and say how it came."""
        async with self._turn, asyncio.timeout(PATIENCE_S):
            return await asyncio.to_thread(end_of, self.process, pid)


@contextmanager
def nursery_process() -> Iterator[Forking]:
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
