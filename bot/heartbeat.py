"""Each process says now and then that it lives and how it fares, where `countersign status` reads it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from bot.clock import AgreedClock, SystemClock
from handlers.ports import Clock
from storage.database import Database
from storage.errors import StorageError
from storage.replicas import Replica
from storage.set_back import AT_ONCE

log = logging.getLogger(__name__)

EVERY_S = 10.0
QUICK_S = 0.5

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
    agreed: AgreedClock | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until *stop* is set; a database that does not answer hears of us when it does again."""
        started_at, was_ahead = self.clock.now(), self.agreed is not None
        while not stop.is_set():
            if self.agreed:
                was_ahead |= await look_at_clock(self.database, self.agreed)
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
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_S)
        with contextlib.suppress(StorageError):
            await self.database.write(lambda tx: tx.replicas.left(self.replica_id))

    async def _bring_back(self) -> bool:
        """Have what arrived by a clock that was ahead not wait until that time; False to ask again."""
        now = self.clock.now()
        try:
            moved = await self.database.write(lambda tx: tx.set_back.bring_back(now))
        except StorageError as error:
            log.warning(
                "not known whether anything waits for a time that was wrong", extra={"code": error.code}
            )
            return False
        if moved:
            log.warning("what had arrived by a clock that was ahead is due now", extra={"count": moved})
        return moved < AT_ONCE


async def look_at_clock(database: Database, agreed: AgreedClock, *, first: bool = False) -> bool:
    """Compare the agreed time with the database server's clock, or with the machine's where there is none.

    True when it was set back. At the *first* look nothing is agreed yet, so a database that does not answer
    is an UnavailableError.
    """
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    try:
        reference = await database.read(lambda tx: tx.replicas.clock()) or SystemClock().now()
    except StorageError:
        if first:
            raise  # a machine days off would write its time into leases, deadlines and the audit log
        return False  # what was agreed holds on
    took = loop.time() - asked_at
    reference += timedelta(seconds=took / 2)
    if first:
        agreed.begin(reference)  # however long it took: the machine's own clock may be days off
    elif took <= QUICK_S or abs((reference - agreed.now()).total_seconds()) > took:
        # A slow answer says nothing of a difference smaller than its delay.
        return agreed.look(reference)
    return False


def program_version() -> str:
    """Return the version of the installed program."""
    try:
        return version("countersign")
    except PackageNotFoundError:  # run from its source
        return "source"
