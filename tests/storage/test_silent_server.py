"""A PostgreSQL that falls silent, as behind a pulled cable: nobody waits for ever, and it goes on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url

from storage import postgresql
from storage.database import Database
from storage.errors import UnavailableError
from storage.queue import Received
from tests.faults.network import wire_to

pytestmark = pytest.mark.postgres


def _received(number: int) -> Received:
    return Received(
        id=f"silent-{number}",
        source="silent",
        dedupe_key=str(number),
        kind="k",
        entity_key=None,
        body=b"x",
        correlation_id="c",
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
    )


async def test_a_server_that_falls_silent_is_given_up_and_found_again(
    migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_STATEMENT_TIMEOUT_SECONDS", 0.2)
    url = make_url(migrated_postgres_url)
    async with wire_to(url.port or 5432) as wire:
        through = url.set(host="127.0.0.1", port=wire.listening)
        database = Database.open(through.render_as_string(hide_password=False))

        async def store(number: int) -> bool:
            return await database.write(lambda tx: tx.inbox.accept(_received(number)))

        assert await store(1)
        wire.stall()
        async with asyncio.timeout(30):
            with pytest.raises(UnavailableError):
                await store(2)
        wire.mend()
        assert await store(3)
        assert await database.read(lambda tx: tx.inbox.get("silent-3")) is not None
        await database.close()
