"""The queue against a model of it, over any history of puts, claims, settlements and lapsed leases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection

from storage.errors import LeaseLostError
from storage.queue import Item, Received
from storage.transaction import Transaction
from tests.databases import perform
from tests.examples import examples

START = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
ENTITIES = st.sampled_from([None, "donor_a", "donor_b"])


@dataclass
class Expected:
    """What the model knows of an item."""

    order: tuple[int, int]
    entity: str | None
    priority: int
    available: int
    status: str = "ready"
    fence: int = 0
    expiry: int = 0


class QueueHistory(RuleBasedStateMachine):
    """Rules act on the inbox and on the model alike and compare what both say."""

    connection: Connection
    items = Bundle("items")

    def __init__(self) -> None:
        super().__init__()
        self.outer = self.connection.begin_nested()
        self.inbox = Transaction(self.connection, lambda n: bytes(n)).inbox
        self.model: dict[str, Expected] = {}
        self.now = 0

    def teardown(self) -> None:
        self.outer.rollback()

    def moment(self, second: int) -> datetime:
        return START + timedelta(seconds=second)

    @rule(entity=ENTITIES, priority=st.sampled_from([10, 50]), delay=st.sampled_from([0, 0, 3]))
    def accept(self, entity: str | None, priority: int, delay: int) -> None:
        name = f"in_{len(self.model)}"
        due = self.now + delay
        received = Received(
            id=name,
            source="crm",
            dedupe_key=name,
            kind="k",
            entity_key=entity,
            body=b"",
            correlation_id="c",
            received_at=self.moment(self.now),
            available_at=self.moment(due),
            priority=priority,
        )
        assert self.inbox.accept(received) is True
        self.model[name] = Expected((due, len(self.model)), entity, priority, due)

    @rule(seconds=st.integers(1, 4))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(limit=st.integers(1, 3), lease=st.integers(1, 5), target=items)
    def claim(self, limit: int, lease: int) -> tuple[Item, ...]:
        claimed = self.inbox.claim(
            owner="w", now=self.moment(self.now), lease=timedelta(seconds=lease), limit=limit
        )
        expected = sorted(
            (item.priority, item.order, name)
            for name, item in self.model.items()
            if self._claimable(item, lease)
        )
        assert [item.id for item in claimed] == [name for _, _, name in expected[:limit]]
        for item in claimed:
            known = self.model[item.id]
            known.status, known.expiry, known.fence = "in_flight", self.now + lease, known.fence + 1
            assert item.fence == known.fence
        return tuple(claimed)

    def _claimable(self, item: Expected, lease: int) -> bool:
        if item.status not in ("ready", "in_flight"):
            return False
        held_for = item.expiry - self.now
        free = item.available <= self.now if item.status == "ready" else not 0 < held_for <= 4 * lease
        if not free or item.status == "in_flight":  # what was begun is taken over, whatever is older
            return free
        others = [
            other
            for other in self.model.values()
            if other is not item and item.entity is not None and other.entity == item.entity
        ]
        return not any(
            other.status == "in_flight" or (other.status == "ready" and other.order < item.order)
            for other in others
        )

    @rule(claimed=items, how=st.sampled_from(["finish", "retry", "bury", "extend"]))
    def settle(self, claimed: tuple[Item, ...], how: str) -> None:
        for item in claimed:
            known = self.model[item.id]
            held = known.status == "in_flight" and known.fence == item.fence
            assert self._settle(item, how) is held
            if held:
                self._expect(known, how)

    def _settle(self, item: Item, how: str) -> bool:
        now = self.moment(self.now)
        if how == "extend":
            return self.inbox.extend(item, now, timedelta(seconds=5))
        try:
            if how == "finish":
                self.inbox.finish(item, now)
            elif how == "retry":
                self.inbox.retry(item, now, self.moment(self.now + 2), "later")
            else:
                self.inbox.bury(item, now, "hopeless")
        except LeaseLostError:
            return False
        return True

    def _expect(self, known: Expected, how: str) -> None:
        if how == "extend":
            known.expiry = self.now + 5
        else:
            known.status = {"finish": "done", "retry": "ready", "bury": "dead"}[how]
            known.available = self.now + 2 if how == "retry" else known.available

    @rule()
    def revive_all(self) -> None:
        for name, known in self.model.items():
            assert self.inbox.revive(name, self.moment(self.now)) is (known.status == "dead")
            if known.status == "dead":
                known.status, known.available = "ready", self.now

    @rule()
    def release(self) -> None:
        held = [known for known in self.model.values() if known.status == "in_flight"]
        assert self.inbox.release("w") == len(held)
        for known in held:
            known.status = "ready"

    @invariant()
    def counts_agree(self) -> None:
        statuses = [known.status for known in self.model.values()]
        assert self.inbox.counts() == {
            status: statuses.count(status) for status in ("ready", "in_flight", "done", "dead")
        }


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_any_history_follows_the_model(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")

    def run(connection: Connection) -> None:
        machine = type("BoundHistory", (QueueHistory,), {"connection": connection})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples(25 if kind == "sqlite" else 10),
                stateful_step_count=30,
            ),
        )

    perform(url, run)
