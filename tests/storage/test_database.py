"""The door: one commit for many works, and each work on its own."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from storage.database import Database
from storage.errors import ConstraintError, DatabaseClosedError, StorageError, UnavailableError
from storage.queue import Received
from storage.transaction import Transaction
from tests.databases import administer
from tests.patience import PATIENCE_S
from tests.storage.pauses import Meeting, Pause

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
        await asyncio.wait_for(database.write(fail), timeout=PATIENCE_S)
    with pytest.raises(StorageError if raised is StopIteration else raised):
        await asyncio.wait_for(database.read(fail), timeout=PATIENCE_S)
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
    between = Pause()

    def count_twice(transaction: Transaction) -> tuple[int, int]:
        first = len(stored_ids(transaction))
        between.here()
        return first, len(stored_ids(transaction))

    reading = asyncio.ensure_future(database.read(count_twice))
    await between.reached()
    await database.write(lambda t: t.inbox.accept(received(1)))
    between.go_on()
    assert await reading == (0, 0)


async def test_close_finishes_what_was_handed_in_and_refuses_the_rest(database: Database) -> None:
    works = [
        asyncio.ensure_future(database.write(lambda t, n=n: t.inbox.accept(received(n)))) for n in range(40)
    ]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*works) == [True] * 40
    for door in (database.write, database.read):
        with pytest.raises(DatabaseClosedError):
            await door(stored_ids)
    await database.close()


async def test_a_cancelled_caller_does_not_disturb_the_others(database: Database) -> None:
    begun = Pause()

    def dawdle(transaction: Transaction) -> bool:
        begun.here()
        return transaction.inbox.accept(received(0))

    running = asyncio.ensure_future(database.write(dawdle))
    await begun.reached()
    others = [
        asyncio.ensure_future(database.write(lambda t, n=n: t.inbox.accept(received(n)))) for n in range(1, 9)
    ]
    await asyncio.sleep(0)
    running.cancel()
    begun.go_on()
    assert await asyncio.gather(*others) == [True] * 8
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await database.read(stored_ids) >= {f"in_{n}" for n in range(1, 9)}


async def test_a_work_that_has_begun_is_finished_for_a_cancelled_caller_before_the_close(
    database_url: str,
) -> None:
    database = Database.open(database_url)
    begun = Pause()

    def dawdle(transaction: Transaction) -> None:
        begun.here()
        transaction.inbox.accept(received(1))

    running = asyncio.ensure_future(database.write(dawdle))
    await begun.reached()
    running.cancel()
    closing = asyncio.ensure_future(database.close())
    await asyncio.sleep(0)
    begun.go_on()
    await closing
    with pytest.raises(asyncio.CancelledError):
        await running
    again = Database.open(database_url)
    assert await again.read(stored_ids) == {"in_1"}
    await again.close()


async def test_waiting_works_share_a_commit_and_hear_of_it_afterwards(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    begun = Pause()
    holding = asyncio.ensure_future(database.write(lambda _: begun.here()))
    await begun.reached()
    outside = sqlite3.connect(make_url(sqlite_url).database or "")
    seen: list[int] = []

    async def accept(number: int) -> None:
        await database.write(lambda t: t.inbox.accept(received(number)))
        seen.append(outside.execute("SELECT count(*) FROM inbox").fetchone()[0])

    accepting = [asyncio.ensure_future(accept(number)) for number in range(50)]
    await asyncio.sleep(0)
    begun.go_on()
    await asyncio.gather(holding, *accepting)
    assert seen == [50] * 50
    outside.close()
    await database.close()


async def test_when_the_commit_fails_everybody_hears_of_it_and_nothing_is_stored(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)

    def promise_what_never_comes(transaction: Transaction) -> None:
        connection = transaction.inbox._connection
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        connection.execute(text("INSERT INTO audit_payloads VALUES ('nobody', 'ref', 'none', x'')"))

    await _nobody_succeeds(database, promise_what_never_comes)
    await database.close()


async def test_when_sqlite_rolls_everything_back_everybody_hears_of_it(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)

    def lose_the_transaction(transaction: Transaction) -> None:
        connection = transaction.inbox._connection.connection.driver_connection
        assert connection is not None
        connection.execute("ROLLBACK")
        raise OSError("the disk is full")

    await _nobody_succeeds(database, lose_the_transaction)
    await database.close()


async def _nobody_succeeds(database: Database, disaster: object) -> None:
    begun = Pause()
    holding = asyncio.ensure_future(database.write(lambda _: begun.here()))
    await begun.reached()
    works = [lambda t, n=n: t.inbox.accept(received(n)) for n in range(6)]
    works.insert(3, disaster)
    waiting = [asyncio.ensure_future(database.write(work)) for work in works]
    await asyncio.sleep(0)
    begun.go_on()
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
        await database.close()
        return found

    assert asyncio.run(settings()) == (["wal", 2, 1, 0, 10000], ["wal", 2, 1, 1, 10000])
    fresh = tmp_path / "new" / "fresh.db"
    asyncio.run(Database.open(f"sqlite:///{fresh}").close())
    assert fresh.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_only_files_and_postgresql_are_databases(url: str) -> None:
    with pytest.raises(StorageError):
        Database.open(url)


async def test_works_of_one_database_serve_several_event_loops(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)

    async def elsewhere(number: int) -> bool:
        return await database.write(lambda t: t.inbox.accept(received(number)))

    threads = [asyncio.to_thread(asyncio.run, elsewhere(number)) for number in range(4)]
    assert await asyncio.gather(*threads) == [True] * 4
    await database.close()


@pytest.mark.postgres
async def test_a_deadlock_is_tried_again(postgres_url: str) -> None:
    replicas = [Database.open(postgres_url) for _ in range(2)]
    for key in ("a", "b"):
        await replicas[0].write(lambda t, key=key: t.settings.put(key, 0, NOW))
    both_hold_one = Meeting(2)
    tries: list[str] = []

    def cross(first: str, second: str) -> Callable[[Transaction], None]:
        def work(transaction: Transaction) -> None:
            tries.append(first)
            transaction.settings.put(first, first, NOW)
            if tries.count(first) == 1:
                both_hold_one.here()
            transaction.settings.put(second, first, NOW)

        return work

    # Each replica's batch takes along an event that must survive whichever of them is rolled back.
    works = (cross("a", "b"), cross("b", "a"))
    writes = [replica.write(work) for replica, work in zip(replicas, works, strict=True)]
    writes += [r.write(lambda t, n=n: t.inbox.accept(received(n))) for n, r in enumerate(replicas)]
    assert await asyncio.gather(*writes) == [None, None, True, True]
    assert sorted(tries) in (["a", "a", "b"], ["a", "b", "b"])
    values = await replicas[0].read(lambda t: (t.settings.get("a"), t.settings.get("b")))
    assert values in (("a", "a"), ("b", "b"))
    assert await replicas[0].read(stored_ids) == {"in_0", "in_1"}
    for replica in replicas:
        await replica.close()


def transaction_id(transaction: Transaction) -> int:
    return transaction.inbox._connection.execute(
        text("SELECT pg_current_xact_id()::text::bigint")
    ).scalar_one()


@pytest.mark.postgres
async def test_works_that_wait_together_share_a_transaction(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    together = await asyncio.gather(*(database.write(transaction_id) for _ in range(20)))
    alone = await database.write(transaction_id)
    assert len(set(together)) == 1
    assert alone not in together
    await database.close()


@pytest.mark.postgres
async def test_no_more_than_two_batches_are_open_at_once(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    pauses = [Pause(), Pause()]
    open_ones = []
    for pause in pauses:
        open_ones.append(asyncio.ensure_future(database.write(lambda _, pause=pause: pause.here())))
        await pause.reached()
    waiting = [asyncio.ensure_future(database.write(transaction_id)) for _ in range(5)]
    assert await database.read(stored_ids) == set()
    assert not any(work.done() for work in waiting)
    waiting[2].cancel()
    for pause in pauses:
        pause.go_on()
    await asyncio.gather(*open_ones)
    shared = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(shared.pop(2), asyncio.CancelledError)
    assert len(set(shared)) == 1
    await database.close()


@pytest.mark.postgres
async def test_an_error_that_a_work_swallows_does_not_undo_the_others_unheard(postgres_url: str) -> None:
    database = Database.open(postgres_url)

    def swallow(transaction: Transaction) -> None:
        with contextlib.suppress(DBAPIError):
            transaction.inbox._connection.execute(text("SELECT 1/0"))

    works = [database.write(lambda t, n=n: t.inbox.accept(received(n))) for n in range(4)]
    assert await asyncio.gather(*works, database.write(swallow)) == [True] * 4 + [None]
    assert await database.read(stored_ids) == {f"in_{n}" for n in range(4)}
    await database.close()


@pytest.mark.postgres
async def test_nothing_is_done_again_when_nobody_knows_whether_it_was_committed(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    runs: list[int] = []

    def accept(transaction: Transaction, number: int) -> bool:
        runs.append(number)
        return transaction.inbox.accept(received(number))

    def lose_the_connection(transaction: Transaction) -> None:
        runs.append(9)
        transaction.inbox._connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    works = [database.write(lambda t, n=n: accept(t, n)) for n in range(3)]
    results = await asyncio.gather(*works, database.write(lose_the_connection), return_exceptions=True)
    assert [type(result) for result in results] == [UnavailableError] * 4
    assert runs == [0, 1, 2, 9]
    assert await database.write(lambda t: t.inbox.accept(received(4))) is True
    assert await database.read(stored_ids) == {"in_4"}
    await database.close()


@pytest.mark.postgres
async def test_a_server_that_dropped_our_connections_is_used_again(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    assert await database.write(lambda t: t.inbox.accept(received(1))) is True
    administer(
        postgres_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    assert await database.write(lambda t: t.inbox.accept(received(2))) is True
    await database.close()


@pytest.mark.postgres
async def test_an_unreachable_server_is_told_apart() -> None:
    database = Database.open("postgresql://nobody:hunter2@127.0.0.1:1/none")
    with pytest.raises(UnavailableError) as caught:
        await database.read(stored_ids)
    assert "hunter2" not in repr(caught.value)
    await database.close()


@pytest.mark.postgres
async def test_errors_name_the_constraint_and_what_trying_again_may_cure(postgres_url: str) -> None:
    database = Database.open(postgres_url)

    def repeat_an_id(transaction: Transaction) -> None:
        transaction.inbox.accept(received(1))
        transaction.inbox.accept(received(1, source="another"))

    def store_what_cannot_be_encoded(transaction: Transaction) -> None:
        transaction.settings.put("\ud800", SECRET, NOW)

    def wait_for_too_long(transaction: Transaction) -> None:
        connection = transaction.settings._connection
        connection.execute(text("SET LOCAL statement_timeout = 1"))
        connection.execute(text("SELECT pg_sleep(10)"))

    failures = []
    for work in (repeat_an_id, store_what_cannot_be_encoded, wait_for_too_long):
        with pytest.raises(StorageError) as caught:
            await database.write(work)
        failures.append((type(caught.value), caught.value.code))
    assert failures == [
        (ConstraintError, "IntegrityError:23505:uq_inbox_id"),
        (StorageError, "DBAPIError:22000"),
        (UnavailableError, "DBAPIError:57014"),
    ]
    await database.close()


@pytest.mark.postgres
async def test_an_address_that_makes_no_sense_is_no_passing_trouble() -> None:
    database = Database.open("postgresql://nobody:hunter2@127.0.0.1:1/none?sslmode=perhaps")
    with pytest.raises(StorageError) as caught:
        await database.read(stored_ids)
    assert (type(caught.value), caught.value.code) == (StorageError, "InterfaceError")
    await database.close()
