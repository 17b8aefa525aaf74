"""A count that others can wait for."""

from __future__ import annotations

import asyncio


class Tally:
    """Counts what happened; `reached` waits until it happened often enough."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = asyncio.Event()

    def add(self) -> None:
        """Count one more."""
        self.count += 1
        self._changed.set()

    async def reached(self, wanted: int) -> None:
        """Return when the count is *wanted* or more."""
        while self.count < wanted:
            self._changed.clear()
            await self._changed.wait()
