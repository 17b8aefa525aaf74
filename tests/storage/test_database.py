"""The door: one commit for many works, and each work on its own."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from storage.database import Database
from storage.errors import ConstraintError, DatabaseClosedError, StorageError, UnavailableError
from storage.queue import Received
from storage.transaction import Transaction

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
SECRET = "Ágnes Example, 12 Rose Street"


def received(number: int, *, source: str = "crm") -> Received:
    return Received(
        id=f"in_{number}",
        source=source,
        dedupe_key=f"evt_{number}",
        kind="donation.received",
        entity_key=None,
        body=SECRET.encode(),
        correlation_id="cor_1",
        received_at=NOW,
    )


def stored_ids(transaction: Transaction) -> set[str]:
    claimed = transaction.inbox._connection.execute(text("SELECT id FROM inbox"))
    return set(claimed.scalars())


async def test_a_write_returns_the_value_of_the_work_and_a_read_sees_it(database: Database) -> None:
    assert await database.write(lambda transaction: transaction.inbox.accept(received(1))) is True
    assert await database.read(stored_ids) == {"in_1"}


async def test_a_failing_work_undoes_itself_and_nothing_else(database: Database) -> None:
    def accept_and_fail(transaction: Transaction) -> None:
        transaction.inbox.accept(received(100))
        raise KeyError("mine")

    def fail_in_the_database(transaction: Transaction) -> None:
        transaction.inbox.accept(received(101))
        transaction.inbox._connection.execute(text("INSERT INTO inbox (id) VALUES ('x')"))

    works = [database.write(lambda t, n=n: t.inbox.accept(received(n))) for n in range(20)]
    failing = [database.write(accept_and_fail), database.write(fail_in_the_database)]
    results = await asyncio.gather(*works[:10], *failing, *works[10:], return_exceptions=True)
    assert results[:10] + results[12:] == [True] * 20
    assert (type(results[10]), type(results[11])) == (KeyError, ConstraintError)
    assert await database.read(stored_ids) == {f"in_{n}" for n in range(20)}


@pytest.mark.parametrize("raised", [StopIteration, asyncio.CancelledError, GeneratorExit])
async def test_whatever_a_work_raises_its_caller_hears_of_it(
    database: Database, raised: type[BaseException]
) -> None:
    def fail(_: Transaction) -> None:
        raise raised

    with pytest.raises(StorageError if raised is StopIteration else raised):
        await asyncio.wait_for(database.write(fail), timeout=10)
    assert await database.write(lambda t: t.inbox.accept(received(1))) is True


async def test_errors_carry_no_stored_value(database: Database) -> None:
    def break_a_check(transaction: Transaction) -> None:
        transaction.inbox.accept(received(1))
        transaction.inbox._connection.execute(text("UPDATE inbox SET status = 'lost'"))

    def break_a_key(transaction: Transaction) -> None:
        transaction.inbox.accept(received(1))
        transaction.inbox.accept(received(1, source="another"))

    def store_a_naive_moment(transaction: Transaction) -> None:
        transaction.settings.put("key", SECRET, datetime(2026, 1, 1))  # noqa: DTZ001

    for work in (break_a_check, break_a_key, store_a_naive_moment):
        with pytest.raises(StorageError) as caught:
            await database.write(work)
        assert SECRET not in repr(caught.value)
        assert "in_1" not in repr(caught.value)
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None
    assert caught.value.code == "StatementError:ValueError"


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError):
        await database.read(lambda t: t.inbox.accept(received(1)))
    assert await database.read(stored_ids) == set()


async def test_a_read_sees_one_state_throughout(database: Database) -> None:
    began, written = threading.Event(), threading.Event()

    def count_twice(transaction: Transaction) -> tuple[int, int]:
        first = len(stored_ids(transaction))
        began.set()
        written.wait(10)
        return first, len(stored_ids(transaction))

    reading = asyncio.ensure_future(database.read(count_twice))
    await asyncio.to_thread(began.wait, 10)
    await database.write(lambda t: t.inbox.accept(received(1)))
    written.set()
    assert await reading == (0, 0)


async def test_close_finishes_what_was_handed_in_and_refuses_the_rest(database: Database) -> None:
    works = [
        asyncio.ensure_future(database.write(lambda t, n=n: t.inbox.accept(received(n)))) for n in range(40)
    ]
    await asyncio.sleep(0)
    database.close()
    assert await asyncio.gather(*works) == [True] * 40
    for door in (database.write, database.read):
        with pytest.raises(DatabaseClosedError):
            await door(stored_ids)
    database.close()


async def test_a_cancelled_caller_does_not_disturb_the_others(database: Database) -> None:
    began, go_on = threading.Event(), threading.Event()

    def dawdle(transaction: Transaction) -> bool:
        began.set()
        go_on.wait(10)
        return transaction.inbox.accept(received(0))

    running = asyncio.ensure_future(database.write(dawdle))
    await asyncio.to_thread(began.wait, 10)
    others = [
        asyncio.ensure_future(database.write(lambda t, n=n: t.inbox.accept(received(n)))) for n in range(1, 9)
    ]
    await asyncio.sleep(0)
    running.cancel()
    go_on.set()
    assert await asyncio.gather(*others) == [True] * 8
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await database.read(stored_ids) >= {f"in_{n}" for n in range(1, 9)}


async def test_waiting_works_share_a_commit_and_hear_of_it_afterwards(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    began, go_on = threading.Event(), threading.Event()

    def hold_the_writer(_: Transaction) -> None:
        began.set()
        go_on.wait(10)

    holding = asyncio.ensure_future(database.write(hold_the_writer))
    await asyncio.to_thread(began.wait, 10)
    outside = sqlite3.connect(make_url(sqlite_url).database or "")
    seen: list[int] = []

    async def accept(number: int) -> None:
        await database.write(lambda t: t.inbox.accept(received(number)))
        seen.append(outside.execute("SELECT count(*) FROM inbox").fetchone()[0])

    accepting = [asyncio.ensure_future(accept(number)) for number in range(50)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(holding, *accepting)
    assert seen == [50] * 50
    outside.close()
    database.close()


async def test_when_the_commit_fails_everybody_hears_of_it_and_nothing_is_stored(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)

    def promise_what_never_comes(transaction: Transaction) -> None:
        connection = transaction.inbox._connection
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        connection.execute(text("INSERT INTO audit_payloads VALUES ('nobody', 'ref', 'none', x'')"))

    await _nobody_succeeds(database, promise_what_never_comes)
    database.close()


async def test_when_sqlite_rolls_everything_back_everybody_hears_of_it(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)

    def lose_the_transaction(transaction: Transaction) -> None:
        connection = transaction.inbox._connection.connection.driver_connection
        assert connection is not None
        connection.execute("ROLLBACK")
        raise OSError("the disk is full")

    await _nobody_succeeds(database, lose_the_transaction)
    database.close()


async def _nobody_succeeds(database: Database, disaster: object) -> None:
    began, go_on = threading.Event(), threading.Event()

    def hold_the_writer(_: Transaction) -> None:
        began.set()
        go_on.wait(10)

    holding = asyncio.ensure_future(database.write(hold_the_writer))
    await asyncio.to_thread(began.wait, 10)
    works = [lambda t, n=n: t.inbox.accept(received(n)) for n in range(6)]
    works.insert(3, disaster)
    waiting = [asyncio.ensure_future(database.write(work)) for work in works]
    await asyncio.sleep(0)
    go_on.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, UnavailableError | ConstraintError) for result in results)
    await holding
    assert await database.read(stored_ids) == set()
    assert await database.write(lambda t: t.inbox.accept(received(7))) is True


def test_the_sqlite_file_is_durable_and_private(sqlite_url: str, tmp_path: Path) -> None:
    async def settings() -> tuple[list[object], list[object]]:
        database = Database.open(sqlite_url)

        def look(transaction: Transaction) -> list[object]:
            names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "busy_timeout")
            connection = transaction.inbox._connection
            return [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names]

        found = await database.write(look), await database.read(look)
        database.close()
        return found

    assert asyncio.run(settings()) == (["wal", 2, 1, 0, 10000], ["wal", 2, 1, 1, 10000])
    fresh = tmp_path / "new" / "fresh.db"
    Database.open(f"sqlite:///{fresh}").close()
    assert fresh.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_only_files_and_postgresql_are_databases(url: str) -> None:
    with pytest.raises(StorageError):
        Database.open(url)


async def test_works_of_one_database_serve_several_event_loops(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)

    def elsewhere(number: int) -> bool:
        return asyncio.run(database.write(lambda t: t.inbox.accept(received(number))))

    threads = [asyncio.to_thread(elsewhere, number) for number in range(4)]
    assert await asyncio.gather(*threads) == [True] * 4
    database.close()


@pytest.mark.postgres
async def test_a_deadlock_is_tried_again(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    for key in ("a", "b"):
        await database.write(lambda t, key=key: t.settings.put(key, 0, NOW))
    both_hold_one = threading.Barrier(2)
    tries: list[str] = []

    def cross(first: str, second: str) -> None:
        def work(transaction: Transaction) -> None:
            tries.append(first)
            transaction.settings.put(first, first, NOW)
            if tries.count(first) == 1:
                both_hold_one.wait(10)
            transaction.settings.put(second, first, NOW)

        return work

    await asyncio.gather(database.write(cross("a", "b")), database.write(cross("b", "a")))
    assert sorted(tries) in (["a", "a", "b"], ["a", "b", "b"])
    values = await database.read(lambda t: (t.settings.get("a"), t.settings.get("b")))
    assert values in (("a", "a"), ("b", "b"))
    database.close()


@pytest.mark.postgres
async def test_a_server_that_dropped_our_connections_is_used_again(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    assert await database.write(lambda t: t.inbox.accept(received(1))) is True
    plain = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await database.write(lambda t: t.inbox.accept(received(2))) is True
    database.close()


@pytest.mark.postgres
async def test_an_unreachable_server_is_told_apart() -> None:
    database = Database.open("postgresql+psycopg://nobody:hunter2@127.0.0.1:1/none")
    with pytest.raises(UnavailableError) as caught:
        await database.read(stored_ids)
    assert "hunter2" not in repr(caught.value)
    database.close()
