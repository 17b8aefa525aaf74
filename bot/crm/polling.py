"""The backstop behind the webhooks: read the CRM's own list of events and accept what never arrived."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.crm.webhook import Accepted, read_structured
from bot.crm.wire import NotPermitted, Wire, items_of
from bot.doorstep import Doorstep
from bot.occurrences import INSTALLED_AT
from handlers.commands import Command, CrmEventArrived
from handlers.ports import Clock, DonorUnknown, Unavailable
from storage.database import Database
from storage.errors import StorageError

log = logging.getLogger(__name__)

CURSOR = "crm_events_cursor"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Poller:
    """Follows the event list from where it stopped; the first time, from when this was installed."""

    def __init__(self, wire: Wire, database: Database, doorstep: Doorstep, clock: Clock) -> None:
        self._wire, self._database, self._doorstep, self._clock = wire, database, doorstep, clock

    async def poll(self) -> None:
        """Accept every event since the last time; repetitions are recognised by their id."""
        try:
            await self._follow()
        except (Unavailable, DonorUnknown, NotPermitted, StorageError) as problem:
            log.info("events not polled", extra={"code": type(problem).__name__})

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
            if not (is_first and page.get("next")):  # broken off, the first look begins anew
                await self._remember(cursor)
            if not page.get("next"):
                return
        # Asking on would go round in circles, as fast as the CRM answers; the next look begins here.
        log.warning("event list leads back to where it was", extra={"pages": len(followed)})

    async def _accept(self, item: Mapping[str, Any], since: datetime) -> None:
        """Take in what happened from then on; what cannot be understood is kept, as it is at the door."""
        event = read_structured(json.dumps(item).encode(), item.get("id"))
        if isinstance(event, Accepted) and _at(event.command) >= since:
            await self._doorstep.accept(event.command, event.arrival)

    async def _remember(self, cursor: object) -> None:
        if cursor is None:
            return
        now = self._clock.now()
        await self._database.write(lambda tx: tx.settings.put(CURSOR, str(cursor), now))


def _moment(written: object) -> datetime:
    """Return the moment that was written down; a time that never comes where none was."""
    return datetime.fromisoformat(str(written)) if written else datetime.max.replace(tzinfo=UTC)


def _at(command: Command) -> datetime:
    return command.event.time if isinstance(command, CrmEventArrived) else _LONG_AGO
