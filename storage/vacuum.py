"""Returning freed pages, so that what was deleted is in no file of the database any more."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import make_url, text

from storage.errors import without_data
from storage.schema import METADATA

_PATIENCE_S = 20.0
_PAUSE_S = 0.2


def vacuum(url: str) -> bool:
    """Rebuild the files; False when somebody read on, so that the write-ahead log could not be emptied.

    On PostgreSQL the tables are rewritten; the server's own log and backups keep what they held until the
    server recycles them. Raises StorageError.
    """
    try:
        if make_url(url).get_backend_name() == "sqlite":
            return _rebuild(Path(make_url(url).database or ""))
        _rewrite(url)
    except Exception as error:  # noqa: BLE001 - translated and raised below, without the original's data
        failure = without_data(error)
    else:
        return True
    raise failure


def _rebuild(path: Path) -> bool:
    connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("VACUUM")
        until = time.monotonic() + _PATIENCE_S
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE_S)
    finally:
        connection.close()
    return True


def _rewrite(url: str) -> None:
    from storage.postgresql import postgresql_engine  # noqa: PLC0415 - only the driver in use is loaded

    async def run() -> None:
        engine = postgresql_engine(url, connections=1)
        try:
            async with engine.connect() as connection:
                alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await alone.execute(text(f"VACUUM (FULL) {', '.join(METADATA.tables)}"))
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1, thread_name_prefix="storage") as thread:
        thread.submit(lambda: asyncio.run(run())).result()
