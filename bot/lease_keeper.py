"""Holding on to an item as long as it is worked on, and letting go of the work once somebody may have it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import timedelta

from bot.clock import slept_s
from storage.errors import LeaseLostError, StorageError

log = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
LEASE = timedelta(seconds=15)  # how long work that was under way rests after a power cut
HELD_S = LEASE.total_seconds() - 2.0  # so much sooner than others do we take a lease to have run out


class LeaseKeeper:
    """Keeps the lease of what the present task works on; *extend* says whether it is still ours.

    *asked_at* is when it was claimed, by the event loop's time and before the database was asked: an answer
    that took long took it from the lease. Most work is over before the first extension is due, so nothing but
    a timer runs until then.
    """

    def __init__(self, extend: Callable[[], Awaitable[bool]], asked_at: float, **told: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._extend, self._told, self._working = extend, told, asyncio.current_task()
        self._held_until, self._slept_s = asked_at + HELD_S, slept_s()
        self._beating: asyncio.Task[None] | None = None
        self._timer = self._loop.call_at(asked_at + HEARTBEAT_S, self._begin)
        _KEEPER.set(self)

    def is_over(self) -> bool:
        """Say whether somebody else may have it by now."""
        # The loop's time stands still while the machine sleeps; others' does not.
        return self._loop.time() + slept_s() - self._slept_s >= self._held_until

    async def end(self) -> None:
        """Keep it no longer: the work is over."""
        if not self.is_over():
            self._held_until = math.inf  # what the work has left running asks no more
        self._timer.cancel()
        if self._beating:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    def _begin(self) -> None:
        self._beating = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Extend the lease again and again, and end the work once somebody else may have the item.

        A database that does not answer for a moment is asked again: it cannot give the item away meanwhile.
        Once the lease may have run out, whoever takes the item over must find nobody still at it.
        """
        while not self.is_over():
            asked_at, slept = self._loop.time(), slept_s()
            try:
                async with asyncio.timeout_at(self._held_until):
                    if not await self._extend():
                        break
            except TimeoutError:
                break
            except StorageError as error:
                log.warning("lease not extended", extra={**self._told, "code": error.code})
            else:
                self._held_until, self._slept_s = asked_at + HELD_S, slept
            await asyncio.sleep(HEARTBEAT_S)
        log.warning("lease lost", extra=self._told)
        if self._working:
            self._working.cancel()


_KEEPER: ContextVar[LeaseKeeper | None] = ContextVar("lease_keeper", default=None)


def check_it_is_held() -> None:
    """Raise LeaseLostError when what is being worked on may be somebody else's by now.

    To be asked right before anything is sent: a process that was stopped for longer than its lease goes on in
    the middle of a line, before its keeper has a turn.
    """
    keeper = _KEEPER.get()
    if keeper and keeper.is_over():
        raise LeaseLostError
