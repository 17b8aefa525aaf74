"""Prometheus metrics, counted from the rows when somebody asks; no donor data in any label."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.policy_in_force import PolicyInForce
from bot.settings import Role
from handlers.ports import Clock
from handlers.rules.paused import CAPABILITIES
from handlers.service.attention import CONDITIONS
from handlers.service.counterparts import COUNTERPARTS
from handlers.service.status import service_status
from policy.closed import nothing_allowed
from storage.bell import Bell
from storage.database import Database
from storage.transaction import Transaction


class _Queues:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._items = Gauge(
            "countersign_queue_items",
            "Items in a queue: due now, planned for later, being worked on, set aside",
            ["queue", "status"],
            registry=registry,
        )
        self._waiting = Gauge(
            "countersign_queue_oldest_waiting_seconds",
            "How long the item that waits longest could have been worked on",
            ["queue"],
            registry=registry,
        )
        self.handled = Histogram(
            "countersign_item_seconds",
            "How long an attempt to work on an item took, by what became of it",
            ["queue", "outcome"],
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120),
            registry=registry,
        )

    def measure(self, tx: Transaction, now: datetime) -> None:
        for name, queue in (("inbox", tx.inbox), ("outbox", tx.outbox)):
            standing = queue.standing(now)
            for status, count in standing.counts.items():
                self._items.labels(name, status).set(count)
            since = standing.waiting_since
            self._waiting.labels(name).set((now - since).total_seconds() if since else 0)


class _Capabilities:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._paused = Gauge(
            "countersign_paused",
            "Whether somebody has paused this capability",
            ["capability"],
            registry=registry,
        )

    def measure(self, tx: Transaction, now: datetime) -> None:
        paused = {pause.capability for pause in tx.pauses.in_force(now)}
        for capability in CAPABILITIES:
            self._paused.labels(capability).set(capability in paused)


class _Models:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Gauge(
            "countersign_model_calls_last_day",
            "Questions to a model in the last 24 hours by use, and whether they were of use",
            ["use", "answered"],
            registry=registry,
        )
        self._cost = Gauge(
            "countersign_model_cost_last_day",
            "What models cost in the last 24 hours by use, in the currency of the configured prices",
            ["use"],
            registry=registry,
        )

    def measure(self, tx: Transaction, now: datetime) -> None:
        self._calls.clear()  # or a use that nobody made of a model for a day would keep its last figure
        self._cost.clear()
        for use in tx.calls.spending(now - timedelta(days=1), now):
            self._calls.labels(use.use, "yes").set(use.calls - use.unanswered)
            self._calls.labels(use.use, "no").set(use.unanswered)
            self._cost.labels(use.use).set(use.cost_micros / 1_000_000)


class _Service:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._replicas = Gauge(
            "countersign_replicas",
            "Processes that were heard of within the last 45 seconds",
            ["role"],
            registry=registry,
        )
        self._conditions = Gauge(
            "countersign_replica_conditions",
            "Processes that report this about themselves: slack_held, crm_held, model_open and the like",
            ["condition"],
            registry=registry,
        )
        self._silent = Gauge(
            "countersign_silent_seconds",
            "For how long Slack or the CRM has answered nothing, while work waits for it",
            ["who"],
            registry=registry,
        )
        self._unsealed = Gauge(
            "countersign_audit_unsealed",
            "Audit entries that wait for their place in the chain",
            registry=registry,
        )
        self._checkpoint = Gauge(
            "countersign_checkpoint_age_seconds",
            "How long ago the audit log was signed, or begun if it never was; 0 while all of it is signed",
            registry=registry,
        )
        self.checkpoint_every = Gauge(
            "countersign_checkpoint_every_seconds",
            "How often the audit log is to be signed, by the organisation's settings",
            registry=registry,
        )
        self._damaged = Gauge(
            "countersign_audit_damaged",
            "Whether the last daily verification found the audit log other than it was sealed",
            registry=registry,
        )
        self._differing = Gauge(
            "countersign_replay_differences",
            "Recorded decisions that came out differently when they were last replayed",
            registry=registry,
        )
        self._days_missing = Gauge(
            "countersign_figure_days_missing",
            "Days that are over and still to be added up for managers' figures",
            registry=registry,
        )

    def measure(self, tx: Transaction, now: datetime) -> None:
        found = service_status(tx, now, None, {})
        alive = [each for each in found.replicas if each.alive]
        for role in get_args(Role):
            self._replicas.labels(role).set(sum(each.role == role for each in alive))
        for condition in CONDITIONS:
            self._conditions.labels(condition).set(sum(bool(each.report.get(condition)) for each in alive))
        silent = {each.who: each.since_s for each in found.waiting_for}
        for who in COUNTERPARTS:
            self._silent.labels(who).set(silent.get(who, 0))
        self._unsealed.set(found.unsealed)
        since = found.unsigned_since
        self._checkpoint.set((now - since).total_seconds() if since else 0)
        self._damaged.set(not found.log_holds)
        self._differing.set(found.replay.differ if found.replay else 0)
        self._days_missing.set(found.figure_days_missing)


class Metrics:
    """Gauges over the queues, the processes, the evidence, the emergency stop and the rules."""

    def __init__(
        self,
        database: Database,
        bell: Bell,
        clock: Clock,
        rules: PolicyInForce,
        checkpoint_minutes: int = 60,
    ) -> None:
        self._database, self._bell, self._clock, self._rules = database, bell, clock, rules
        self._registry = CollectorRegistry()
        self._turned_away = Counter(
            "countersign_turned_away",
            "Requests answered 429, because their address had proved nothing too often",
            ["door"],
            registry=self._registry,
        )
        for door in ("signed", "other"):
            self._turned_away.labels(door)
        self._queues = _Queues(self._registry)
        service = _Service(self._registry)
        service.checkpoint_every.set(60 * checkpoint_minutes)
        self._stored = (self._queues, _Capabilities(self._registry), _Models(self._registry), service)
        self._failures = Gauge(
            "countersign_bell_failures",
            "Wake-ups that could not be sent or received",
            registry=self._registry,
        )
        self._unreadable = Gauge(
            "countersign_policy_unreadable",
            "Whether the rules in force cannot be read at this moment; then nothing is allowed",
            registry=self._registry,
        )

    async def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        now = self._clock.now()
        await self._database.read(lambda tx: self._measure(tx, now))
        self._failures.set(self._bell.failures)
        return generate_latest(self._registry)

    def turned_away(self, door: str) -> None:
        """Count a request that was answered 429, at a *door* for what is "signed" or an "other" one."""
        self._turned_away.labels(door).inc()

    def handled(self, queue: str, outcome: str, seconds: float) -> None:
        """Count an attempt."""
        self._queues.handled.labels(queue, outcome).observe(seconds)

    def _measure(self, tx: Transaction, now: datetime) -> None:
        for each in self._stored:
            each.measure(tx, now)
        self._unreadable.set(self._cannot_be_read(tx))

    def _cannot_be_read(self, tx: Transaction) -> bool:
        """Look at what is stored: this process may have read it before it was altered, the next cannot."""
        version = tx.policies.version_in_force()
        if version is None:
            return False
        stored = tx.policies.version(version)
        altered = stored is None or not stored.is_intact
        return altered or self._rules.current(tx).version == nothing_allowed().version
