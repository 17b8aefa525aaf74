"""What the tests do to databases from outside of the product."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection, make_url

from storage.migrate import upgrade
from storage.postgresql import run_alone
from storage.sqlite import sqlite_engine

T = TypeVar("T")

LOCAL_POSTGRES = (
    "postgresql://postgres@127.0.0.1:5432/postgres",
    "postgresql://root@127.0.0.1:5432/postgres",
)


@cache
def _newest_schema() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def fresh_sqlite(path: Path) -> str:
    """Put an empty database at the newest schema into the file *path* and return its URL.

    It is a copy: whoever tests the migrations themselves calls `upgrade`.
    """
    path.write_bytes(_newest_schema())
    return f"sqlite:///{path}"


def postgres_answers(url: str) -> bool:
    """Say whether a server is there and lets us in."""
    try:
        administer(url)
    except (OSError, asyncpg.PostgresError):
        return False
    return True


def administer(url: str, *statements: str) -> None:
    """Run statements on PostgreSQL, each for itself; also while an event loop runs in this thread."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    async def run() -> None:
        server = await asyncpg.connect(address, timeout=2)
        try:
            for statement in statements:
                await server.execute(statement)
        finally:
            await server.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(run())).result()


def perform(url: str, work: Callable[[Connection], T]) -> T:
    """Run *work* in a transaction on either kind of database, whether or not an event loop runs here."""
    if make_url(url).get_backend_name() == "postgresql":
        return run_alone(url, work)
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE", query_only=False, connections=1)
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()
