"""What was deleted is in no file any more; whoever keeps it there by reading on is waited for and told of."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest
from sqlalchemy import Connection, delete, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

import storage.vacuum
from bot.cli import audit_encrypt, audit_erase
from storage.schema import SETTINGS
from storage.settings import Settings
from storage.vacuum import vacuum
from tests.databases import administer, perform
from tests.patience import PATIENCE_S

SECRET = b"nobody may read this"
LONGEST_S = 20
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
End = Callable[[], Awaitable[None]]


def _put(connection: Connection, name: str = "secret") -> None:
    Settings(connection).put(name, SECRET.decode(), NOON)


def _forget(connection: Connection) -> None:
    connection.execute(SETTINGS.delete())


def _is_there(url: str) -> bool:
    """Look into the files themselves, where what was deleted stays until they are rebuilt."""
    if make_url(url).get_backend_name() == "sqlite":
        path = Path(make_url(url).database or "")
        return any(SECRET in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    administer(url, "CHECKPOINT")
    file = text("SELECT pg_read_binary_file(pg_relation_filepath('settings'))")
    return perform(url, lambda connection: SECRET in bytes(connection.execute(file).scalar_one()))


@asynccontextmanager
async def _reading(url: str) -> AsyncIterator[End]:
    """Be somebody who reads, from before it is deleted until told to end."""
    if make_url(url).get_backend_name() == "sqlite":
        connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM settings").fetchall()

        async def close() -> None:
            connection.close()

        yield close
        connection.close()
        return
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    server = await asyncpg.connect(address)
    await server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    yield server.close
    await server.close()


async def test_who_reads_on_is_told_of_and_who_ends_is_waited_for(database_url: str) -> None:
    perform(database_url, _put)
    async with _reading(database_url) as end:
        perform(database_url, _forget)
        assert await asyncio.to_thread(vacuum, database_url, patience_s=0) is False
        assert _is_there(database_url), "which is what it says"
        rebuilding = asyncio.create_task(asyncio.to_thread(vacuum, database_url, patience_s=LONGEST_S))
        await end()
        assert await rebuilding is True
    assert not _is_there(database_url)


def _is_sampled(url: str) -> bool:
    """Say whether the planner's samples in force have it."""
    found = text("SELECT count(*) FROM pg_stats WHERE CAST(most_common_vals AS text) LIKE :secret")
    secret = {"secret": f"%{SECRET.decode()}%"}
    return bool(perform(url, lambda connection: connection.execute(found, secret).scalar_one()))


@pytest.mark.postgres
@pytest.mark.parametrize("ends", [True, False])
async def test_who_began_while_tables_were_rewritten_keeps_no_samples(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    for name in ("a", "b"):
        perform(postgres_url, lambda connection, name=name: _put(connection, name))  # type: ignore[misc]
    perform(postgres_url, lambda connection: Settings(connection).put("other", "stays", NOON))
    administer(postgres_url, "ANALYZE settings")
    assert _is_sampled(postgres_url)
    perform(
        postgres_url, lambda connection: connection.execute(delete(SETTINGS).where(SETTINGS.c.key != "other"))
    )
    forget, began = storage.vacuum._forget_samples, asyncio.Event()

    async def then_somebody_reads(alone: AsyncConnection) -> None:
        await forget(alone)
        loop.call_soon_threadsafe(began.set)
        while not is_reading.is_set():
            await asyncio.sleep(0)

    loop, is_reading = asyncio.get_running_loop(), threading.Event()
    monkeypatch.setattr(storage.vacuum, "_forget_samples", then_somebody_reads)
    rebuilding = asyncio.create_task(
        asyncio.to_thread(vacuum, postgres_url, patience_s=LONGEST_S if ends else 0)
    )
    await began.wait()
    async with _reading(postgres_url) as end:
        is_reading.set()
        if ends:
            async with asyncio.timeout(PATIENCE_S):
                while await asyncio.to_thread(_is_sampled, postgres_url):
                    await asyncio.sleep(0)
            await end()
        assert await rebuilding is ends
    administer(postgres_url, "CHECKPOINT")
    file = text("SELECT pg_read_binary_file(pg_relation_filepath('pg_catalog.pg_statistic'))")
    kept = perform(postgres_url, lambda connection: bytes(connection.execute(file).scalar_one()))
    assert (SECRET in kept) is not ends


@pytest.mark.parametrize("way", [audit_erase, audit_encrypt], ids=["erase", "encrypt"])
def test_a_command_says_what_to_do_about_it(
    way: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = argparse.Namespace(database="sqlite:///nowhere.db", json=True, reapply=False)
    for emptied, code, said in ((True, 0, ""), (False, 1, way.NOT_EMPTIED + "\n")):
        monkeypatch.setattr(way, "vacuum", lambda _url, emptied=emptied: emptied)
        assert (way.afterwards(options), capsys.readouterr().err) == (code, said)
