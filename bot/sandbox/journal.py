"""A small document store in one SQLite file, so that the simulated servers survive a killed process."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (collection, key)
)
"""
_UPSERT = """
INSERT INTO documents (collection, key, document) VALUES (?, ?, ?)
ON CONFLICT (collection, key) DO UPDATE SET document = excluded.document
"""


class Journal:
    """JSON documents by collection and key, on disk when the call (or its transaction) returns.

    *path* None keeps everything in memory. One connection, guarded by a lock, usable from any thread.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_SCHEMA)

    def put(self, collection: str, key: str, document: dict[str, Any]) -> None:
        """Insert or replace one document; a replaced document keeps its place in the order of `load`."""
        encoded = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            self._connection.execute(_UPSERT, (collection, key, encoded))

    def delete(self, collection: str, key: str) -> None:
        """Remove one document; an unknown key is not an error."""
        with self._lock:
            self._connection.execute(
                "DELETE FROM documents WHERE collection = ? AND key = ?", (collection, key)
            )

    def load(self, collection: str) -> dict[str, dict[str, Any]]:
        """All documents of a collection by key, in the order of their first insertion."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT key, document FROM documents WHERE collection = ? ORDER BY position", (collection,)
            ).fetchall()
        return {key: json.loads(document) for key, document in rows}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several writes one: all are kept, or none when the block raises; nested blocks join in.

        Do not await inside the block: the lock is held by the thread, and so by its whole event loop.
        """
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        with self._lock:
            self._connection.close()
