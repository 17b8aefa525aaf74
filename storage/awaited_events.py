"""Deferred decisions that an event brings back, and which event that is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, select

from policy.awaited_events import AwaitedEvent
from storage.conflict import insert_or_update
from storage.schema import AWAITED_EVENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What the escalation, as of *revision*, waits for; *subject_id* is a donor's or a campaign's id."""

    escalation_id: str
    revision: int
    kind: AwaitedEvent
    subject_id: str
    since: datetime


class AwaitedEvents:
    """What is awaited, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, awaited: Awaited) -> None:
        """Note what an escalation waits for, instead of anything before."""
        insert_or_update(self._connection, AWAITED_EVENTS, ("escalation_id",), asdict(awaited))

    def get(self, escalation_id: str) -> Awaited | None:
        """Return what an escalation waits for."""
        query = select(AWAITED_EVENTS).where(AWAITED_EVENTS.c.escalation_id == escalation_id)
        row = self._connection.execute(query).mappings().first()
        return _awaited(row) if row else None

    def of(self, kind: AwaitedEvent, subject_id: str) -> list[Awaited]:
        """Return what waits for such an event about a donor or campaign."""
        wanted = {"of_kind": kind, "of_subject": subject_id}
        return [_awaited(row) for row in self._connection.execute(_OF, wanted).mappings()]

    def drop(self, escalation_id: str) -> None:
        """Forget what an escalation waits for."""
        self._connection.execute(
            delete(AWAITED_EVENTS).where(AWAITED_EVENTS.c.escalation_id == escalation_id)
        )


def _awaited(row: RowMapping) -> Awaited:
    values = {field.name: row[field.name] for field in fields(Awaited)}
    return Awaited(**values | {"kind": AwaitedEvent(values["kind"])})


_OF = (
    select(AWAITED_EVENTS)
    .where(
        AWAITED_EVENTS.c.kind == bindparam("of_kind"),
        AWAITED_EVENTS.c.subject_id == bindparam("of_subject"),
    )
    .order_by(AWAITED_EVENTS.c.escalation_id)
)
