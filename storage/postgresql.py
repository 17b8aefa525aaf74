"""PostgreSQL: batches of writes and single reads over a pool of connections that belong to one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.batches import COMMITTERS, BatchWriter
from storage.errors import READ_ONLY, DatabaseClosedError, sqlstate, without_data
from storage.keys import KeyRing
from storage.transaction import Transaction

T = TypeVar("T")

_READERS = 6
_CONNECTIONS = _READERS + COMMITTERS
_CONNECT_TIMEOUT_SECONDS = 5
_NEW = "countersign_new"
_STATEMENT_TIMEOUT_SECONDS = 20
"""When a statement has had no answer for so long, the network or the server is taken to be gone."""
_ABANDONED_SECONDS = 60
"""A transaction whose client says nothing for so long is ended by the server, and with it its locks."""


class PostgresqlBackend:
    """Runs works on the event loop that uses it, which goes on while a work waits for the server.

    A work that has begun is finished even when its caller is cancelled.
    """

    def __init__(self, url: str, entropy: Callable[[int], bytes], keys: KeyRing | None = None) -> None:
        self._keys = keys
        self._entropy = entropy
        self._engine = postgresql_engine(url, connections=_CONNECTIONS, patience=_STATEMENT_TIMEOUT_SECONDS)
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._writer = BatchWriter(self._engine, self._transaction)
        self._turns = asyncio.Semaphore(_READERS)
        self._reads: set[asyncio.Task[object]] = set()
        self._closed = False

    def write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run *work* at READ COMMITTED, in the next commit."""
        if self._closed:
            raise DatabaseClosedError
        return self._writer.submit(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* over a snapshot."""
        if self._closed:
            raise DatabaseClosedError
        task = asyncio.create_task(self._read(work))
        self._reads.add(task)
        task.add_done_callback(self._reads.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Finish what was handed in and disconnect."""
        self._closed = True
        await self._writer.drain()
        if self._reads:
            await asyncio.wait(self._reads)
        await self._engine.dispose()

    async def _read(self, work: Callable[[Transaction], T]) -> T:
        async with self._turns:
            try:
                async with self._reading.connect() as connection:
                    return await connection.run_sync(self._look, work)
            except Exception as error:  # noqa: BLE001 - translated and raised below, without its data
                failure = without_data(error)
        raise failure

    def _look(self, connection: Connection, work: Callable[[Transaction], T]) -> T:
        try:
            with connection.begin():
                return work(self._transaction(connection))
        except StopIteration as error:  # which no coroutine can pass on
            failure = without_data(error)
        raise failure

    def _transaction(self, connection: Connection) -> Transaction:
        return Transaction(connection, self._entropy, self._keys)


def postgresql_engine(url: str, *, connections: int, patience: float | None = None) -> AsyncEngine:
    """Build an engine that notices lost connections before it uses them.

    The address may say whatever the driver understands of libpq's parameters, such as `sslmode`. *patience*
    is how many seconds a statement may take before its connection is given up as dead.
    """
    import asyncpg  # noqa: PLC0415 - only the driver in use is loaded

    parsed = make_url(url)
    address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)

    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                address,
                timeout=_CONNECT_TIMEOUT_SECONDS,
                command_timeout=patience,
                server_settings={
                    "application_name": "countersign",
                    # Compiling a statement pays for reports over millions of rows; the server decides by a
                    # guess of how many there are, and a look at a few would take a thousand times as long.
                    "jit": "off",
                    "idle_in_transaction_session_timeout": f"{_ABANDONED_SECONDS}s",
                },
            )
        except OSError as error:  # refused, unresolved, timed out: no driver error yet
            raise asyncpg.ClientCannotConnectError(type(error).__name__) from None

    engine = create_async_engine(
        parsed.set(drivername="postgresql+asyncpg"),
        async_creator=connect,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
    )
    event.listen(engine.sync_engine, "handle_error", _give_up_what_is_of_no_use)
    event.listen(engine.sync_engine, "connect", _mark_as_new)
    event.listen(engine.sync_engine, "checkout", _check_it_answers)
    return engine


def _give_up_what_is_of_no_use(context: ExceptionContext) -> None:
    """Have a connection whose statement ran out of time closed: a ROLLBACK would wait behind it.

    And one to a server that takes no changes, with all of its age: behind the address there may by now be
    another, which was made the primary.
    """
    error = context.sqlalchemy_exception
    if isinstance(context.original_exception, TimeoutError) or (error and sqlstate(error) == READ_ONLY):
        context.is_disconnect = True


def _mark_as_new(_connection: Any, record: Any) -> None:
    record.info[_NEW] = True


def _check_it_answers(connection: Any, record: Any, _proxy: Any) -> None:
    """Notice a lost connection before it is used; the pool's own check takes four round trips for it."""
    if record.info.pop(_NEW, False):
        return
    try:
        connection.run_async(lambda driver: driver.execute("SELECT"))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, those of its age are no better
        raise InvalidatePoolError from None


def run_alone(url: str, work: Callable[[Connection], T]) -> T:
    """Run *work* in a transaction over a connection of its own and return its value once it is committed.

    Called from synchronous code, whether or not an event loop runs in this thread.
    """

    async def run() -> T:
        engine = postgresql_engine(url, connections=1)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1, thread_name_prefix="storage") as thread:
        return thread.submit(lambda: asyncio.run(run())).result()
