"""Whether the database takes what arrives: there is room, changes are allowed, and nobody holds the inbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from storage.schema import INBOX
from storage.settings import Settings

FILLER = "room"
"""The setting that is written large and small again."""
ENOUGH_BYTES = 32_768
"""A small row may still fit where no event does."""
_LOCK_TIMEOUT_MS = 1_500


class Room:
    """An attempt to store something of some size, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fill(self, with_what: str, now: datetime) -> None:
        """Store *with_what* in place of what was there; an empty text gives the room back.

        A lock that somebody holds on the inbox is waited for no longer than a moment.
        """
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}"))
            self._connection.execute(text(f"LOCK TABLE {INBOX.name} IN ROW EXCLUSIVE MODE"))
        Settings(self._connection).put(FILLER, with_what, now)
