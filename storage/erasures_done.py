"""Which lines of the list of erasures, kept outside of the database, this database has seen to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from storage.conflict import insert_new
from storage.schema import ERASURES_DONE


class ErasuresDone:
    """What was carried out here, in the caller's transaction; an older back-up knows less of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, line_id: str, now: datetime) -> bool:
        """Remember that a line was seen to; False when it was before."""
        return insert_new(self._connection, ERASURES_DONE, ("id",), {"id": line_id, "at": now})

    def missing(self, line_ids: Collection[str]) -> set[str]:
        """Return those of *line_ids* that nobody saw to here."""
        known = self._connection.execute(select(ERASURES_DONE.c.id)).scalars()
        return set(line_ids).difference(known)

    def all(self) -> set[str]:
        """Return every line that was seen to."""
        return set(self._connection.execute(select(ERASURES_DONE.c.id)).scalars())
