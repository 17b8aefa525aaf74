"""Whose case things belong to, remembered: it is looked up for every effect and click, and never changes."""

from __future__ import annotations

from typing import Any

from handlers.record.case import case_of, named_in
from storage.database import Database

MOST = 4096


class Cases:
    """The cases that were asked for lately, by what was named; the ids of things and of cases alone."""

    def __init__(self, database: Database, most: int = MOST) -> None:
        self._database, self._most = database, most
        self._known: dict[tuple[tuple[str, str], ...], str] = {}

    async def of(self, message: Any) -> str | None:
        """Return the correlation id of the case that *message* is about; None where it begins one itself."""
        named = named_in(message)
        if not named:
            return None
        if known := self._known.get(named):
            return known
        found = await self._database.read(lambda tx: case_of(tx, message))
        if found:  # what is not there yet may come
            if len(self._known) >= self._most:
                del self._known[next(iter(self._known))]
            self._known[named] = found
        return found
