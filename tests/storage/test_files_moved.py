"""A SQLite file that is moved, or loses its log, while it is in use: nothing is acknowledged in vain."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import UnavailableError
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 20, tzinfo=UTC)


async def _put(database: Database, key: str) -> None:
    await database.write(lambda tx: tx.settings.put(key, key, NOW))


async def _kept(path: Path, *keys: str) -> list[object]:
    """What whoever opens the database next finds."""
    database = Database.open(f"sqlite:///{path}")
    found = await database.read(lambda tx: [tx.settings.get(key) for key in keys])
    await database.close()
    return found


async def test_a_file_that_was_moved_takes_nothing_until_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "countersign.db"
    database = Database.open(fresh_sqlite(path))
    await _put(database, "a")
    away = path.rename(tmp_path / "elsewhere.db")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="sqlite_file_replaced"):
            await _put(database, "b")
    fresh_sqlite(path)
    with pytest.raises(UnavailableError, match="sqlite_file_replaced"):
        await _put(database, "b")
    away.rename(path)
    await _put(database, "c")
    await database.close()
    assert await _kept(path, "a", "c") == ["a", "c"]


async def test_a_log_that_was_deleted_is_saved_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "countersign.db"
    database = Database.open(fresh_sqlite(path))
    await _put(database, "a")
    assert await database.read(lambda tx: tx.settings.get("a")) == "a"
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink()
    with pytest.raises(UnavailableError, match="sqlite_log_deleted"):
        await _put(database, "b")
    await _put(database, "c")
    assert await database.read(lambda tx: tx.settings.get("c")) == "c"
    assert await _kept(path, "a", "c") == ["a", "c"], "also for another process"
    await database.close()
    assert await _kept(path, "a", "c") == ["a", "c"]


async def test_a_log_that_somebody_else_began_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "countersign.db"
    database = Database.open(fresh_sqlite(path))
    await _put(database, "a")
    log = path.with_name(f"{path.name}-wal")
    log.rename(tmp_path / "saved")
    log.write_bytes(b"")
    with pytest.raises(UnavailableError, match="sqlite_log_replaced"):
        await _put(database, "b")
    (tmp_path / "saved").rename(log)
    await _put(database, "c")
    await database.close()
    assert await _kept(path, "a", "c") == ["a", "c"]
