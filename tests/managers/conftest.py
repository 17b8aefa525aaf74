"""A year of made-up history in a real database, written through the audit."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.files import read_policy
from storage.appending import AuditEntry
from storage.database import Database
from tests.databases import fresh_sqlite
from tests.handlers.conftest import KEYS, House, house_in
from tests.managers.history import History, append, in_pages

START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS, A_DAY = 360, 2
PEOPLE = tuple(
    (f"U{name.upper()}", f"{name}@x.example") for name in ("ada", "bea", "cid", "dan", "eve", "fay")
)


@dataclass(frozen=True)
class Lived:
    """A database file that holds a year."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("managers") / "template.db"
    fresh_sqlite(path)
    return path


@pytest.fixture(scope="session")
def entries() -> tuple[AuditEntry, ...]:
    """What happened in the year, in order."""
    return tuple(History(PEOPLE).live(START, DAYS, A_DAY))


@pytest.fixture(scope="module")
def year(migrated: Path, entries: tuple[AuditEntry, ...], tmp_path_factory: pytest.TempPathFactory) -> Lived:
    path = tmp_path_factory.mktemp("year") / "countersign.db"
    shutil.copy(migrated, path)

    async def write() -> None:
        database = Database.open(f"sqlite:///{path}", keys=KEYS)
        for page in in_pages(entries):
            await database.write(lambda tx, page=page: append(tx, page))  # type: ignore[misc]
        await database.close()

    asyncio.run(write())
    return Lived(path)


@pytest.fixture
async def lived(year: Lived) -> AsyncIterator[Database]:
    """The year's database, to be read only."""
    database = Database.open(year.url, keys=KEYS)
    yield database
    await database.close()


@pytest.fixture
def empty_house(migrated: Path) -> Iterator[House]:
    with house_in(migrated, read_policy(None)) as house:
        yield house


@pytest.fixture
async def house(empty_house: House) -> AsyncIterator[House]:
    yield empty_house
    await empty_house.database.close()
