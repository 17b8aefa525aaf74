"""Who asked for drills, and the drills they got. Nothing here leads to the CRM."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from policy.drills import Drill, Member
from policy.practice import Choice
from storage.schema import DRILL_MEMBERS, DRILLS


class Drills:
    """All drills, in the caller's transaction. One person's are for that person alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def join(self, member: Member) -> None:
        """Keep that somebody asked for drills; asking again begins a new turn."""
        self.leave(member.person)
        self._connection.execute(insert(DRILL_MEMBERS).values(member.model_dump()))

    def leave(self, person: str) -> bool:
        """Forget that somebody asked for drills; False when they had not."""
        gone = delete(DRILL_MEMBERS).where(DRILL_MEMBERS.c.person == person)
        return bool(self._connection.execute(gone).rowcount)

    def member(self, person: str) -> Member | None:
        """Return what somebody asked for; None for whoever gets no drills."""
        query = select(DRILL_MEMBERS).where(DRILL_MEMBERS.c.person == person)
        row = self._connection.execute(query).mappings().first()
        return Member.model_validate(dict(row)) if row else None

    def add(self, drill: Drill) -> None:
        """Store a new drill."""
        self._connection.execute(insert(DRILLS).values(drill.model_dump()))

    def get(self, drill_id: str) -> Drill | None:
        """Return one drill."""
        found = _all(self._connection.execute(select(DRILLS).where(DRILLS.c.id == drill_id)).mappings())
        return found[0] if found else None

    def of(self, person: str) -> list[Drill]:
        """Return somebody's drills, the oldest first."""
        table = DRILLS.c
        query = select(DRILLS).where(table.person == person).order_by(table.made_at, table.id)
        return _all(self._connection.execute(query).mappings())

    def ended_between(self, start: datetime, end: datetime) -> list[Drill]:
        """Return everybody's drills that ended then; only for figures of whole teams."""
        table = DRILLS.c
        query = select(DRILLS).where(table.ended_at >= start, table.ended_at < end)
        return _all(self._connection.execute(query.order_by(table.ended_at, table.id)).mappings())

    def open(self) -> list[Drill]:
        """Return the drills that wait for somebody and stand on a card, the oldest first."""
        table = DRILLS.c
        query = select(DRILLS).where(table.state == "open", table.message_ts.is_not(None))
        return _all(self._connection.execute(query.order_by(table.made_at, table.id)).mappings())

    def remember_message(
        self, drill_id: str, channel_id: str, message_ts: str, permalink: str | None
    ) -> None:
        """Keep where the card of a drill was posted, with the address of the message."""
        place = {"channel_id": channel_id, "message_ts": message_ts, "permalink": permalink}
        self._connection.execute(update(DRILLS).where(DRILLS.c.id == drill_id).values(place))

    def answer(self, drill_id: str, choice: Choice, at: datetime, *, right: bool) -> Drill | None:
        """Keep the answer to an open drill; None when it is open no more."""
        return self._close(drill_id, state="answered", choice=choice, right=right, ended_at=at)

    def end(self, drill_id: str, at: datetime) -> Drill | None:
        """End an open drill that nobody answered; None when it is open no more."""
        return self._close(drill_id, state="ended", ended_at=at)

    def _close(self, drill_id: str, **values: object) -> Drill | None:
        still_open = update(DRILLS).where(DRILLS.c.id == drill_id, DRILLS.c.state == "open")
        found = _all(self._connection.execute(still_open.values(values).returning(DRILLS)).mappings())
        return found[0] if found else None


def _all(rows: Iterable[RowMapping]) -> list[Drill]:
    return [Drill.model_validate(dict(row)) for row in rows]
