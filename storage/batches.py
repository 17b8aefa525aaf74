"""PostgreSQL's writer: works that wait at the same time share a transaction, its round trips and its `fsync`.

A batch runs without a savepoint for each work. Should one of them fail, the batch is rolled back and each
work gets a transaction of its own, so that it pays who fails and nobody else hears of it.
"""

from __future__ import annotations

import asyncio
import select
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.errors import UnavailableError, sqlstate, without_data
from storage.joint_work import JointWork, Work, as_statement, perform, runs
from storage.transaction import Transaction, flush

T = TypeVar("T")

_BATCH = 64
COMMITTERS = 2
_ENOUGH = 16
_PATIENCE_S = 0.002
"""While one batch is committed the next gathers: each statement costs the server and us anew. A second
committer takes it as soon as it is large enough, or when the first, perhaps at something long, takes longer.
"""
_TRIES = 5
_LINGERS_S = 1.0
"""No longer: one that rested may be lost in silence, which taking it from the pool again finds out."""
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Job] = deque()
        self._idle = COMMITTERS
        self._coming = False
        self._overdue: asyncio.TimerHandle | None = None
        self._committing: set[asyncio.Task[None]] = set()
        self._lingering: list[asyncio.Future[None]] = []
        self._draining = False

    def submit(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Queue *work* and return a future of its value, resolved only after the commit.

        Cancelling it spares a work that has not begun; one that has begun is committed all the same.
        """
        self._loop = self._loop or asyncio.get_running_loop()  # which asks the system who we are, each time
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(_Job(work, future))
        self._have_it_fetched()
        return future

    def _have_it_fetched(self) -> None:
        """Send a committer for what waits, unless one comes anyway or soon will."""
        if self._coming:
            return
        nobody_commits = self._idle + len(self._lingering) == COMMITTERS
        if nobody_commits or len(self._waiting) >= _ENOUGH:
            self._send()
        elif self._overdue is None:
            self._overdue = asyncio.get_running_loop().call_later(_PATIENCE_S, self._send_at_last)

    def _send_at_last(self) -> None:
        self._overdue = None
        if self._waiting and not self._coming:
            self._send()

    def _send(self) -> None:
        """Send one who has a connection at hand, else one who takes a connection, if any is free."""
        if self._lingering:
            self._coming = True
            self._wake(self._lingering[-1])
        elif self._idle:
            self._coming = True
            self._idle -= 1
            task = asyncio.create_task(self._work_off())
            self._committing.add(task)
            task.add_done_callback(self._committing.discard)

    async def drain(self) -> None:
        """Wait until everything handed in is settled; nothing may be handed in after that."""
        self._draining = True
        for lingering in tuple(self._lingering):
            self._wake(lingering)
        while self._committing:
            await asyncio.wait(self._committing)

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                await self._commit_what_waits()
        finally:
            self._idle += 1
            self._coming = False  # whoever came may have found that another had taken everything

    async def _commit_what_waits(self) -> None:
        """Commit batch after batch over one connection, until nothing comes or the connection is gone."""
        jobs: list[_Job] | None = None
        try:
            async with self._engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                while not connection.invalidated:
                    if jobs := self._next():
                        _settle(jobs, await self._committed(connection, driver, [job.work for job in jobs]))
                    elif not await self._more_comes(driver):
                        return
        except BaseException as error:  # noqa: BLE001 - no connection, and every caller must hear of it
            # Nobody cancels a committer: it is a driver that gave up waiting, and callers must not wait on.
            cut_off = isinstance(error, asyncio.CancelledError)
            failed = UnavailableError("cut_off") if cut_off else without_data(error)
            unheard = self._next() if jobs is None else jobs
            _settle(unheard, [_Result(error=failed) for _ in unheard])

    async def _more_comes(self, driver: Any) -> bool:
        """Wait a moment for further works with a connection at hand: taking one anew costs round trips."""
        if self._draining:
            return False
        loop = asyncio.get_running_loop()
        more, until = loop.create_future(), loop.time() + _LINGERS_S
        self._lingering.append(more)
        timer = loop.call_at(until, self._wake, more)
        try:
            await more
        finally:
            timer.cancel()
            if more in self._lingering:  # cut off: nobody may wake it any more
                self._lingering.remove(more)
        return loop.time() < until and _has_heard_nothing(driver)

    def _wake(self, lingering: asyncio.Future[None]) -> None:
        if lingering in self._lingering:
            self._lingering.remove(lingering)
            if not lingering.done():
                lingering.set_result(None)

    def _next(self) -> list[_Job]:
        """Take the next batch of those whose callers still wait; empty when there are none."""
        self._coming = False
        jobs: list[_Job] = []
        while self._waiting and len(jobs) < _BATCH:
            job = self._waiting.popleft()
            if not job.future.cancelled():
                jobs.append(job)
        return jobs

    async def _committed(self, connection: AsyncConnection, driver: Any, works: list[Work]) -> list[_Result]:
        at_once = await _committed_at_once(connection, driver, works)
        if at_once is not None:
            return at_once
        return await connection.run_sync(self._commit_over, works)

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


async def _committed_at_once(
    connection: AsyncConnection, driver: Any, works: list[Work]
) -> list[_Result] | None:
    """Do *works* with one statement, which is a transaction by itself.

    None where one is not enough, or where the server refused it and did nothing: then each has its turn.
    """
    statement = as_statement(connection.dialect, works)
    if statement is None:
        return None
    try:
        rows = await driver.fetch(statement.text, *statement.parameters)
    except Exception as error:  # noqa: BLE001 - told apart below
        if not isinstance(error, TimeoutError) and not driver.is_closed():
            return None
        # Nobody knows whether the server has done it, so nothing may be done again.
        await connection.invalidate()
        failed = without_data(error) if isinstance(error, TimeoutError) else _lost()
        return [_Result(error=failed) for _ in works]
    return [_Result(value) for value in statement.values(rows)]


def _has_heard_nothing(driver: Any) -> bool:
    """Say whether the server has been as silent as it is to somebody at rest: else it has said farewell.

    The driver hears of that only when the event loop next goes round, and a statement might go out before.
    """
    if driver.is_closed():
        return False
    connected = driver._transport.get_extra_info("socket")  # noqa: SLF001 - nothing public leads to it
    arrived = select.poll()
    arrived.register(connected.fileno(), select.POLLIN)
    return not arrived.poll(0)


def _lost() -> UnavailableError:
    return UnavailableError("connection_lost")


def _settle(jobs: list[_Job], results: list[_Result]) -> None:
    for job, result in zip(jobs, results, strict=True):
        if job.future.done():
            continue
        if result.error is None:
            job.future.set_result(result.value)
        else:
            job.future.set_exception(result.error)
