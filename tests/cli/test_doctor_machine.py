"""What `countersign doctor` says of the machine it runs on and of its servers, good and bad."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.cli.doctor import AWAY, NO_ANSWER, NO_SLACK, NOT_TRUSTED, checked
from bot.cli.doctor_machine import clock, files, machine, of_redis, room
from bot.cli.finding import Finding, bad, folded, good
from bot.settings import CrmSettings, Settings, SlackSettings
from bot.slack.failures import IT_PUTS_RIGHT, asked
from handlers.ports import Unavailable

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{tmp_path}/countersign.db",
        organisation_file=tmp_path / "organisation.yaml",
        slack=SlackSettings(bot_token="xoxb-1", signing_secret="s"),  # type: ignore[arg-type]
        crm=CrmSettings(base_url="http://crm/", webhook_secret="whsec_cw=="),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("about", "level", "told"),
    [
        ({"redis_version": "7.0.15", "maxmemory_policy": "noeviction"}, "ok", "version 7.0.15, noeviction"),
        (
            {"redis_version": "7.2.0", "maxmemory_policy": "allkeys-lru", "maxmemory": 1000},
            "warn",
            "Set: maxmemory-policy noeviction",
        ),
        (
            {"redis_version": "7.2.0", "maxmemory_policy": "allkeys-lru", "maxmemory": 0},
            "ok",
            "7.2.0, allkeys",
        ),
        ({"redis_version": "5.0.7"}, "fail", "too old. Upgrade it to 6 or newer."),
    ],
)
def test_redis(about: dict[str, Any], level: str, told: str) -> None:
    found = of_redis(about)
    assert found.level == level
    assert told in found.text


@pytest.mark.parametrize(("off", "level"), [(2, "ok"), (-60, "ok"), (61, "fail"), (-3600, "fail")])
def test_a_clock_that_is_off_names_the_remedy(off: int, level: str) -> None:
    found = clock("Slack's", NOON + timedelta(seconds=off), NOON)
    assert found.level == level
    assert ("timedatectl set-ntp true" in found.text) is (level == "fail")
    assert f"{abs(off)} s" in found.text


@pytest.mark.parametrize(
    ("free_mib", "level"), [(100_000, "ok"), (2047, "warn"), (199, "fail")], ids=["enough", "little", "none"]
)
def test_room_on_the_disk(
    settings: Settings, free_mib: int, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free_mib * 1024**2))
    (found,) = room(settings)
    assert (found.what, found.level) == ("Disk", level)
    assert f"{free_mib:,} MiB free" in found.text


def test_files_that_others_may_read_are_named(settings: Settings, tmp_path: Path) -> None:
    secret, database = tmp_path / "token", tmp_path / "countersign.db"
    for each in (secret, database):
        each.write_text("x")
        each.chmod(0o600)
    given = {"COUNTERSIGN_SLACK__BOT_TOKEN_FILE": str(secret)}
    assert [f.level for f in files(settings, given)] == ["ok"]
    secret.chmod(0o644)
    (found,) = files(settings, given)
    assert (found.level, found.text) == (
        "warn",
        f"{secret} can be read by others (644). Run: chmod 600 {secret}",
    )


def test_a_line_fits_eighty_columns_and_breaks_no_word() -> None:
    lines = bad("Database", "word " * 40 + "https://example.org/" + "x" * 20).line().splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80
    assert all(line.startswith(" " * 24) for line in lines[1:])
    long = "/a/path/that/is/longer/than/any/line/" + "x" * 80
    assert long in folded("  • ", f"look at {long} again")


def test_a_server_that_is_away_is_no_reason_to_break_off(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": "postgresql+asyncpg://nobody@127.0.0.1:1/none"})
    found = asyncio.run(machine(away, None, {}))
    assert [each.what for each in found] == ["File modes", "Time zones", "Redis"]


@pytest.mark.parametrize("code", sorted(IT_PUTS_RIGHT))
async def test_whatever_shuts_the_app_out_has_its_remedy(code: str) -> None:
    async def look() -> Finding:
        raise Unavailable("slack", code)

    found = await checked("Slack token", look())
    assert (found.level, NO_ANSWER in found.text) == ("fail", False)
    assert (await checked("Slack token", _silent())).text == NO_ANSWER


@pytest.mark.parametrize(
    ("code", "told"),
    [("http_502", AWAY), ("http_403", NO_SLACK), ("http_200", NO_SLACK), ("Redirected", NO_SLACK)],
)
async def test_what_answers_in_the_place_of_slack_is_told_from_silence(code: str, told: str) -> None:
    async def look() -> Finding:
        raise Unavailable("slack", code)

    assert (await checked("Slack token", look())).text == told


async def test_a_certificate_that_does_not_hold_is_named() -> None:
    async def call() -> AsyncSlackResponse:
        raise aiohttp.ClientConnectorCertificateError(None, ssl.SSLCertVerificationError("expired"))  # type: ignore[arg-type]

    async def look() -> Finding:
        await asked(call())
        return good("Slack token", "")

    assert (await checked("Slack token", look())).text == NOT_TRUSTED


async def _silent() -> Finding:
    raise Unavailable("slack", "unreachable")
