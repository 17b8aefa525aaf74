"""Who runs the service: each process writes down now and then that it lives, and how it fares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Connection, delete, func, select

from storage.conflict import insert_or_update
from storage.schema import REPLICAS


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One process; *report* is what it says of itself, in short codes and numbers. Times are UTC."""

    id: str
    role: str
    version: str
    started_at: datetime
    seen_at: datetime
    report: Mapping[str, JsonValue]


class Replicas:
    """The processes that were heard of, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def seen(self, replica: Replica) -> None:
        """Write down that *replica* lives."""
        values = {
            "id": replica.id,
            "role": replica.role,
            "version": replica.version,
            "started_at": replica.started_at,
            "seen_at": replica.seen_at,
            "report": json.dumps(dict(replica.report), separators=(",", ":"), sort_keys=True),
        }
        insert_or_update(self._connection, REPLICAS, ("id",), values)

    def left(self, replica_id: str) -> None:
        """Forget a replica that has stopped as it should."""
        self._connection.execute(delete(REPLICAS).where(REPLICAS.c.id == replica_id))

    def since(self, moment: datetime) -> tuple[Replica, ...]:
        """Return who was heard of since *moment*, the oldest first."""
        rows = self._connection.execute(
            select(REPLICAS)
            .where(REPLICAS.c.seen_at >= moment)
            .order_by(REPLICAS.c.started_at, REPLICAS.c.id)
        ).mappings()
        return tuple(Replica(**{**row, "report": json.loads(row["report"])}) for row in rows)

    def clock(self) -> datetime | None:
        """Return the time of the database's server, which all replicas share; None where there is none."""
        if self._connection.dialect.name != "postgresql":
            return None
        moment: datetime = self._connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment

    def purge(self, before: datetime) -> int:
        """Forget who was not heard of since that moment; return how many."""
        return self._connection.execute(delete(REPLICAS).where(REPLICAS.c.seen_at < before)).rowcount
