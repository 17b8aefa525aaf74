"""The addresses for operations: alive, ready, measured; and nothing of a donor in any of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.http.app import Pages, doors
from bot.http.asgi import Receive, Scope, Send, answer
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from bot.policy_in_force import PolicyInForce
from storage.bell import InProcessBell
from storage.database import Database
from storage.errors import UnavailableError
from storage.queue import Received
from tests.databases import fresh_sqlite

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOON


async def hot(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 202, {"status": "accepted"})


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database.open(fresh_sqlite(tmp_path / "countersign.db"))
    yield database
    await database.close()


def client(held: Database, **states: str) -> httpx2.AsyncClient:
    async def state(text: str) -> str:
        return text

    checks = {name: (lambda text=text: state(text)) for name, text in states.items()}
    bell = InProcessBell()
    bell.failures = 3
    app = doors(hot, None, Probes(checks), Pages(Metrics(held, bell, Clock(), PolicyInForce())))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://bot")


async def test_a_living_process_says_so(database: Database) -> None:
    async with client(database, database="gone") as http:
        answered = await http.get("/healthz")
    assert (answered.status_code, answered.json()) == (200, {"status": "ok", "checks": {}})


async def test_ready_means_that_every_check_holds(database: Database) -> None:
    async with client(database, database="", slack="") as http:
        answered = await http.get("/readyz")
    assert answered.status_code == 200
    assert answered.json() == {"status": "ok", "checks": {"database": "ok", "slack": "ok"}}


async def test_not_ready_says_what_is_missing(database: Database) -> None:
    async with client(database, database="", slack="Socket Mode is not connected") as http:
        answered = await http.get("/readyz")
    assert answered.status_code == 503
    assert answered.json() == {
        "status": "not ready",
        "checks": {"database": "ok", "slack": "Socket Mode is not connected"},
    }


async def test_what_cannot_be_looked_at_is_not_ready(database: Database) -> None:
    """As when the database has gone: whoever asks is told so, and nothing breaks."""

    async def gone() -> str:
        raise UnavailableError("away")

    answers: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    await Probes({"schema": gone}).ready({}, None, send)  # type: ignore[arg-type]
    assert (answers[0]["status"], json.loads(answers[1]["body"])) == (
        503,
        {"status": "not ready", "checks": {"schema": "not known (UnavailableError)"}},
    )


async def test_metrics_count_the_queues_and_name_nobody(database: Database) -> None:
    await database.write(
        lambda tx: tx.inbox.accept(
            Received(
                id="01",
                source="crm",
                dedupe_key="evt-1",
                kind="crm_event",
                entity_key="donor:donor-0001",
                body=b'{"name":"Jane Doe"}',
                correlation_id="c",
                received_at=NOON - timedelta(seconds=90),
            )
        )
    )
    async with client(database) as http:
        text = (await http.get("/metrics")).text
    assert 'countersign_queue_items{queue="inbox",status="due"} 1.0' in text
    assert 'countersign_queue_items{queue="outbox",status="dead"} 0.0' in text
    assert 'countersign_queue_oldest_waiting_seconds{queue="inbox"} 90.0' in text
    assert "countersign_bell_failures 3.0" in text
    assert 'countersign_paused{capability="execute"} 0.0' in text
    assert "countersign_policy_unreadable 0.0" in text
    assert "donor" not in text
    assert "Jane" not in text


async def test_the_hot_paths_are_served_directly(database: Database) -> None:
    async with client(database) as http:
        assert (await http.post("/crm/events")).status_code == 202
        assert (await http.post("/slack/events")).status_code == 404
        assert (await http.get("/nowhere")).status_code == 404


async def test_whoever_asks_for_readiness_waits_for_the_slowest_check_alone() -> None:
    began, together = 0, asyncio.Event()

    async def check() -> str:
        nonlocal began
        began += 1
        if began == 3:
            together.set()
        await together.wait()
        return ""

    async def send(_message: object) -> None: ...

    async with asyncio.timeout(1.0):
        await Probes({"a": check, "b": check, "c": check}).ready({}, None, send)  # type: ignore[arg-type]
