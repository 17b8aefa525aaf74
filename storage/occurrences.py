"""Which occurrence of a schedule was taken, so that one of many equal replicas acts on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from storage.conflict import insert_new
from storage.schema import OCCURRENCES


class Occurrences:
    """The taken occurrences, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, schedule_id: str, period_key: str, now: datetime) -> bool:
        """Take an occurrence; True for exactly one caller.

        *period_key* names the period in the schedule's own calendar, such as the local date, so that a
        change of daylight saving time cannot make two of one.
        """
        values = {"schedule_id": schedule_id, "period_key": period_key, "claimed_at": now}
        return insert_new(self._connection, OCCURRENCES, ("schedule_id", "period_key"), values)

    def is_taken(self, schedule_id: str, period_key: str) -> bool:
        """Say whether an occurrence was taken."""
        table = OCCURRENCES.c
        query = select(table.claimed_at).where(
            table.schedule_id == schedule_id, table.period_key == period_key
        )
        return self._connection.execute(query).first() is not None

    def latest(self) -> dict[str, datetime]:
        """Return when each schedule's latest occurrence was taken."""
        table = OCCURRENCES.c
        query = select(table.schedule_id, func.max(table.claimed_at)).group_by(table.schedule_id)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def purge(self, before: datetime) -> int:
        """Forget occurrences taken before that moment; return how many."""
        return self._connection.execute(delete(OCCURRENCES).where(OCCURRENCES.c.claimed_at < before)).rowcount
