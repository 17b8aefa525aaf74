"""SQLite: one writer thread with group commit, a few readers that cannot write."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from errno import errorcode
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

from storage.errors import DatabaseClosedError, StorageError, UnavailableError, without_data
from storage.group_commit import GroupCommitWriter
from storage.keys import KeyRing
from storage.sqlite_files import SqliteFiles
from storage.transaction import Transaction

T = TypeVar("T")

_READERS = 4
_BUSY_TIMEOUT_SECONDS = 10.0
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "secure_delete=ON",
    "journal_size_limit=67108864",
)
_WRITER_PRAGMAS = (
    "wal_autocheckpoint=4000",  # the audit's indexes touch many pages; copying them back less often pays
    "cache_size=-16000",
)


class SqliteBackend:
    """Owns the file; every write of this process goes through its one writing connection."""

    def __init__(self, url: str, entropy: Callable[[int], bytes], keys: KeyRing | None = None) -> None:
        self._keys = keys
        self._entropy = entropy
        self._reading = sqlite_engine(url, begin="BEGIN", query_only=True, connections=_READERS)
        self._writing = sqlite_engine(url, begin="BEGIN IMMEDIATE", query_only=False, connections=1)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="storage-reader")
        self._files = SqliteFiles(Path(str(make_url(url).database)))
        self._writer = GroupCommitWriter(self._writing, self._transaction, self._vouch)
        self._closed = False

    def write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run *work* in the writer's next commit."""
        if self._closed:
            raise DatabaseClosedError
        return self._writer.submit(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* over a snapshot."""
        if self._closed:
            raise DatabaseClosedError
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """Drain readers and writer; the writer goes last, so that it makes the final checkpoint."""
        self._closed = True
        await asyncio.to_thread(self._drain)

    def _drain(self) -> None:
        self._readers.shutdown()
        self._reading.dispose()
        self._writer.close()
        self._writing.dispose()

    def _read(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self._reading.connect() as connection, connection.begin():
                return work(self._transaction(connection))
        except Exception as error:  # noqa: BLE001 - translated and raised below, without the original's data
            failure = without_data(error)
        raise failure

    def _vouch(self, connection: Connection) -> None:
        try:
            self._files.vouch(connection)
        except UnavailableError:
            self._reading.dispose()  # so that everybody opens anew what is there
            raise

    def _transaction(self, connection: Connection) -> Transaction:
        return Transaction(connection, self._entropy, self._keys)


def sqlite_engine(url: str, *, begin: str, query_only: bool, connections: int) -> Engine:
    """Build an engine whose transactions start with *begin*; creates the file for its owner alone."""
    _create_private(url)
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by the listener below
        for pragma in _PRAGMAS if query_only else _PRAGMAS + _WRITER_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if query_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(begin)

    return engine


def _create_private(url: str) -> None:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise StorageError("sqlite_needs_a_file")
    # A file that is there is not opened: closing it again would drop every lock this process holds on it, and
    # another process could then take away the write-ahead log that is in use.
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError(f"sqlite_file:{errorcode.get(error.errno or 0, 'unknown')}") from None
