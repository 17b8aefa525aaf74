"""Who is away, from when until when, and who decides for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, insert, select, update

from policy.delegation import Absence
from storage.columns import UtcDateTime
from storage.schema import ABSENCES


class Absences:
    """The absences of everybody, in the caller's transaction. E-mail addresses are compared without case."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, absence: Absence) -> None:
        """Store a new absence."""
        self._connection.execute(insert(ABSENCES).values(absence.model_dump()))

    def get(self, absence_id: str) -> Absence | None:
        """Return one absence."""
        found = self._all(select(ABSENCES).where(ABSENCES.c.id == absence_id))
        return found[0] if found else None

    def at(self, moment: datetime) -> list[Absence]:
        """Return everybody's absence at *moment*; of each person the one stated last."""
        return [_absence(row) for row in self._connection.execute(_AT, {"moment": moment}).mappings()]

    def between(self, start: datetime, end: datetime) -> list[Absence]:
        """Return everybody's absences that touch that time."""
        table = ABSENCES.c
        query = select(ABSENCES).where(table.starts_at < end, table.ends_at > start)
        return self._all(query.where(table.ended_at.is_(None)))

    def still_to_come(self, email: str, now: datetime) -> list[Absence]:
        """Return somebody's present and future absences, the nearest first."""
        table = ABSENCES.c
        theirs = func.lower(table.email) == email.casefold()
        return self._all(select(ABSENCES).where(theirs, table.ends_at > now, table.ended_at.is_(None)))

    def end(self, absence_id: str, now: datetime) -> Absence | None:
        """Call an absence off; None when it had ended already."""
        table = ABSENCES.c
        ended = update(ABSENCES).where(table.id == absence_id, table.ended_at.is_(None)).values(ended_at=now)
        row = self._connection.execute(ended.returning(ABSENCES)).mappings().first()
        return _absence(row) if row else None

    def _all(self, query: Select[Any]) -> list[Absence]:
        return [_absence(row) for row in self._connection.execute(query.order_by(*_IN_ORDER)).mappings()]


def _absence(row: RowMapping) -> Absence:
    return Absence.model_validate(dict(row))


_IN_ORDER = (ABSENCES.c.starts_at, ABSENCES.c.created_at, ABSENCES.c.id)
_MOMENT = bindparam("moment", type_=UtcDateTime())
_AT = (
    select(ABSENCES)
    .where(ABSENCES.c.starts_at <= _MOMENT, ABSENCES.c.ends_at > _MOMENT, ABSENCES.c.ended_at.is_(None))
    .order_by(*_IN_ORDER)
)
