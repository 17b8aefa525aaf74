"""The CRM's events: how one comes about, how it is owed to the webhook, and the feed to poll instead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta

from pydantic import JsonValue

from .cloud_event import CloudEvent, Delivery, EventType
from .faults import Faults
from .model import Change, Record
from .outcomes import invalid
from .store import Clock
from .stream import Feed
from .tables import Tables, key_of

_KEPT = timedelta(days=30)
_OVERTAKEN_BY = timedelta(seconds=3)


class EventLog:
    """Announces what happened and keeps it for the poll feed; *wake* is set when a delivery is owed.

    *has_webhook* False marks deliveries as dropped: only the poll feed shows the events then.
    """

    def __init__(
        self,
        tables: Tables,
        clock: Clock,
        new_id: Callable[[], str],
        faults: Faults,
        feed: Feed,
        *,
        has_webhook: bool,
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._new_id = new_id
        self._faults = faults
        self._feed = feed
        self._has_webhook = has_webhook
        self._position = max((event.position for event in tables.events), default=0)
        self.wake = asyncio.Event()

    def announce(self, kind: EventType, subject: str, data: dict[str, JsonValue]) -> tuple[Record, ...]:
        """The event and its delivery, to be committed with the change itself."""
        self._position += 1
        event = CloudEvent(
            id=self._new_id(),
            position=self._position,
            type=kind,
            subject=subject,
            time=self._clock(),
            data=data,
        )
        return event, self._owed(event)

    def committed(self, records: Iterable[Record]) -> None:
        """The records are on disk: tell the open pages and start delivering."""
        for record in records:
            if isinstance(record, CloudEvent):
                self._feed.publish("event_sent", record.wire())
            elif isinstance(record, Delivery):
                self.wake.set()
            elif not isinstance(record, Change):
                self._feed.publish("change", _what_changed(record))

    def after(self, cursor: str | None, limit: int) -> tuple[list[CloudEvent], str | None, str | None]:
        """Up to *limit* events of the last 30 days after *cursor* (a cursor of this feed or an event id).

        With them the cursor of the next page (None when this is the last) and that of the last event seen.
        """
        start = self._position_of(cursor)
        oldest = self._clock() - _KEPT
        waiting = [e for e in self._tables.events if e.position > start and e.time >= oldest]
        page = waiting[:limit]
        seen = str(page[-1].position) if page else cursor
        return page, (seen if len(waiting) > limit else None), seen

    def _position_of(self, cursor: str | None) -> int:
        if not cursor:
            return 0
        event = self._tables.events.get(cursor)
        if event is not None:
            return event.position
        if not cursor.isdecimal():
            raise invalid("after: this cursor is not one of ours.")
        return int(cursor)

    def _owed(self, event: CloudEvent) -> Delivery:
        faults = self._faults.now
        due_at = event.time + timedelta(seconds=faults.late_events)
        if faults.reorder_events and event.position % 2:
            due_at += _OVERTAKEN_BY
        lost = faults.drop_events or not self._has_webhook
        return Delivery(
            id=event.id,
            position=event.position,
            due_at=due_at,
            copies=2 if faults.duplicate_events else 1,
            status="dropped" if lost else "pending",
        )


def _what_changed(record: Record) -> JsonValue:
    owner = getattr(record, "donor_id", None)
    return {
        "kind": type(record).__name__,
        "record_id": key_of(record),
        "donor_id": owner or (key_of(record) if type(record).__name__ == "Donor" else None),
    }
