"""Which occurrence of a schedule was taken, so that one of many equal replicas acts on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete

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

    def purge(self, before: datetime) -> int:
        """Forget occurrences taken before that moment; return how many."""
        return self._connection.execute(delete(OCCURRENCES).where(OCCURRENCES.c.claimed_at < before)).rowcount
