"""PostgreSQL: a transaction per work, over a pool of connections that belong to one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.errors import DatabaseClosedError, sqlstate, without_data
from storage.transaction import Transaction

T = TypeVar("T")

_CONNECTIONS = 8
_CONNECT_TIMEOUT_SECONDS = 5
_TRIES = 5
_CONFLICTS = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the server rolled back, and another try may well succeed."""


class PostgresqlBackend:
    """Runs each work in a transaction of its own, beside other works of the same event loop.

    A work looks synchronous, but the loop goes on while it waits for the server; it must wait for nothing
    else. One that has begun is finished even when its caller is cancelled.
    """

    def __init__(self, url: str, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy
        self._engine = postgresql_engine(url, connections=_CONNECTIONS)
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._turns = asyncio.Semaphore(_CONNECTIONS)
        self._running: set[asyncio.Task[object]] = set()
        self._closed = False

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* at READ COMMITTED and again after a conflict."""
        return await self._run(self._engine, work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* over a snapshot."""
        return await self._run(self._reading, work)

    async def close(self) -> None:
        """Finish what was handed in and disconnect."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        await self._engine.dispose()

    async def _run(self, engine: AsyncEngine, work: Callable[[Transaction], T]) -> T:
        if self._closed:
            raise DatabaseClosedError
        task = asyncio.create_task(self._transact(engine, work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _transact(self, engine: AsyncEngine, work: Callable[[Transaction], T]) -> T:
        async with self._turns:
            try:
                async with engine.connect() as connection:
                    return await connection.run_sync(self._commit, work)
            except Exception as error:  # noqa: BLE001 - translated and raised below, without its data
                failure = without_data(error)
        raise failure

    def _commit(self, connection: Connection, work: Callable[[Transaction], T]) -> T:
        failure: BaseException
        for _ in range(_TRIES):
            try:
                with connection.begin():
                    return work(Transaction(connection, self._entropy))
            except Exception as error:  # noqa: BLE001 - the same
                failure = without_data(error)
                if sqlstate(error) not in _CONFLICTS:
                    break
        raise failure


def postgresql_engine(url: str, *, connections: int) -> AsyncEngine:
    """Build an engine that notices lost connections before it uses them.

    The address may say whatever the driver understands of libpq's parameters, such as `sslmode`.
    """
    import asyncpg  # noqa: PLC0415 - only the driver in use is loaded

    parsed = make_url(url)
    address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)

    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                address,
                timeout=_CONNECT_TIMEOUT_SECONDS,
                server_settings={"application_name": "countersign"},
            )
        except OSError as error:  # refused, unresolved, timed out: no driver error yet
            raise asyncpg.ClientCannotConnectError(type(error).__name__) from None

    return create_async_engine(
        parsed.set(drivername="postgresql+asyncpg"),
        async_creator=connect,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
    )


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
