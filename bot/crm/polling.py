"""The backstop behind the webhooks: read the CRM's own list of events and accept what never arrived."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from bot.crm.webhook import Accepted, read_structured
from bot.crm.wire import NotPermitted, Wire, items_of
from bot.doorstep import Doorstep
from handlers.ports import Clock, DonorUnknown, Unavailable
from storage.database import Database
from storage.errors import StorageError

log = logging.getLogger(__name__)

CURSOR = "crm_events_cursor"


class Poller:
    """Follows the event list from where it stopped; the first time it starts at the end of the list."""

    def __init__(self, wire: Wire, database: Database, doorstep: Doorstep, clock: Clock) -> None:
        self._wire, self._database, self._doorstep, self._clock = wire, database, doorstep, clock

    async def poll(self) -> None:
        """Accept every event since the last time; repetitions are recognised by their id."""
        try:
            await self._follow()
        except (Unavailable, DonorUnknown, NotPermitted, StorageError) as problem:
            log.info("events not polled", extra={"code": type(problem).__name__})

    async def _follow(self) -> None:
        cursor = await self._database.read(lambda tx: tx.settings.get(CURSOR))
        first_time = cursor is None
        followed: set[str] = set()
        while str(cursor) not in followed:
            followed.add(str(cursor))
            query = {"after": str(cursor)} if cursor else {}
            page = await self._wire.get("events", limit=500, **query)
            if not first_time:
                for item in items_of(page):
                    await self._accept(item)
            cursor = page.get("cursor") or cursor
            await self._remember(cursor)
            if not page.get("next"):
                return
        # Asking on would go round in circles, as fast as the CRM answers; the next look begins here.
        log.warning("event list leads back to where it was", extra={"pages": len(followed)})

    async def _accept(self, item: Mapping[str, Any]) -> None:
        """Take in one event; what cannot be understood is kept, as it is when it comes by itself."""
        event = read_structured(json.dumps(item).encode(), item.get("id"))
        if isinstance(event, Accepted):
            await self._doorstep.accept(event.command, event.arrival)

    async def _remember(self, cursor: object) -> None:
        if cursor is None:
            return
        now = self._clock.now()
        await self._database.write(lambda tx: tx.settings.put(CURSOR, str(cursor), now))
