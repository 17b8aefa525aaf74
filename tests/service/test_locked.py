"""Somebody's psql holds our tables: it is told who, nothing is lost, and it goes on when they let go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from bot import storing as being_stored
from bot.cli import main
from bot.cli.database_fault import LOCKED, SLOW
from bot.cli.doctor_machine import machine
from bot.cli.finding import Finding
from bot.cli.opening import CannotOpen, opened
from bot.doorstep import Arrival, Doorstep
from bot.settings import CrmSettings, Settings, SlackSettings
from bot.storing import STALLED, Storing
from handlers.commands import UnreadableEventArrived
from storage import postgresql, room
from storage.bell import InProcessBell
from storage.database import Database
from storage.holders import holders
from tests.databases import perform
from tests.handlers.conftest import HandClock, NumberedIds
from tests.loop.databases import copied_postgres

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(template_of_postgres: tuple[str, str]) -> Iterator[str]:
    with copied_postgres(*template_of_postgres) as url:
        yield url


@asynccontextmanager
async def _left_open(url: str, mode: str = "ACCESS EXCLUSIVE") -> AsyncIterator[int]:
    """A transaction in psql that somebody went to lunch with; yields its process."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    psql = await asyncpg.connect(address, server_settings={"application_name": "psql"})
    try:
        async with psql.transaction():
            await psql.execute(f"LOCK TABLE inbox IN {mode} MODE")
            yield psql.get_server_pid()
    finally:
        await psql.close()


async def _doctor(url: str) -> dict[str, Finding]:
    settings = Settings(
        _env_file=None,
        database_url=url,
        organisation_file=Path("organisation.yaml"),
        slack=SlackSettings(bot_token=SecretStr("xoxb-1"), signing_secret=SecretStr("s")),
        crm=CrmSettings(base_url="http://crm/", webhook_secret=SecretStr("whsec_c2VjcmV0")),
    )
    return {found.what: found for found in await machine(settings, None, {})}


async def test_who_holds_a_lock_is_named_and_what_arrives_waits(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(being_stored, "STALLED_S", 0.05)
    monkeypatch.setattr(room, "_LOCK_TIMEOUT_MS", 50)
    database, clock = Database.open(url), HandClock()
    doorstep = Doorstep(database, InProcessBell(), clock, NumberedIds())
    storing = Storing(doorstep, database, clock)
    async with _left_open(url) as pid:
        event = UnreadableEventArrived(reason="x", body="x")
        arriving = asyncio.ensure_future(doorstep.accept(event, Arrival(source="crm", dedupe_key="1")))
        async with asyncio.timeout(20):
            while await storing.refused_with() != STALLED:
                await asyncio.sleep(0.01)
        found = await _doctor(url)
    assert found["Storing"].level == found["Locks"].level == "fail"
    assert found["Storing"].text == LOCKED.format(code="DBAPIError:55P03")
    assert found["Locks"].text.startswith("psql of the role ")
    assert found["Locks"].text.endswith(
        f"what we wait for. Have it end, or in psql: SELECT pg_terminate_backend({pid});"
    )
    assert await arriving
    assert await storing.refused_with() == ""
    found = await _doctor(url)
    assert found["Storing"].text == "what arrives can be stored"
    assert "Locks" not in found
    await database.close()


async def test_status_names_who_holds_what_the_service_waits_for(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever waits has noticed nothing yet, and says so with the next heartbeat at the earliest."""
    database = Database.open(url)
    doorstep = Doorstep(database, InProcessBell(), HandClock(), NumberedIds())
    async with _left_open(url, "SHARE"):
        event = UnreadableEventArrived(reason="x", body="x")
        arriving = asyncio.ensure_future(doorstep.accept(event, Arrival(source="crm", dedupe_key="1")))
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(perform, url, holders):
                await asyncio.sleep(0.01)
        assert await asyncio.to_thread(main, ["status", "--json", "--database", url]) == 1
    assert await arriving
    [told, *_] = json.loads(capsys.readouterr().out)["attention"]
    assert told.startswith("psql of the role ")
    assert told.endswith(
        "what the service waits for, and nothing goes on. countersign doctor says how to end it."
    )
    await database.close()


async def test_while_a_lock_is_held_nobody_is_ready_whatever_else_can_be_stored(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_STATEMENT_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(room, "_LOCK_TIMEOUT_MS", 50)
    database, clock = Database.open(url), HandClock()
    doorstep = Doorstep(database, InProcessBell(), clock, NumberedIds())
    doorstep.refused_with = "no_answer_in_time"
    storing = Storing(doorstep, database, clock)
    async with _left_open(url):
        assert await storing.refused_with() == "DBAPIError:55P03"
        with pytest.raises(CannotOpen) as told:
            async with opened(url) as there:
                await there.read(lambda tx: tx.inbox.counts())
    assert str(told.value) == SLOW.format(code="no_answer_in_time")
    assert await storing.refused_with() == ""
    await database.close()
    # The driver asks the server to give up what had no answer, over a connection of its own.
    if under_way := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(under_way, timeout=5)
