"""Whether the files that SQLite has open are still the ones at their names.

A file that was moved away, deleted or replaced stays open and takes what is written to it; whoever opens the
database next finds nothing of that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from storage.errors import UnavailableError

Identity = tuple[int, int]


class SqliteFiles:
    """The database's file and the write-ahead log beside it, as whoever writes has them open."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._log_path = self._path.with_name(f"{path.name}-wal")
        self._file: Identity | None = None
        self._log: Identity | None = None

    def vouch(self, connection: Connection) -> None:
        """Raise UnavailableError where what was just committed would be lost with this process.

        A log that was deleted, with nobody having begun another, is first brought into the database's file.
        """
        file = _identity(self._path)
        self._file = self._file or file
        if file != self._file:
            raise UnavailableError("sqlite_file_replaced")
        log = _identity(self._log_path)
        if log is not None and self._log in (None, log):
            self._log = log
            return
        if log is None and self._log is not None:
            sqlite: Any = connection.connection.driver_connection  # outside of any transaction
            sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            self._log = None
            connection.engine.dispose()
            connection.invalidate()
            raise UnavailableError("sqlite_log_deleted")
        if log is not None:
            raise UnavailableError("sqlite_log_replaced")


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
