"""Grouping messages: one list for many decisions, so that nobody is flooded with cards."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage.schema import GROUPINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """One list for a person in the channel named by *route*; the message is known once it was posted."""

    id: str
    route: str
    created_at: datetime
    channel_id: str | None = None
    message_ts: str | None = None
    for_person: str | None = None


class Groupings:
    """The grouping messages, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, grouping: Grouping) -> None:
        """Remember a new list."""
        self._connection.execute(insert(GROUPINGS).values(asdict(grouping)))

    def get(self, grouping_id: str) -> Grouping | None:
        """Return one list."""
        row = (
            self._connection.execute(select(GROUPINGS).where(GROUPINGS.c.id == grouping_id))
            .mappings()
            .first()
        )
        return Grouping(**{field.name: row[field.name] for field in fields(Grouping)}) if row else None

    def last_at(self, route: str, person: str | None) -> datetime | None:
        """Return when somebody was last given a list in a channel; whoever looks into it for None."""
        table = GROUPINGS.c
        theirs = table.for_person.is_(None) if person is None else table.for_person == person.casefold()
        query = select(table.created_at).where(table.route == route, theirs)
        moment: datetime | None = self._connection.execute(
            query.order_by(table.created_at.desc()).limit(1)
        ).scalar_one_or_none()
        return moment

    def set_message(self, grouping_id: str, channel_id: str, message_ts: str) -> None:
        """Remember which Slack message shows the list."""
        self._connection.execute(
            update(GROUPINGS)
            .where(GROUPINGS.c.id == grouping_id)
            .values(channel_id=channel_id, message_ts=message_ts)
        )
