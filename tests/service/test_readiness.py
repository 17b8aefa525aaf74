"""Readiness asks over the connections that work goes through, and says in a few words what is wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from bot.doorstep import Doorstep
from bot.readiness import readiness_checks
from bot.storing import Storing
from storage.bell import InProcessBell
from storage.database import Database
from tests.databases import perform
from tests.handlers.conftest import HandClock, NumberedIds
from tests.loop.databases import copied_postgres

pytestmark = pytest.mark.postgres


async def _found(database: Database, *workers: Any) -> dict[str, str]:
    clock = HandClock()
    storing = Storing(Doorstep(database, InProcessBell(), clock, NumberedIds()), database, clock)
    checks = readiness_checks(database, None, None, storing, workers)
    return {name: told for name, check in checks.items() if (told := await check())}


async def test_a_server_that_lets_nobody_else_in_serves_those_it_has_let_in(
    template_of_postgres: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise asyncpg.TooManyConnectionsError("sorry, too many clients already")

    with copied_postgres(*template_of_postgres) as url:
        database = Database.open(url)
        assert await _found(database) == {}
        claims = [SimpleNamespace(unreadable_s=seconds) for seconds in (5.0, 6.0)]
        assert await _found(database, *claims) == {"queues": "not readable for 6 s"}
        perform(url, lambda connection: connection.execute(_NEWER).rowcount)
        with monkeypatch.context() as by_now:
            by_now.setattr(asyncpg, "connect", full)
            assert await _found(database) == {"schema": "of a newer release: upgrade this process"}
        await database.close()


_NEWER = text("UPDATE alembic_version SET version_num = '9999'")
