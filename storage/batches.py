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

from storage.errors import UnavailableError, sqlstate, without_data
from storage.joint_work import JointWork, Work, perform, runs
from storage.transaction import Transaction, flush

T = TypeVar("T")

_BATCH = 64
COMMITTERS = 2
_TRIES = 5
_CONFLICTS = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the server rolled back, and another try may well succeed."""


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
                await self._commit_what_waits()
        finally:
            self._idle += 1

    async def _commit_what_waits(self) -> None:
        """Commit batch after batch over one connection, until nothing waits or the connection is gone."""
        jobs: list[_Job] | None = None
        try:
            async with self._engine.connect() as connection:
                while jobs := self._next():
                    works = [job.work for job in jobs]
                    _settle(jobs, await connection.run_sync(self._commit_over, works))
                    if connection.invalidated:
                        return
        except BaseException as error:  # noqa: BLE001 - no connection, and every caller must hear of it
            # Nobody cancels a committer: it is a driver that gave up waiting, and callers must not wait on.
            cut_off = isinstance(error, asyncio.CancelledError)
            failed = UnavailableError("cut_off") if cut_off else without_data(error)
            unheard = self._next() if jobs is None else jobs
            _settle(unheard, [_Result(error=failed) for _ in unheard])

    def _next(self) -> list[_Job]:
        """Take the next batch of those whose callers still wait; empty when there are none."""
        jobs: list[_Job] = []
        while self._waiting and len(jobs) < _BATCH:
            job = self._waiting.popleft()
            if not job.future.cancelled():
                jobs.append(job)
        return jobs

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
        together = list(runs(works))
        with connection.begin():
            transactions = [self._begin(connection) for _ in together]
            results = [
                _Result(value)
                for some, tx in zip(together, transactions, strict=True)
                for value in perform(tx, some)
            ]
            flush(transactions)
            if not all(isinstance(some[-1], JointWork) for some in together):
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
