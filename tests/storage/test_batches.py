"""Batches on PostgreSQL when something goes wrong with one of them: who hears what, and what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text

from storage.accepting import Accept
from storage.database import Database
from storage.errors import StorageError, UnavailableError
from storage.queue import Received
from storage.transaction import Transaction
from tests.databases import administer

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
END_THEM = f"SELECT pg_terminate_backend(pid) {OTHERS}"
INSERTING = f"{OTHERS} AND query LIKE 'INSERT INTO inbox%' AND wait_event_type = 'Lock'"
A_MOMENT_S = 0.001


def _received(name: str, body: bytes = b"x") -> Received:
    return Received(
        id=name,
        source="crm",
        dedupe_key=name,
        kind="k",
        entity_key=None,
        body=body,
        correlation_id=name,
        received_at=NOW,
    )


def _accept(name: str) -> Accept:
    return Accept(_received(name))


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database.open(postgres_url)
    yield database
    await database.close()


class Holder:
    """Somebody who holds the table, so that whoever inserts is caught in the middle of it."""

    def __init__(self, holding: asyncpg.Connection, watching: asyncpg.Connection) -> None:
        self._holding, self.watching = holding, watching

    async def sees_inserting(self, count: int) -> None:
        """Return when that many batches wait for the table."""
        async with asyncio.timeout(20):
            while await self.watching.fetchval(f"SELECT count(*) {INSERTING}") != count:
                await asyncio.sleep(A_MOMENT_S)

    async def ends_the_first(self) -> None:
        """End the connection of the batch that has waited longest."""
        await self.watching.execute(
            "SELECT pg_terminate_backend(pid) FROM "
            f"(SELECT pid {INSERTING} ORDER BY query_start LIMIT 1) AS longest"
        )

    async def lets_go(self) -> None:
        """Let them go on."""
        await self._holding.execute("ROLLBACK")


@pytest.fixture
async def holder(postgres_url: str) -> AsyncIterator[Holder]:
    holding, watching = await asyncpg.connect(postgres_url), await asyncpg.connect(postgres_url)
    await holding.execute("BEGIN; LOCK TABLE inbox IN SHARE ROW EXCLUSIVE MODE")
    yield Holder(holding, watching)
    await holding.close()
    await watching.close()


async def _stored(database: Database) -> list[str]:
    def ids(transaction: Transaction) -> list[str]:
        rows = transaction.inbox._connection.execute(text("SELECT id FROM inbox ORDER BY position"))
        return list(rows.scalars())

    return await database.read(ids)


async def test_when_the_connection_breaks_in_the_middle_all_hear_that_nobody_knows(
    database: Database, holder: Holder
) -> None:
    names = [f"in_{n}" for n in range(20)]
    waiting = [asyncio.ensure_future(database.write(_accept(name))) for name in names]
    await holder.sees_inserting(1)
    await holder.ends_the_first()
    heard = await asyncio.gather(*waiting, return_exceptions=True)
    assert [(type(each), getattr(each, "code", "")) for each in heard] == [
        (UnavailableError, "connection_lost")
    ] * 20
    await holder.lets_go()
    assert await _stored(database) == []
    again = await asyncio.gather(*(database.write(_accept(name)) for name in names))
    assert (again, await _stored(database)) == ([True] * 20, names), "whoever sends again is served"


async def test_a_batch_that_breaks_takes_no_other_along(database: Database, holder: Holder) -> None:
    broken = [asyncio.ensure_future(database.write(_accept(f"in_{n}"))) for n in range(20)]
    await holder.sees_inserting(1)
    whole = [asyncio.ensure_future(database.write(_accept(f"in_{n}"))) for n in range(20, 40)]
    await holder.sees_inserting(2)
    await holder.ends_the_first()
    heard = await asyncio.gather(*broken, return_exceptions=True)
    assert [type(each) for each in heard] == [UnavailableError] * 20
    await holder.lets_go()
    assert await asyncio.gather(*whole) == [True] * 20
    assert await _stored(database) == [f"in_{n}" for n in range(20, 40)]


@pytest.mark.parametrize("unstorable", ["in_\ud800", "in_\x00"], ids=["by the driver", "by the server"])
async def test_what_is_refused_is_refused_alone(database: Database, unstorable: str) -> None:
    names = ["in_0", "in_1", unstorable, "in_2"]
    heard = await asyncio.gather(*(database.write(_accept(name)) for name in names), return_exceptions=True)
    refused = heard.pop(2)
    assert (heard, isinstance(refused, StorageError)) == ([True] * 3, True)
    assert "in_" not in repr(refused)
    assert await _stored(database) == ["in_0", "in_1", "in_2"]


async def test_callers_that_went_in_the_middle_change_nothing(database: Database, holder: Holder) -> None:
    begun = [asyncio.ensure_future(database.write(_accept(f"in_{n}"))) for n in range(4)]
    await holder.sees_inserting(1)
    begun[1].cancel()
    await holder.lets_go()
    heard = await asyncio.gather(*begun, return_exceptions=True)
    assert isinstance(heard.pop(1), asyncio.CancelledError)
    assert (heard, await _stored(database)) == ([True] * 3, [f"in_{n}" for n in range(4)])


async def test_a_rested_connection_that_the_server_has_closed_is_not_used(
    database: Database, postgres_url: str
) -> None:
    """The farewell has arrived and the event loop has not been round since: only the socket knows."""
    for number in range(3):
        assert await database.write(_accept(f"in_{number}")) is True
        administer(postgres_url, END_THEM)
    assert await _stored(database) == ["in_0", "in_1", "in_2"]


async def test_one_connection_serves_works_that_come_one_after_another(database: Database) -> None:
    def process(transaction: Transaction) -> int:
        return int(transaction.inbox._connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    assert len({await database.write(process) for _ in range(5)}) == 1


async def test_while_a_batch_is_committed_the_next_gathers(database: Database, holder: Holder) -> None:
    first = asyncio.ensure_future(database.write(_accept("in_0")))
    await holder.sees_inserting(1)
    others = [asyncio.ensure_future(database.write(_accept(f"in_{n}"))) for n in range(1, 6)]
    await holder.sees_inserting(2)
    rest = [asyncio.ensure_future(database.write(_accept(f"in_{n}"))) for n in range(6, 9)]
    await holder.lets_go()
    assert await asyncio.gather(first, *others, *rest) == [True] * 9
    together = "SELECT count(DISTINCT xmin::text) FROM inbox WHERE id = ANY($1)"
    assert await holder.watching.fetchval(together, ["in_1", "in_2", "in_3", "in_4", "in_5"]) == 1
    assert await holder.watching.fetchval("SELECT count(*) FROM inbox") == 9


async def test_a_committer_that_is_cut_off_while_it_waits_is_not_woken_again(database: Database) -> None:
    assert await database.write(_accept("first")) is True
    waiting = tuple(database._backend._writer._committing)  # type: ignore[attr-defined]
    assert len(waiting) == 1
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting)
    async with asyncio.timeout(10):  # else it waits for ever
        assert await database.write(_accept("second")) is True
