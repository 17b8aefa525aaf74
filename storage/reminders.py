"""Reminders of decisions: which are owed to whom, and which were given."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from storage.conflict import insert_new
from storage.schema import REMINDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One reminder of the deadline *due_at*, planned for *planned_at*; *person* is whom it waits for.

    That is an e-mail address, or a role when anybody of it may decide. All times are UTC.
    """

    escalation_id: str
    person: str
    planned_at: datetime
    due_at: datetime
    given_at: datetime | None = None


class Reminders:
    """The reminders of everybody, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, reminder: Reminder) -> bool:
        """Note that a reminder is owed; False when it was already."""
        keys = ("escalation_id", "person", "planned_at")
        return insert_new(self._connection, REMINDERS, keys, asdict(reminder))

    def owed(self, person: str) -> list[Reminder]:
        """Return what somebody is still to be reminded of, the most urgent first."""
        table = REMINDERS.c
        query = select(REMINDERS).where(table.person == person, table.given_at.is_(None))
        rows = self._connection.execute(query.order_by(table.due_at, table.escalation_id)).mappings()
        return [Reminder(**{field.name: row[field.name] for field in fields(Reminder)}) for row in rows]

    def last_given(self, person: str) -> datetime | None:
        """Return when somebody was reminded last."""
        query = select(func.max(REMINDERS.c.given_at)).where(REMINDERS.c.person == person)
        return self._connection.execute(query).scalar_one_or_none()

    def give(self, reminder: Reminder, now: datetime) -> None:
        """Note that a reminder was given."""
        self._connection.execute(update(REMINDERS).where(_is(reminder)).values(given_at=now))

    def drop(self, reminder: Reminder) -> None:
        """Forget a reminder that nobody needs any more."""
        self._connection.execute(delete(REMINDERS).where(_is(reminder)))


def _is(reminder: Reminder) -> ColumnElement[bool]:
    table = REMINDERS.c
    return and_(
        table.escalation_id == reminder.escalation_id,
        table.person == reminder.person,
        table.planned_at == reminder.planned_at,
    )
