"""Returning freed pages, so that what was deleted is in no file of the database any more."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, String, make_url, select, text

from storage.errors import without_data
from storage.schema import METADATA

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_PATIENCE_S = 20.0
_PAUSE_S = 0.2


def vacuum(url: str, *, patience_s: float = _PATIENCE_S) -> bool:
    """Rebuild the files; False when somebody read on for *patience_s* and may have kept what was deleted.

    On SQLite the write-ahead log could then not be emptied. On PostgreSQL the tables are rewritten, with
    what a transaction from before may still see; the server's own log and backups keep what they held until
    the server recycles them. Raises StorageError.
    """
    try:
        if make_url(url).get_backend_name() == "sqlite":
            return _rebuild(Path(make_url(url).database or ""), patience_s)
        return _rewrite(url, patience_s)
    except Exception as error:  # noqa: BLE001 - translated and raised below, without the original's data
        failure = without_data(error)
    raise failure


def _rebuild(path: Path, patience_s: float) -> bool:
    connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("VACUUM")
        connection.execute("PRAGMA busy_timeout=0")
        until = time.monotonic() + patience_s
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE_S)
    finally:
        connection.close()
    return True


async def _forget_samples(alone: AsyncConnection) -> None:
    """Drop what PostgreSQL remembers of tables that are empty now: analysing those would leave it there."""
    for table in METADATA.sorted_tables:
        if (await alone.execute(select(table.primary_key.columns.values()[0]).limit(1))).first() is None:
            kept = [column for column in table.columns if isinstance(column.type, String | LargeBinary)]
            spelled = ((column.name, column.type.compile(alone.dialect)) for column in kept)
            changed = ", ".join(f"ALTER COLUMN {name} TYPE {kind}" for name, kind in spelled)
            if changed:
                await alone.execute(text(f"ALTER TABLE {table.name} {changed}"))


_STILL_OPEN = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()"
    " AND greatest(age(backend_xid), age(backend_xmin)) >= age(CAST(CAST(:since AS text) AS xid)))"
)


async def _all_older_ended(alone: AsyncConnection, patience_s: float) -> bool:
    """Wait for transactions that began before now: what one may still see is written anew with its table."""
    since = (await alone.execute(text("SELECT CAST(pg_current_xact_id() AS xid)::text"))).scalar_one()
    until = time.monotonic() + patience_s
    while (await alone.execute(_STILL_OPEN, {"since": since})).scalar_one():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(_PAUSE_S)
    return True


def _rewrite(url: str, patience_s: float) -> bool:
    from storage.postgresql import postgresql_engine  # noqa: PLC0415 - only the driver in use is loaded

    async def run() -> bool:
        engine = postgresql_engine(url, connections=1)
        try:
            async with engine.connect() as connection:
                alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
                all_ended = await _all_older_ended(alone, patience_s)
                await _forget_samples(alone)
                await alone.execute(text(f"VACUUM (FULL, ANALYZE) {', '.join(METADATA.tables)}"))
                # The planner keeps samples of what columns hold: those from before are dead rows by now, but
                # not to a transaction that has begun since, as one that waited for a table to be written.
                all_ended &= await _all_older_ended(alone, patience_s)
                await alone.execute(text("VACUUM (FULL) pg_catalog.pg_statistic"))
                return all_ended
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1, thread_name_prefix="storage") as thread:
        return thread.submit(lambda: asyncio.run(run())).result()
