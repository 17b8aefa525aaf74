"""PostgreSQL: a transaction per work, in a pool of threads with a connection each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine, create_engine

from storage.errors import DatabaseClosedError, sqlstate, without_data
from storage.transaction import Transaction

T = TypeVar("T")

_CONNECTIONS = 8
_TRIES = 5
_CONFLICTS = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the server rolled back, and another try may well succeed."""


class PostgresqlBackend:
    """Runs each work in a transaction of its own."""

    def __init__(self, url: str, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy
        self._engine = postgresql_engine(url, connections=_CONNECTIONS)
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._threads = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="storage")
        self._closed = False

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* at READ COMMITTED and again after a conflict."""
        return await self._in_thread(lambda: self._transact(self._engine, work))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* over a snapshot."""
        return await self._in_thread(lambda: self._transact(self._reading, work))

    def close(self) -> None:
        """Finish what was handed in and disconnect."""
        self._closed = True
        self._threads.shutdown()
        self._engine.dispose()

    async def _in_thread(self, run: Callable[[], T]) -> T:
        if self._closed:
            raise DatabaseClosedError
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def _transact(self, engine: Engine, work: Callable[[Transaction], T]) -> T:
        failure: BaseException
        for _ in range(_TRIES):
            try:
                with engine.begin() as connection:
                    return work(Transaction(connection, self._entropy))
            except Exception as error:  # noqa: BLE001 - translated and raised below, without the original's data
                failure = without_data(error)
                if sqlstate(error) not in _CONFLICTS:
                    break
        raise failure


def postgresql_engine(url: str, *, connections: int) -> Engine:
    """Build an engine that notices lost connections before it uses them."""
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"application_name": "countersign", "connect_timeout": 5},
    )
