"""A PostgreSQL cluster and a Redis of our own, to be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.bench.serving import free_port

PATIENCE_S = 30.0


class Missing(Exception):
    """A server program is not installed here."""


def _as_nobody_special(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@dataclass
class Postgres:
    """A cluster with synchronous commits, as in production."""

    folder: Path
    port: int
    programs: Path

    @property
    def url(self) -> str:
        return self.at(self.port)

    def at(self, port: int) -> str:
        """Return the address by way of *port*."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        self._ctl("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Pull the plug; *immediate* leaves recovery to the next start."""
        self._ctl("-m", mode, "stop")

    def _ctl(self, *arguments: str) -> None:
        command = [str(self.programs / "pg_ctl"), "-s", "-D", str(self.folder), *arguments]
        subprocess.run(_as_nobody_special(command), check=True, stdout=subprocess.DEVNULL)


@contextmanager
def own_postgres(folder: Path) -> Iterator[Postgres]:
    """Make a cluster in *folder*; raises Missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    here = shutil.which("initdb")
    if not found and not here:
        raise Missing("PostgreSQL's initdb")
    programs = found[-1].parent if found else Path(str(here)).parent
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        folder.parent.chmod(0o755)
    init = [str(programs / "initdb"), "-D", str(folder), "-A", "trust", "-U", "postgres"]
    subprocess.run(_as_nobody_special(init), check=True, stdout=subprocess.DEVNULL)
    server = Postgres(folder, free_port(), programs)
    server.start()
    try:
        yield server
    finally:
        subprocess.run(
            _as_nobody_special(
                [str(programs / "pg_ctl"), "-s", "-D", str(folder), "-m", "immediate", "stop"]
            ),
            check=False,
            stderr=subprocess.DEVNULL,
        )


@dataclass
class Bell:
    """A Redis that keeps nothing."""

    port: int
    program: str
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        command = [
            self.program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = redis.Redis(port=self.port)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    await asyncio.sleep(0.05)
        client.close()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def flush(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()


@asynccontextmanager
async def own_redis() -> AsyncIterator[Bell]:
    """Run a Redis of our own; raises Missing."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("redis-server")
    server = Bell(free_port(), program)
    await server.start()
    try:
        yield server
    finally:
        server.kill()
