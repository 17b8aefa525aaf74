"""Prometheus metrics, counted from the rows when somebody asks; no donor data in any label."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bot.policy_in_force import PolicyInForce
from handlers.paused import CAPABILITIES
from handlers.ports import Clock
from storage.bell import Bell
from storage.database import Database
from storage.transaction import Transaction


class Metrics:
    """Gauges over the queues, the emergency stop and the rules."""

    def __init__(self, database: Database, bell: Bell, clock: Clock, rules: PolicyInForce) -> None:
        self._database, self._bell, self._clock, self._rules = database, bell, clock, rules
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

        self._paused = Gauge(
            "countersign_paused",
            "Whether somebody has paused this capability",
            ["capability"],
            registry=self._registry,
        )
        self._unreadable = Gauge(
            "countersign_policy_unreadable",
            "Policy versions that could not be read since the start; then nothing is allowed",
            registry=self._registry,
        )

    async def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        now = self._clock.now()
        await self._database.read(lambda tx: self._measure(tx, now))
        self._failures.set(self._bell.failures)
        self._unreadable.set(self._rules.unreadable)
        return generate_latest(self._registry)

    def _measure(self, tx: Transaction, now: datetime) -> None:
        for name, queue in (("inbox", tx.inbox), ("outbox", tx.outbox)):
            for status, count in queue.counts().items():
                self._items.labels(name, status).set(count)
            since = queue.oldest_waiting(now)
            self._waiting.labels(name).set((now - since).total_seconds() if since else 0)
        paused = {pause.capability for pause in tx.pauses.in_force(now)}
        for capability in CAPABILITIES:
            self._paused.labels(capability).set(capability in paused)
