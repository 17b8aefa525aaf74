"""PostgreSQL's writer: works that wait at the same time share a transaction, its round trips and its `fsync`.

A batch runs without a savepoint for each work. Should one of them fail, the batch is rolled back and each
work gets a transaction of its own, so that it pays who fails and nobody else hears of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.errors import sqlstate, without_data
from storage.transaction import Transaction, flush

T = TypeVar("T")

_BATCH = 64
COMMITTERS = 2
_TRIES = 5
_CONFLICTS = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the server rolled back, and another try may well succeed."""

Work = Callable[[Transaction], Any]


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Result:
    value: Any = None
    error: BaseException | None = None


class BatchWriter:
    """Commits works for one event loop, in the order in which they were handed in while all goes well."""

    def __init__(self, engine: AsyncEngine, begin: Callable[[Connection], Transaction]) -> None:
        self._engine = engine
        self._begin = begin
        self._waiting: deque[_Job] = deque()
        self._idle = COMMITTERS
        self._committing: set[asyncio.Task[None]] = set()

    async def submit(self, work: Callable[[Transaction], T]) -> T:
        """Return the value of *work* once it is committed.

        Cancelling spares a work that has not begun; one that has begun is committed all the same.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Job(work, future))
        if self._idle:
            self._idle -= 1
            task = asyncio.create_task(self._work_off())
            self._committing.add(task)
            task.add_done_callback(self._committing.discard)
        return await future

    async def drain(self) -> None:
        """Wait until everything handed in is settled."""
        while self._committing:
            await asyncio.wait(self._committing)

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                if jobs := [job for job in batch if not job.future.cancelled()]:
                    _settle(jobs, await self._commit(jobs))
        finally:
            self._idle += 1

    async def _commit(self, jobs: list[_Job]) -> list[_Result]:
        works = [job.work for job in jobs]
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(self._commit_over, works)
        except Exception as error:  # noqa: BLE001 - no connection, and every caller must hear of it
            return [_Result(error=without_data(error)) for _ in works]

    def _commit_over(self, connection: Connection, works: list[Work]) -> list[_Result]:
        if len(works) > 1:
            try:
                return self._together(connection, works)
            except BaseException as error:  # noqa: BLE001 - whoever raised it raises it again below, alone
                if connection.invalidated:
                    # Nobody knows whether the server has committed, so nothing may be done again.
                    return [_Result(error=without_data(error)) for _ in works]
        return [self._alone(connection, work) for work in works]

    def _together(self, connection: Connection, works: list[Work]) -> list[_Result]:
        with connection.begin():
            transactions = [self._begin(connection) for _ in works]
            results = [_Result(work(tx)) for work, tx in zip(works, transactions, strict=True)]
            flush(transactions)
            # Had a work swallowed an error of the database, COMMIT would roll back and not say so.
            connection.execute(_STILL_WHOLE)
        return results

    def _alone(self, connection: Connection, work: Work) -> _Result:
        failure: BaseException | None = None
        for _ in range(_TRIES):
            try:
                with connection.begin():
                    transaction = self._begin(connection)
                    result = _Result(work(transaction))
                    transaction.audit.flush()
            except BaseException as error:  # noqa: BLE001 - it belongs to the caller, and the others go on
                failure = without_data(error)
                if sqlstate(error) not in _CONFLICTS:
                    break
            else:
                return result
        return _Result(error=failure)


_STILL_WHOLE = text("SELECT 1")


def _settle(jobs: list[_Job], results: list[_Result]) -> None:
    for job, result in zip(jobs, results, strict=True):
        if job.future.done():
            continue
        if result.error is None:
            job.future.set_result(result.value)
        else:
            job.future.set_exception(result.error)
