"""`POST /crm/events` behind a real server, with a database and nobody who works on what is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import delete, select

from bot.cli.running import listen
from bot.clock import SystemClock
from bot.doorstep import Doorstep
from bot.http.crm_events import CrmEvents
from storage.bell import InProcessBell
from storage.database import Database
from storage.ids import IdSource
from storage.schema import INBOX
from tests.databases import fresh_sqlite, perform
from tests.loop.databases import copied_postgres
from tests.loop.staging import serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PREVIOUS = "whsec_c2ltdWxhdGVkLXdlYmhvb2stc2VjcmV0LTAwMDE="
STRUCTURED = "application/cloudevents+json"

Json = dict[str, Any]


def event(event_id: str = "evt-1", **changes: Any) -> Json:
    """A gift as the CRM reports it; None takes an attribute away."""
    whole: Json = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/countersign-sandbox/crm",
        "type": "donation.received",
        "subject": "donor-0001",
        "time": "2026-11-20T10:00:00Z",
        "datacontenttype": "application/json",
        "data": {"donor_id": "donor-0001", "gift_id": "gift-1"},
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def signature(body: bytes, message_id: str, at: datetime, secret: str = SECRET) -> str:
    """Sign as Standard Webhooks says; its own library signs text only."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def signed_headers(
    body: bytes,
    *,
    message_id: str = "msg-1",
    secret: str = SECRET,
    age: timedelta = timedelta(),
    content_type: str = STRUCTURED,
) -> dict[str, str]:
    at = datetime.now(UTC) - age
    return {
        "content-type": content_type,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(body, message_id, at, secret),
    }


@dataclass
class Door:
    """The address, and what lies behind it."""

    http: httpx2.AsyncClient
    url: str

    async def post(
        self, body: bytes, headers: Mapping[str, Any] | list[tuple[bytes, bytes]]
    ) -> tuple[int, Any]:
        answer = await self.http.post("/crm/events", content=body, headers=headers)  # type: ignore[arg-type]
        return answer.status_code, answer.json()

    async def send(self, document: Any, **signing: Any) -> tuple[int, Any]:
        """Sign and send *document* in structured mode."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return await self.post(body, signed_headers(body, **signing))

    def stored(self) -> list[tuple[str, str, str, str | None]]:
        """What waits in the inbox: kind, source, key and order."""
        columns = (INBOX.c.kind, INBOX.c.source, INBOX.c.dedupe_key, INBOX.c.entity_key)
        query = select(*columns).order_by(INBOX.c.position)
        return perform(self.url, lambda connection: [tuple(row) for row in connection.execute(query)])

    def bodies(self) -> list[Json]:
        query = select(INBOX.c.body).order_by(INBOX.c.position)
        found = perform(self.url, lambda connection: list(connection.execute(query).scalars()))
        return [json.loads(bytes(body)) for body in found]

    def empty(self) -> None:
        perform(self.url, lambda connection: connection.execute(delete(INBOX)).rowcount)


@asynccontextmanager
async def open_door(url: str) -> AsyncIterator[Door]:
    database, clock = Database.open(url), SystemClock()
    doorstep = Doorstep(database, InProcessBell(), clock, IdSource(clock.now, secrets.token_bytes))
    app = CrmEvents(doorstep, (SECRET, PREVIOUS))
    try:
        async with (
            serving(app, listen("127.0.0.1", 0)) as origin,
            httpx2.AsyncClient(base_url=origin, trust_env=False, verify=False) as http,
        ):
            yield Door(http, url)
    finally:
        await database.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_door(fresh_sqlite(tmp_path_factory.mktemp("door") / "countersign.db")) as opened:
        yield opened


@pytest.fixture
def door(module_door: Door) -> Door:
    """The door with an empty inbox behind it."""
    module_door.empty()
    return module_door


@pytest.fixture(scope="module")
def postgres_url(template_of_postgres: tuple[str, str]) -> Iterator[str]:
    with copied_postgres(*template_of_postgres) as url:
        yield url


DATA = Path(__file__).parent / "data"
