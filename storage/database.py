"""The database behind one door, whether it is SQLite in a file or a PostgreSQL server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Protocol, Self, TypeVar

from sqlalchemy import make_url

from storage.errors import StorageError
from storage.keys import KeyRing
from storage.transaction import Transaction

T = TypeVar("T")


class Backend(Protocol):
    """What SQLite and PostgreSQL do differently."""

    def write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Have *work* run; its value is there once it is committed."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* over one consistent state."""

    async def close(self) -> None:
        """Finish what was begun and let go of every connection."""


class Database:
    """Runs works, synchronous functions over a Transaction, for one event loop.

    A work may be run again, after a conflict with another process or when a work beside it failed, so all its
    effects go through the transaction, and it waits for nothing but the database. Its own exceptions reach
    the caller; the database's arrive as StorageError without data.
    """

    def __init__(self, backend: Backend, *, is_sqlite: bool, is_encrypted: bool = False) -> None:
        self._backend = backend
        self.is_sqlite = is_sqlite
        self.is_encrypted = is_encrypted

    @classmethod
    def open(
        cls,
        url: str,
        *,
        keys: KeyRing | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> Self:
        """Open "sqlite:///path.db" or "postgresql+asyncpg://..."; the schema must be there already.

        With *keys* audit payloads are encrypted; a database opened with keys once refuses to write or read
        payloads without them. *entropy* returns that many random bytes. Raises StorageError for any other
        kind of database.
        """
        backend = make_url(url).get_backend_name()
        if backend == "sqlite":
            from storage.sqlite import SqliteBackend  # noqa: PLC0415 - only the driver in use is loaded

            return cls(SqliteBackend(url, entropy, keys), is_sqlite=True, is_encrypted=keys is not None)
        if backend == "postgresql":
            from storage.postgresql import PostgresqlBackend  # noqa: PLC0415 - the same

            return cls(PostgresqlBackend(url, entropy, keys), is_sqlite=False, is_encrypted=keys is not None)
        raise StorageError("unknown_kind_of_database")

    def write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run *work* in a transaction; await its value, which is there once that is durable.

        An exception rolls back this work alone. When the caller is cancelled meanwhile, the work may or may
        not have happened.
        """
        return self._backend.write(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run *work* over one consistent state; writing in it raises StorageError."""
        return await self._backend.read(work)

    async def close(self) -> None:
        """Finish the works handed in so far and let go of every connection; later ones are refused."""
        await self._backend.close()
