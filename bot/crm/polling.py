"""The backstop behind the webhooks: read the CRM's own list of events and accept what never arrived."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.crm.webhook import Accepted, read_structured
from bot.crm.wire import NO_ANSWER, NotPermitted, Wire, items_of
from bot.doorstep import Doorstep
from bot.occurrences import INSTALLED_AT
from handlers.commands import Command, CrmEventArrived
from handlers.ports import Clock, DonorUnknown, Unavailable
from storage.database import Database
from storage.errors import StorageError
from storage.transaction import Transaction

log = logging.getLogger(__name__)

CURSOR = "crm_events_cursor"
TURN = "crm_events_turn"
"""The setting that holds until when one replica alone asks for the list, and which."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Poller:
    """Follows the event list from where it stopped; the first time, from when this was installed.

    Of all replicas one does, called *name*: its turn lasts for *turn* after each page it has asked for, so
    it goes on as long as it lives and asks in time. Whoever asks next after that takes over. Without a way
    to the CRM it gives its turn up.
    """

    def __init__(
        self,
        wire: Wire,
        database: Database,
        doorstep: Doorstep,
        clock: Clock,
        *,
        name: str,
        turn: timedelta,
    ) -> None:
        self._wire, self._database, self._doorstep, self._clock = wire, database, doorstep, clock
        self._name, self._turn = name, turn

    async def poll(self) -> None:
        """Accept every event since the last time; repetitions are recognised by their id."""
        try:
            if await self._database.write(self._takes_turn):
                await self._follow()
        except (Unavailable, DonorUnknown, NotPermitted, StorageError) as problem:
            log.info("events not polled", extra={"code": type(problem).__name__})
            if isinstance(problem, Unavailable) and problem.code == NO_ANSWER:
                await self._give_up_turn()

    async def _follow(self) -> None:
        cursor, installed = await self._database.read(
            lambda tx: (tx.settings.get(CURSOR), tx.settings.get(INSTALLED_AT))
        )
        # The first look may come late: when the CRM was away, or no process lived long enough for it.
        since = _moment(installed) if cursor is None else _LONG_AGO
        is_first, followed = cursor is None, set[str]()
        while str(cursor) not in followed:
            followed.add(str(cursor))
            query = {"after": str(cursor)} if cursor else {}
            page = await self._wire.get("events", limit=500, **query)
            for item in items_of(page):
                await self._accept(item, since)
            cursor = page.get("cursor") or cursor
            is_broken_off_here = is_first and page.get("next")  # broken off, the first look begins anew
            if not await self._goes_on(None if is_broken_off_here else cursor) or not page.get("next"):
                return
        # Asking on would go round in circles, as fast as the CRM answers; the next look begins here.
        log.warning("event list leads back to where it was", extra={"pages": len(followed)})

    async def _goes_on(self, cursor: object) -> bool:
        """Remember *cursor*, if any, and go on; False where another replica has gone on from there."""

        def write(tx: Transaction) -> bool:
            is_ours = self._takes_turn(tx)
            if is_ours and cursor is not None:
                tx.settings.put(CURSOR, str(cursor), self._clock.now())
            return is_ours

        return await self._database.write(write)

    def _takes_turn(self, tx: Transaction) -> bool:
        """Take the turn or keep it; False while it is another's.

        One that lasts longer than any was given by a clock that is wrong.
        """
        tx.one_at_a_time(TURN)
        now = self._clock.now()
        until, _, name = str(tx.settings.get(TURN) or "").partition(" ")
        if until and name != self._name and now < _moment(until) <= now + self._turn:
            return False
        tx.settings.put(TURN, f"{(now + self._turn).isoformat()} {self._name}", now)
        return True

    async def _give_up_turn(self) -> None:
        """Let another replica ask, which may have a way to the CRM where this one has none."""

        def write(tx: Transaction) -> None:
            if self._takes_turn(tx):
                tx.settings.put(TURN, None, self._clock.now())

        with contextlib.suppress(StorageError):
            await self._database.write(write)

    async def _accept(self, item: Mapping[str, Any], since: datetime) -> None:
        """Take in what happened from then on; what cannot be understood is kept, as it is at the door."""
        event = read_structured(json.dumps(item).encode(), item.get("id"))
        if isinstance(event, Accepted) and _at(event.command) >= since:
            await self._doorstep.accept(event.command, event.arrival)


def _moment(written: object) -> datetime:
    """Return the moment that was written down; a time that never comes where none was."""
    return datetime.fromisoformat(str(written)) if written else datetime.max.replace(tzinfo=UTC)


def _at(command: Command) -> datetime:
    return command.event.time if isinstance(command, CrmEventArrived) else _LONG_AGO
