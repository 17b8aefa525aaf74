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

from tests.databases import administer
from tests.ports import free_port

PATIENCE_S = 30.0
CLOCK = (
    """
    CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$SELECT pg_catalog.clock_timestamp() + make_interval(secs => pg_read_file('{file}')::float)$$
    """,
    "ALTER DATABASE postgres SET search_path = public, pg_catalog",
)
"""A clock that can be set, in front of the server's own: that one is this machine's, which is everybody's."""


class Missing(Exception):
    """A server program is not installed here."""


def _as_nobody_special(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@dataclass
class Postgres:
    """A cluster with synchronous commits, as in production; *clock* says how far its clock is off."""

    folder: Path
    port: int
    programs: Path
    clock: Path

    def keep_running(self) -> None:
        """Start the server again if it has given up."""
        if not self.is_running():
            self.start()

    def set_clock(self, seconds: int) -> None:
        """Have the server's clock be off by so many *seconds*."""
        being_written = self.clock.with_suffix(".new")
        being_written.write_text(str(seconds))
        being_written.chmod(0o644)
        being_written.replace(self.clock)

    def is_running(self) -> bool:
        command = [str(self.programs / "pg_ctl"), "-s", "-D", str(self.folder), "status"]
        asked = subprocess.run(_as_nobody_special(command), check=False, capture_output=True)
        return asked.returncode == 0

    @property
    def url(self) -> str:
        return self.at(self.port)

    def at(self, port: int) -> str:
        """Return the address by way of *port*."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        options += " -c max_wal_size=64MB -c min_wal_size=32MB"
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
        for above in folder.parents[:2]:
            above.chmod(0o755)
    init = [str(programs / "initdb"), "-D", str(folder), "-A", "trust", "-U", "postgres"]
    subprocess.run(_as_nobody_special(init), check=True, stdout=subprocess.DEVNULL)
    server = Postgres(folder, free_port(), programs, folder.parent.parent / "clock-of-the-server")
    server.start()
    server.set_clock(0)
    administer(server.url, *(each.format(file=server.clock) for each in CLOCK))
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
