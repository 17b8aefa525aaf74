"""Who holds a lock in PostgreSQL that processes of ours wait for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody's session, and since when its transaction is open, as it is read in UTC."""

    pid: int
    role: str
    program: str
    state: str
    since: str


def holders(connection: Connection, held_for: timedelta = timedelta()) -> list[Holder]:
    """Return who has held for that long what we wait for; nobody where there is no server."""
    if connection.dialect.name != "postgresql":
        return []
    rows = connection.execute(_ASKED, {"held_for": held_for}).mappings()
    return [Holder(**row) for row in rows]


_ASKED = text("""
SELECT DISTINCT held.pid, held.usename AS role, coalesce(held.application_name, '') AS program, held.state,
    to_char(held.xact_start AT TIME ZONE 'UTC', 'DD Mon HH24:MI') AS since
FROM pg_stat_activity AS waiting
CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking(pid)
JOIN pg_stat_activity AS held ON held.pid = blocking.pid
WHERE waiting.application_name = 'countersign' AND waiting.wait_event_type = 'Lock'
AND held.application_name <> 'countersign' AND waiting.datname = current_database()
AND held.xact_start <= clock_timestamp() - CAST(:held_for AS interval)
""")
