"""Bringing events to the webhook: signed as Standard Webhooks, retried with growing pauses."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import timedelta

import httpx2
from pydantic import JsonValue
from standardwebhooks import Webhook

from .cloud_event import CONTENT_TYPE, CloudEvent, Delivery
from .events import EventLog
from .store import Clock
from .stream import Feed
from .tables import Tables

log = logging.getLogger(__name__)

RETRY_DELAYS_S = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 10_800.0, 21_600.0)


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where events go and the secret that signs them; there is one more attempt than there are *delays_s*."""

    url: str
    secret: str
    delays_s: tuple[float, ...] = RETRY_DELAYS_S
    timeout_s: float = 10.0


class Courier:
    """Delivers what is owed, oldest due first; what it did is on disk after every attempt."""

    def __init__(
        self,
        target: WebhookTarget,
        tables: Tables,
        events: EventLog,
        clock: Clock,
        feed: Feed,
        client: httpx2.AsyncClient,
    ) -> None:
        self._target = target
        self._tables = tables
        self._events = events
        self._clock = clock
        self._feed = feed
        self._client = client
        self._signer = Webhook(target.secret)

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            self._events.wake.clear()
            await self._deliver_due()
            await self._wait()

    async def _deliver_due(self) -> None:
        while (delivery := self._next()) is not None and delivery.due_at <= self._clock():
            event = self._tables.events.get(delivery.id)
            if event is not None:
                self._record(event, delivery, await self._send(event))

    def _next(self) -> Delivery | None:
        pending = (d for d in self._tables.deliveries if d.status == "pending")
        return min(pending, key=lambda d: (d.due_at, d.position), default=None)

    async def _wait(self) -> None:
        delivery = self._next()
        pause = None if delivery is None else max((delivery.due_at - self._clock()).total_seconds(), 0.0)
        try:
            await asyncio.wait_for(self._events.wake.wait(), pause)
        except TimeoutError:
            return

    async def _send(self, event: CloudEvent) -> str:
        """One attempt; the status code as text, or the name of what went wrong on the way."""
        body = json.dumps(event.wire(), separators=(",", ":"))
        sent_at = self._clock()
        headers = {
            "Content-Type": f"{CONTENT_TYPE}; charset=utf-8",
            "webhook-id": event.id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": self._signer.sign(event.id, sent_at, body),
        }
        try:
            answer = await self._client.post(
                self._target.url, content=body.encode(), headers=headers, timeout=self._target.timeout_s
            )
        except httpx2.HTTPError as error:
            return type(error).__name__
        return str(answer.status_code)

    def _record(self, event: CloudEvent, delivery: Delivery, answer: str) -> None:
        attempts = delivery.attempts + 1
        update: dict[str, object] = {"attempts": attempts, "last_answer": answer}
        if answer.startswith("2"):
            copies = delivery.copies - 1
            update |= {"copies": copies, "status": "pending" if copies else "delivered"}
        elif attempts > len(self._target.delays_s):
            update |= {"status": "failed"}
        else:
            pause = timedelta(seconds=self._target.delays_s[attempts - 1])
            update |= {"due_at": self._clock() + pause}
        after = delivery.model_copy(update=update)
        self._tables.commit([after])
        log.info("event %s: attempt %d answered %s", event.id, attempts, answer)
        self._feed.publish("event_delivered", delivery_state(event, after))


def delivery_state(event: CloudEvent, delivery: Delivery | None) -> JsonValue:
    """How far an event got, for the page."""
    state: dict[str, JsonValue] = {"event_id": event.id, "type": event.type, "subject": event.subject}
    if delivery is None:
        return state
    return {
        **state,
        **delivery.model_dump(mode="json", include={"status", "attempts", "last_answer", "due_at"}),
    }
