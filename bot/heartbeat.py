"""Each process says now and then that it lives and how it fares, where `countersign status` reads it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from bot.time_keeping import TimeKeeper
from handlers.ports import Clock
from storage.database import Database
from storage.errors import StorageError
from storage.replicas import Replica
from storage.set_back import AT_ONCE

log = logging.getLogger(__name__)

EVERY_S = 10.0
DOUBTING_S = 1.0

Conditions = Callable[[], Awaitable[Mapping[str, JsonValue]]]
"""Returns what a process reports about itself: short codes and numbers, never a payload."""


@runtime_checkable
class LeftAlone(Protocol):
    """A model behind circuit breakers."""

    @property
    def is_left_alone(self) -> bool:
        """Say whether it failed so often that it is not asked for a while."""
        ...


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Writes a row about this process every ten seconds, and takes it away when the process stops."""

    replica_id: str
    role: str
    database: Database
    clock: Clock
    conditions: Conditions
    time: TimeKeeper | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until *stop* is set; a database that does not answer hears of us when it does again."""
        started_at, was_ahead = self.clock.now(), self.time is not None
        while not stop.is_set():
            if self.time:
                was_ahead |= await self.time.look()
            if was_ahead:
                was_ahead = not await self._bring_back()
            replica = Replica(
                id=self.replica_id,
                role=self.role,
                version=program_version(),
                started_at=started_at,
                seen_at=self.clock.now(),
                report=await self.conditions(),
            )
            try:
                await self.database.write(lambda tx, alive=replica: tx.replicas.seen(alive))  # type: ignore[misc]
            except StorageError as error:
                log.warning("heartbeat not stored", extra={"code": error.code})
            pause = DOUBTING_S if self.time and self.time.has_doubts else EVERY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
        with contextlib.suppress(StorageError):
            await self.database.write(lambda tx: tx.replicas.left(self.replica_id))

    async def _bring_back(self) -> bool:
        """Have what came by a clock that was ahead not wait until that time; False to ask again."""
        now = self.clock.now()
        try:
            moved, woken = await self.database.write(
                lambda tx: (tx.set_back.bring_back(now), tx.set_back.wake_put_off(now))
            )
        except StorageError as error:
            log.warning(
                "not known whether anything waits for a time that was wrong", extra={"code": error.code}
            )
            return False
        if moved or woken:
            told = {"count": moved + woken}
            log.warning("what had arrived or was put off by a clock that was ahead is due now", extra=told)
        return moved < AT_ONCE


def program_version() -> str:
    """Return the version of the installed program."""
    try:
        return version("countersign")
    except PackageNotFoundError:  # run from its source
        return "source"
