"""What commands say of an installation on PostgreSQL: before its first start, and by whose clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from bot.cli import main, status
from bot.cli.doctor_machine import machine
from bot.settings import Settings
from storage.replicas import Replica, Replicas
from tests.databases import administer, perform
from tests.loop.databases import copied_postgres

pytestmark = pytest.mark.postgres
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def url(template_of_postgres: tuple[str, str]) -> Iterator[str]:
    with copied_postgres(*template_of_postgres) as url:
        yield url


async def test_a_database_that_nothing_was_laid_out_in_yet_is_not_said_to_be_away(url: str) -> None:
    administer(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    settings = Settings.model_construct(database_url=url)
    found = {each.what: each.level for each in await machine(settings, None, {})}
    assert "Storing" not in found
    assert found["Database rights"] == "ok"


@pytest.mark.parametrize("report", [{}, {"database_clock_off": True}], ids=["its clock", "the server's"])
def test_status_goes_by_the_clock_that_is_right(
    url: str,
    report: dict[str, bool],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a clock that is an hour behind, whoever died half an hour ago would be alive."""
    now = datetime.now(UTC)
    right = now if not report else now - AN_HOUR  # the server's clock leapt, and nobody follows it
    monkeypatch.setattr(status, "SystemClock", lambda: SimpleNamespace(now=lambda: now - AN_HOUR))
    for name, silent in (("dead", timedelta(minutes=30)), ("alive", timedelta())):
        seen = right - silent
        each = Replica(id=name, role="all", version="1", started_at=seen, seen_at=seen, report=report)
        perform(url, lambda connection, each=each: Replicas(connection).seen(each))
    assert main(["status", "--database", url]) == 1
    shown = capsys.readouterr().out
    assert "No process of the service is running" not in shown
    assert "dead (all, 1) silent for 30 minutes" in shown
    assert "alive (all, 1) alive" in shown
