"""SQLite's one writer: a thread that owns the only writing connection and commits many works at once.

One `fsync` then pays for everything that was waiting, and nobody fights over the database lock.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from storage.errors import DatabaseClosedError, StorageError, UnavailableError, without_data
from storage.joint_work import Work, perform, runs
from storage.transaction import Transaction

T = TypeVar("T")

_BATCH = 256


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Result:
    value: Any = None
    error: BaseException | None = None


class GroupCommitWriter:
    """Runs works in the order in which they were handed in, each in its own savepoint of a shared commit.

    *vouch* is asked after each commit and raises where it will not last.
    """

    def __init__(
        self,
        engine: Engine,
        begin: Callable[[Connection], Transaction],
        vouch: Callable[[Connection], None],
    ) -> None:
        self._engine, self._begin, self._vouch = engine, begin, vouch
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Queue *work* and return a future of the running loop, resolved only after the commit.

        Cancelling it spares a work that has not begun; one that has begun is committed all the same.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            if self._closed:
                raise DatabaseClosedError
            self._jobs.put(_Job(work, loop, future))
        return future

    def close(self) -> None:
        """Refuse further works, finish those that wait, and end the thread."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            jobs = [job for job in batch if not job.future.cancelled()]
            if jobs:
                _resolve(zip(jobs, self._commit(jobs), strict=True))
        self._let_go()

    def _next_batch(self) -> list[_Job] | None:
        """Wait for a work and take along what waits behind it; None once closed and drained."""
        first = self._jobs.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < _BATCH:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _commit(self, jobs: list[_Job]) -> list[_Result]:
        try:
            return self._together(jobs)
        except _FlushFailedError as failed:
            # One work's audit entries cannot be written: it pays alone, the others go on.
            return [_Result(error=failed.reason)] if len(jobs) == 1 else self._one_by_one(jobs)
        except Exception as error:  # noqa: BLE001 - whatever broke the commit, every caller must hear of it
            return [_Result(error=without_data(error)) for _ in jobs]

    def _together(self, jobs: list[_Job]) -> list[_Result]:
        # Kept from batch to batch, since nobody else writes; taken anew after whatever went wrong.
        connection = self._connection = self._connection or self._engine.connect()
        try:
            with connection.begin():
                transaction = self._begin(connection)
                results = [
                    result
                    for works in runs([job.work for job in jobs])
                    for result in _perform(works, connection, transaction)
                ]
                _flush(transaction)
            self._vouch(connection)
        except BaseException:
            self._let_go()
            raise
        return results

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _one_by_one(self, jobs: list[_Job]) -> list[_Result]:
        return [result for job in jobs for result in self._commit([job])]


def _perform(works: Sequence[Work], connection: Connection, transaction: Transaction) -> list[_Result]:
    """Run works in a savepoint, so that their failure undoes nothing of the others."""
    sqlite: Any = connection.connection.driver_connection
    appended = transaction.audit.appended
    sqlite.execute("SAVEPOINT work")
    try:
        values = perform(transaction, works)
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller, and the thread must live on
        if not sqlite.in_transaction:  # a full disk or a failed write makes SQLite roll back everything
            reason = without_data(error)
            raise UnavailableError(
                reason.code if isinstance(reason, StorageError) else "transaction_lost"
            ) from None
        transaction.audit.forget_from(appended)
        sqlite.execute("ROLLBACK TO work")
        sqlite.execute("RELEASE work")
        if len(works) == 1:
            return [_Result(error=without_data(error))]
        return [result for work in works for result in _perform([work], connection, transaction)]
    sqlite.execute("RELEASE work")
    return [_Result(value=value) for value in values]


class _FlushFailedError(Exception):
    """The audit entries of a batch could not be written."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def _flush(transaction: Transaction) -> None:
    try:
        transaction.audit.flush()
    except Exception as error:  # noqa: BLE001 - told apart from a failing commit by the caller
        raise _FlushFailedError(without_data(error)) from None


def _resolve(outcomes: Iterable[tuple[_Job, _Result]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Job, _Result]]] = {}
    for job, result in outcomes:
        by_loop.setdefault(job.loop, []).append((job, result))
    for loop, share in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, share)
        except RuntimeError:  # that loop was closed, so nobody waits any more
            continue


def _settle(share: list[tuple[_Job, _Result]]) -> None:
    for job, result in share:
        if job.future.done():
            continue
        if result.error is None:
            job.future.set_result(result.value)
        else:
            job.future.set_exception(result.error)
