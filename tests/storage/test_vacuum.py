"""What was deleted is in no file any more; whoever keeps it there by reading on is waited for and told of."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest
from sqlalchemy import Connection, make_url, text

from bot.cli import audit_encrypt, audit_erase
from storage.schema import SETTINGS
from storage.settings import Settings
from storage.vacuum import vacuum
from tests.databases import administer, perform

SECRET = b"nobody may read this"
LONGEST_S = 20
End = Callable[[], Awaitable[None]]


def _put(connection: Connection) -> None:
    Settings(connection).put("secret", SECRET.decode(), datetime(2026, 11, 3, tzinfo=UTC))


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


@pytest.mark.parametrize("way", [audit_erase, audit_encrypt], ids=["erase", "encrypt"])
def test_a_command_says_what_to_do_about_it(
    way: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = argparse.Namespace(database="sqlite:///nowhere.db", json=True, reapply=False)
    for emptied, code, said in ((True, 0, ""), (False, 1, way.NOT_EMPTIED + "\n")):
        monkeypatch.setattr(way, "vacuum", lambda _url, emptied=emptied: emptied)
        assert (way.afterwards(options), capsys.readouterr().err) == (code, said)
