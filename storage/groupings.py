"""Grouping messages: one list for many decisions, so that nobody is flooded with cards."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, select, update

from storage.escalation_statements import CHANGING
from storage.escalations import Escalation, escalation_of
from storage.schema import ESCALATIONS, GROUPINGS


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

    def unlisted(self, route: str, person: str | None, limit: int) -> list[Escalation]:
        """Return what was kept back for somebody's next list in a channel, by due date."""
        table = ESCALATIONS.c
        if person is None:
            theirs = and_(table.route == route, table.for_person.is_(None))
        else:
            theirs = and_(table.route == route, table.for_person == person.casefold())
        query = select(ESCALATIONS).where(theirs, table.shown == "grouped", table.grouping_id.is_(None))
        return self._by_due_date(query.limit(limit))

    def listed(self, grouping_id: str) -> list[Escalation]:
        """Return what a list holds, by due date."""
        return self._by_due_date(select(ESCALATIONS).where(ESCALATIONS.c.grouping_id == grouping_id))

    def put_on(self, grouping_id: str, escalation_id: str) -> None:
        """Put an escalation on a list."""
        self._connection.execute(CHANGING, {"of_id": escalation_id, "grouping_id": grouping_id})

    def take_off(self, escalation_id: str) -> None:
        """Take an escalation off the list it is on, to wait for the next one."""
        self._connection.execute(CHANGING, {"of_id": escalation_id, "grouping_id": None})

    def set_message(self, grouping_id: str, channel_id: str, message_ts: str) -> None:
        """Remember which Slack message shows the list."""
        self._connection.execute(
            update(GROUPINGS)
            .where(GROUPINGS.c.id == grouping_id)
            .values(channel_id=channel_id, message_ts=message_ts)
        )

    def _by_due_date(self, query: Select[Any]) -> list[Escalation]:
        rows = self._connection.execute(query.order_by(ESCALATIONS.c.due_at, ESCALATIONS.c.id)).mappings()
        return [escalation_of(row) for row in rows]
