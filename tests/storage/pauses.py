"""Points at which a work stops for the test: SQLite runs it in a thread, PostgreSQL on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from sqlalchemy.util.concurrency import await_, in_greenlet

from tests.patience import PATIENCE_S


class Pause:
    """A work that comes to `here` waits until the test says `go_on`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reached, self._over = asyncio.Event(), asyncio.Event()

    def here(self) -> None:
        """Called by the work."""
        _wait(self._loop, self._stop())

    async def reached(self) -> None:
        """Wait until a work is here."""
        await asyncio.wait_for(self._reached.wait(), PATIENCE_S)

    def go_on(self) -> None:
        """Let the work run on."""
        self._over.set()

    async def _stop(self) -> None:
        self._reached.set()
        await asyncio.wait_for(self._over.wait(), PATIENCE_S)


class Meeting:
    """Works that come here wait until so many of them have."""

    def __init__(self, parties: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._barrier = asyncio.Barrier(parties)

    def here(self) -> None:
        """Called by each work."""
        _wait(self._loop, self._meet())

    async def _meet(self) -> None:
        await asyncio.wait_for(self._barrier.wait(), PATIENCE_S)


def _wait(loop: asyncio.AbstractEventLoop, waiting: Coroutine[Any, Any, None]) -> None:
    if in_greenlet():
        await_(waiting)
    else:
        asyncio.run_coroutine_threadsafe(waiting, loop).result()
