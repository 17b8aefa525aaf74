"""Who holds a lock in PostgreSQL that processes of ours wait for."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody's session, and since when its transaction is open or we wait for it, as it is read in UTC.

    What another role's session does, the server tells its administrators alone: *state* is empty then.
    """

    pid: int
    role: str
    program: str
    state: str
    since: str


def holders(connection: Connection) -> list[Holder]:
    """Return who holds what we wait for at this moment; nobody where there is no server."""
    if connection.dialect.name != "postgresql":
        return []
    rows = connection.execute(_ASKED).mappings()
    return [Holder(**row) for row in rows]


_ASKED = text("""
SELECT held.pid, held.usename AS role, coalesce(held.application_name, '') AS program,
    coalesce(held.state, '') AS state,
    to_char(coalesce(held.xact_start, min(waiting.query_start)) AT TIME ZONE 'UTC', 'DD Mon HH24:MI') AS since
FROM pg_stat_activity AS waiting
CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking(pid)
JOIN pg_stat_activity AS held ON held.pid = blocking.pid
WHERE waiting.application_name = 'countersign' AND waiting.wait_event_type = 'Lock'
AND held.application_name <> 'countersign' AND waiting.datname = current_database()
GROUP BY held.pid, held.usename, held.application_name, held.state, held.xact_start
""")
