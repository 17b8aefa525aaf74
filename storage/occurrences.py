"""Which occurrence of a schedule was taken, so that one of many equal replicas acts on it.

What is done once for another reason (a notice a day, a summary before a meeting) is taken in the same way.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, delete, false, func, not_, or_, select

from storage.conflict import insert_new
from storage.schema import OCCURRENCES

ABOUT_DONOR = "held:{donor_id}:"
"""How the id of what is done once about a donor begins; it goes with the donor."""


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

    def latest(self, schedule_ids: Collection[str]) -> dict[str, datetime]:
        """Return when the latest occurrence of each of those schedules was taken, if one was."""
        if not schedule_ids:
            return {}
        table = OCCURRENCES.c
        query = (
            select(table.schedule_id, func.max(table.claimed_at))
            .where(table.schedule_id.in_(schedule_ids))
            .group_by(table.schedule_id)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def purge(self, before: datetime, keeping: Collection[str] = ()) -> int:
        """Forget what was taken before that moment, but for the latest of *keeping*; return how many."""
        table = OCCURRENCES.c
        kept = (
            and_(table.schedule_id == schedule_id, table.claimed_at == at)
            for schedule_id, at in self.latest(keeping).items()
        )
        gone = delete(OCCURRENCES).where(table.claimed_at < before, not_(or_(false(), *kept)))
        return self._connection.execute(gone).rowcount

    def forget_donor(self, donor_id: str) -> int:
        """Forget what was done once about a donor; return how much that was."""
        begins = OCCURRENCES.c.schedule_id.startswith(ABOUT_DONOR.format(donor_id=donor_id), autoescape=True)
        return self._connection.execute(delete(OCCURRENCES).where(begins)).rowcount
