"""Whether what arrives can be stored: reading may go on for hours on a disk that has no room left."""

from __future__ import annotations

import secrets

from bot.doorstep import Doorstep
from handlers.ports import Clock
from storage.database import Database
from storage.errors import StorageError
from storage.room import ENOUGH_BYTES

STALLED_S = 3.0
STALLED = "no_answer_yet"


class Storing:
    """Tries to store something of some size after the doorstep was refused, until that succeeds.

    A small row may still fit where no event does, and whoever is told that we are not ready sends nothing
    more that would show us that there is room again.
    """

    def __init__(self, doorstep: Doorstep, database: Database, clock: Clock) -> None:
        self._doorstep, self._database, self._clock = doorstep, database, clock

    async def refused_with(self) -> str:
        """Return why nothing can be stored, as a code; empty when it can, as far as is known."""
        if self._doorstep.stalled_s > STALLED_S:
            return STALLED
        if not self._doorstep.refused_with:
            return ""
        now = self._clock.now()
        try:
            for text in (secrets.token_hex(ENOUGH_BYTES), ""):
                await self._database.write(lambda tx, text=text: tx.room.fill(text, now))  # type: ignore[misc]
        except StorageError as error:
            return error.code
        self._doorstep.refused_with = ""
        return ""
