"""What was queued by a clock that was ahead, once the time has been set back."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, or_, select, update

from storage.lease_statements import in_status
from storage.schema import INBOX, OUTBOX

AT_ONCE = 1000
LONGEST_WAIT = timedelta(hours=1)
"""Nothing that was tried is put off for longer but for working hours, and those are looked at again."""
_AHEAD = timedelta(minutes=1)
_MOMENTS = ("received_at", "first_attempt_at", "first_due_at", "available_at")


class SetBack:
    """Both queues as they have to be put right after the time was set back, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def bring_back(self, now: datetime) -> int:
        """Have what arrived or was first tried by a clock ahead of *now* wait as long as it was to wait.

        Nothing arrives in the future: without this it would lie until that time comes, be it in a year.
        Takes up to `AT_ONCE` items of each queue; returns how many.
        """
        return sum(self._bring_back(table, now) for table in (INBOX, OUTBOX))

    def wake_put_off(self, now: datetime) -> int:
        """Have what was tried, and put off longer than anybody asks for, be tried now; return how many."""
        return sum(self._wake(table, now) for table in (INBOX, OUTBOX))

    def _wake(self, table: Table, now: datetime) -> int:
        waiting = (in_status(table, "ready"), in_status(table, "ready", "in_flight"))
        far_off = (table.c.last_error.is_not(None), table.c.available_at > now + LONGEST_WAIT)
        return self._connection.execute(
            update(table).where(*waiting, *far_off).values(available_at=now)
        ).rowcount

    def _bring_back(self, table: Table, now: datetime) -> int:
        soon = now + _AHEAD
        waiting = (in_status(table, "ready"), in_status(table, "ready", "in_flight"))
        came_later = or_(table.c.received_at > soon, table.c.first_attempt_at > soon)
        moments = [table.c[name] for name in _MOMENTS]
        query = select(table.c.position, *moments).where(*waiting, came_later).limit(AT_ONCE)
        found = self._connection.execute(query.with_for_update(skip_locked=True)).all()
        for position, *when in found:
            ahead = max(moment for moment in when[:2] if moment is not None) - now
            values = {
                name: moment - ahead if moment and (moment > soon or name == "available_at") else moment
                for name, moment in zip(_MOMENTS, when, strict=True)
            }
            self._connection.execute(update(table).where(table.c.position == position).values(values))
        return len(found)
