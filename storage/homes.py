"""Who has opened the Home tab, and what they were shown there last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from storage.columns import UtcDateTime
from storage.conflict import insert_or_update
from storage.schema import HOMES


@dataclass(frozen=True, slots=True)
class Home:
    """One person's Home tab; *shown_digest* tells its content from another."""

    user_id: str
    opened_at: datetime
    shown_digest: str | None


class Homes:
    """The Home tabs in use, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def opened(self, user_id: str, now: datetime) -> None:
        """Note that somebody looked at their Home tab."""
        insert_or_update(self._connection, HOMES, ("user_id",), {"user_id": user_id, "opened_at": now})

    def in_use(self, since: datetime) -> list[Home]:
        """Return the Home tabs that were opened since then."""
        table = HOMES.c
        query = select(table.user_id, table.opened_at, table.shown_digest).where(table.opened_at >= since)
        return [Home(*row) for row in self._connection.execute(query.order_by(table.user_id))]

    def are_in_use(self, since: datetime) -> bool:
        """Say whether anybody opened their Home tab since then."""
        return self._connection.execute(_ANY, {"since": since}).first() is not None

    def shown(self, user_id: str, digest: str) -> None:
        """Note what somebody's Home tab shows now."""
        self._connection.execute(update(HOMES).where(HOMES.c.user_id == user_id).values(shown_digest=digest))


_ANY = select(HOMES.c.user_id).where(HOMES.c.opened_at >= bindparam("since", type_=UtcDateTime())).limit(1)
