"""What people answered when they practised."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select

from policy.practice import Given
from storage.schema import PRACTICE_ANSWERS

_FIELDS = tuple(PRACTICE_ANSWERS.c[name] for name in Given.model_fields)


class PracticeAnswers:
    """All answers, in the caller's transaction. One person's are for that person alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, answer_id: str, given: Given) -> None:
        """Store one answer."""
        self._connection.execute(insert(PRACTICE_ANSWERS).values(id=answer_id, **given.model_dump()))

    def of(self, person: str) -> list[Given]:
        """Return what *person* answered, the oldest first."""
        table = PRACTICE_ANSWERS.c
        query = select(*_FIELDS).where(table.person == person).order_by(table.at, table.id)
        return _all(self._connection.execute(query).mappings())

    def between(self, start: datetime, end: datetime) -> list[Given]:
        """Return everybody's answers from *start* until before *end*; only for figures of whole teams."""
        table = PRACTICE_ANSWERS.c
        query = select(*_FIELDS).where(table.at >= start, table.at < end).order_by(table.at, table.id)
        return _all(self._connection.execute(query).mappings())


def _all(rows: Iterable[RowMapping]) -> list[Given]:
    return [Given.model_validate(dict(row)) for row in rows]
