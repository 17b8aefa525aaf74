"""A PostgreSQL cluster and a Redis of our own, to be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.ports import free_port

PATIENCE_S = 30.0


class Missing(Exception):
    """A server program is not installed here."""


def _as_nobody_special(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


ROOM = "400m"
_SEVERAL_NAMESPACES = 0x00020000  # CLONE_NEWNS


def _small_disk(folder: Path) -> bool:
    """Put a small file system at *folder* that goes when this process does; False if we may not."""
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(_SEVERAL_NAMESPACES) != 0:
        return False
    commands = (
        ("mount", "--make-rprivate", "/"),
        ("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)),
    )
    return all(
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
        for command in commands
    )


@dataclass
class Postgres:
    """A cluster with synchronous commits, as in production; *is_small* tells that its disk can be filled."""

    folder: Path
    port: int
    programs: Path
    is_small: bool = False

    @property
    def filler(self) -> Path:
        return self.folder.parent / "filler"

    def fill(self, leave: int) -> None:
        """Use up the disk but for *leave* bytes."""
        piece = 65_536
        with self.filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):  # full before that
            while shutil.disk_usage(self.folder).free > leave:
                file.write(bytes(piece))

    def make_room(self) -> None:
        """Free what was used up, and start the server again if it has given up meanwhile."""
        self.filler.unlink(missing_ok=True)
        if not self.is_running():
            self.start()

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
    is_small = _small_disk(folder)
    folder = folder / "data"
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        for above in folder.parents[:2]:
            above.chmod(0o755)
    init = [str(programs / "initdb"), "-D", str(folder), "-A", "trust", "-U", "postgres"]
    subprocess.run(_as_nobody_special(init), check=True, stdout=subprocess.DEVNULL)
    server = Postgres(folder, free_port(), programs, is_small)
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
        if is_small:
            subprocess.run(["umount", "-l", str(folder.parent)], check=False, stderr=subprocess.DEVNULL)


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
