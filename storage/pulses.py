"""Who was asked how far they trust the suggestions, and what they answered; given out as sums alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from policy.interactions import Kind
from policy.pulse import Pulse, Trust
from storage.conflict import insert_new, insert_or_update
from storage.schema import INTERACTION_GROUPS, INTERACTIONS, PULSE_REFUSALS, PULSES


class Pulses:
    """The monthly question, in the caller's transaction. One person's answers are for sums alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, pulse: Pulse) -> bool:
        """Keep that somebody is asked; False when they were in that month."""
        return insert_new(self._connection, PULSES, ("person", "month"), pulse.model_dump())

    def get(self, pulse_id: str) -> Pulse | None:
        """Return one asking."""
        row = self._connection.execute(select(PULSES).where(PULSES.c.id == pulse_id)).mappings().first()
        return Pulse.model_validate(dict(row)) if row else None

    def latest(self, person: str) -> Pulse | None:
        """Return when somebody was asked last."""
        query = select(PULSES).where(PULSES.c.person == person).order_by(PULSES.c.asked_at.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return Pulse.model_validate(dict(row)) if row else None

    def end(self, pulse_id: str, answer: int | None, at: datetime) -> bool:
        """Keep the answer, None for a question that was skipped; False when there was one before."""
        still_open = update(PULSES).where(PULSES.c.id == pulse_id, PULSES.c.ended_at.is_(None))
        return self._connection.execute(still_open.values(answer=answer, ended_at=at)).rowcount == 1

    def forget(self, before: datetime) -> int:
        """Forget what was asked before then, answered or not; return how much it was."""
        return self._connection.execute(delete(PULSES).where(PULSES.c.asked_at < before)).rowcount

    def refuse(self, person: str, at: datetime) -> None:
        """Keep that somebody does not want to be asked."""
        insert_or_update(self._connection, PULSE_REFUSALS, ("person",), {"person": person, "since": at})

    def allow(self, person: str) -> None:
        """Forget that somebody did not want to be asked."""
        self._connection.execute(delete(PULSE_REFUSALS).where(PULSE_REFUSALS.c.person == person))

    def refused(self, person: str) -> bool:
        """Say whether somebody does not want to be asked."""
        query = select(PULSE_REFUSALS.c.person).where(PULSE_REFUSALS.c.person == person)
        return self._connection.execute(query).first() is not None

    def active_people(self, kinds: Collection[Kind], since: datetime, fewest: int) -> list[str]:
        """Return who did something of those *kinds* at least so many times *since* then, by Slack user id."""
        group, row = INTERACTION_GROUPS.c, INTERACTIONS.c
        query = (
            select(group.person)
            .join_from(INTERACTION_GROUPS, INTERACTIONS, row.group_id == group.id)
            .where(group.kind.in_(kinds), group.person != "", row.at >= since)
            .group_by(group.person)
            .having(func.count() >= fewest)
            .order_by(group.person)
        )
        return list(self._connection.execute(query).scalars())

    def trust(
        self, before: datetime, start: datetime, end: datetime, people: Collection[str] | None
    ) -> Trust:
        """Return everybody's latest answer from *start* until before *end*, and from *before* until then."""
        return Trust(now=self._answers(start, end, people), before=self._answers(before, start, people))

    def _answers(self, start: datetime, end: datetime, people: Collection[str] | None) -> tuple[int, ...]:
        table = PULSES.c
        query = select(table.person, table.answer).where(
            table.answer.is_not(None), table.ended_at >= start, table.ended_at < end
        )
        if people is not None:
            query = query.where(table.person.in_(people))
        latest = {row[0]: int(row[1]) for row in self._connection.execute(query.order_by(table.ended_at))}
        return tuple(sorted(latest.values()))
