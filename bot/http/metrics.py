"""Prometheus metrics, counted from the rows when somebody asks; no donor data in any label."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from handlers.ports import Clock
from storage.bell import Bell
from storage.database import Database
from storage.transaction import Transaction


class Metrics:
    """Gauges over the queues."""

    def __init__(self, database: Database, bell: Bell, clock: Clock) -> None:
        self._database, self._bell, self._clock = database, bell, clock
        self._registry = CollectorRegistry()
        self._items = Gauge(
            "countersign_queue_items",
            "Items in a queue by status",
            ["queue", "status"],
            registry=self._registry,
        )
        self._waiting = Gauge(
            "countersign_queue_oldest_waiting_seconds",
            "How long the item that waits longest could have been worked on",
            ["queue"],
            registry=self._registry,
        )
        self._failures = Gauge(
            "countersign_bell_failures",
            "Wake-ups that could not be sent or received",
            registry=self._registry,
        )

    async def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        now = self._clock.now()
        await self._database.read(lambda tx: self._measure(tx, now))
        self._failures.set(self._bell.failures)
        return generate_latest(self._registry)

    def _measure(self, tx: Transaction, now: datetime) -> None:
        for name, queue in (("inbox", tx.inbox), ("outbox", tx.outbox)):
            for status, count in queue.counts().items():
                self._items.labels(name, status).set(count)
            since = queue.oldest_waiting(now)
            self._waiting.labels(name).set((now - since).total_seconds() if since else 0)
