"""Records that were sent back to be put right, with who asked and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from policy.cleanup import CLEANUP_MOVES, UNFINISHED, CleanupState
from storage.errors import ImpossibleMoveError
from storage.schema import CLEANUP_ITEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupItem:
    """One record to put right; *card* is JSON that only the use cases read, people are Slack user ids.

    A decision waits for it (*escalation_id*), or somebody said so of an answer (*answer_id*). *answer* is
    what came of it, for people. All times are UTC.
    """

    id: str
    escalation_id: str | None = None
    donor_id: str
    state: CleanupState = CleanupState.OPEN
    card: bytes
    asked_by: str
    asked_at: datetime
    answered_by: str | None = None
    answered_by_name: str | None = None
    answered_at: datetime | None = None
    answer: str | None = None
    route: str
    channel_id: str | None = None
    message_ts: str | None = None
    revision: int = 1
    correlation_id: str
    reminded_at: datetime | None = None
    answer_id: str | None = None


class CleanupChanges(TypedDict, total=False):
    """What may change together with a move."""

    answered_by: str | None
    answered_by_name: str | None
    answered_at: datetime | None
    answer: str | None


class CleanupItems:
    """The cleanup queue, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, item: CleanupItem) -> None:
        """Store a new item."""
        self._connection.execute(insert(CLEANUP_ITEMS).values(asdict(item)))

    def get(self, item_id: str) -> CleanupItem | None:
        """Return one item."""
        found = self._all(select(CLEANUP_ITEMS).where(CLEANUP_ITEMS.c.id == item_id))
        return found[0] if found else None

    def unfinished(self, limit: int, *, asked_by: str | None = None) -> list[CleanupItem]:
        """Return what still has to be put right, the oldest first; of everybody who asked when None."""
        table = CLEANUP_ITEMS.c
        query = select(CLEANUP_ITEMS).where(table.state.in_(UNFINISHED))
        if asked_by is not None:
            query = query.where(table.asked_by == asked_by)
        return self._all(query.order_by(table.asked_at, table.id).limit(limit))

    def reported(self, donor_id: str) -> CleanupItem | None:
        """Return what waits because somebody said that a text about a donor is wrong."""
        table = CLEANUP_ITEMS.c
        query = select(CLEANUP_ITEMS).where(
            table.donor_id == donor_id, table.answer_id.is_not(None), table.state == CleanupState.OPEN
        )
        return next(iter(self._all(query.order_by(table.asked_at, table.id).limit(1))), None)

    def set_card(self, item_id: str, card: bytes) -> CleanupItem | None:
        """Change what an open item says and return it; None when it is open no more."""
        table = CLEANUP_ITEMS.c
        here = update(CLEANUP_ITEMS).where(table.id == item_id, table.state == CleanupState.OPEN)
        values = {"card": card, "revision": table.revision + 1}
        row = self._connection.execute(here.values(values).returning(CLEANUP_ITEMS)).mappings().first()
        return _item(row) if row else None

    def move(
        self,
        item_id: str,
        expected: CleanupState,
        to: CleanupState,
        **changes: Unpack[CleanupChanges],
    ) -> CleanupItem | None:
        """Move from the *expected* state and return it as it is then; None when somebody else was first.

        Raises ImpossibleMoveError when there is no way from there *to* the other state.
        """
        if to not in CLEANUP_MOVES[expected]:
            raise ImpossibleMoveError(f"impossible_move:{to}")
        table = CLEANUP_ITEMS.c
        here = update(CLEANUP_ITEMS).where(table.id == item_id, table.state == expected)
        values = {**changes, "state": to, "revision": table.revision + 1}
        row = self._connection.execute(here.values(values).returning(CLEANUP_ITEMS)).mappings().first()
        return _item(row) if row else None

    def set_message(self, item_id: str, channel_id: str, message_ts: str) -> None:
        """Remember which Slack message shows the item."""
        here = update(CLEANUP_ITEMS).where(CLEANUP_ITEMS.c.id == item_id)
        self._connection.execute(here.values(channel_id=channel_id, message_ts=message_ts))

    def note_reminded(self, item_id: str, now: datetime) -> bool:
        """Note that whoever looks after records was reminded of an open item; False when they were before."""
        table = CLEANUP_ITEMS.c
        owed = (table.id == item_id, table.state == CleanupState.OPEN, table.reminded_at.is_(None))
        noted = self._connection.execute(update(CLEANUP_ITEMS).where(*owed).values(reminded_at=now))
        return noted.rowcount == 1

    def last_reminded(self, route: str) -> datetime | None:
        """Return when anything in a channel was last reminded of."""
        query = select(func.max(CLEANUP_ITEMS.c.reminded_at)).where(CLEANUP_ITEMS.c.route == route)
        return self._connection.execute(query).scalar_one_or_none()

    def _all(self, query: Select[Any]) -> list[CleanupItem]:
        return [_item(row) for row in self._connection.execute(query).mappings()]


def _item(row: RowMapping) -> CleanupItem:
    values = {field.name: row[field.name] for field in fields(CleanupItem)}
    return CleanupItem(**values | {"state": CleanupState(values["state"])})
