"""`countersign doctor`: everything outside that the service needs, one line each, with the remedy."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import yaml

from bot.cli.loading import load_settings
from bot.cli.running import complain
from bot.cli.stage import MANIFEST
from bot.clock import SystemClock
from bot.crm.rest import RestCrm
from bot.crm.wire import NotPermitted, Wire
from bot.files import FileInvalid, read_organisation, read_policy
from bot.settings import Settings
from bot.slack.chat import SlackChat
from bot.slack.connection import SlackClients, open_clients
from bot.wiring import crm_client, slack_connection
from handlers.ports import DonorUnknown, Refused, Unavailable
from policy.language import PolicyInvalidError
from policy.organisation import Organisation
from storage.errors import StorageError
from storage.migrate import is_current

MOST_SKEW_S = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was tested, whether it holds, what was found or what to do."""

    what: str
    ok: bool
    text: str


def run(_options: argparse.Namespace) -> int:
    """Run every check; exit code 1 when one fails."""
    settings = load_settings()
    if isinstance(settings, str):
        return complain(settings)
    return asyncio.run(_examine(settings))


async def _examine(settings: Settings) -> int:
    failed = 0
    async for finding in _findings(settings):
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what:<14} {finding.text}", flush=True)
        failed += not finding.ok
    print("Everything is in order." if not failed else f"{failed} of the checks failed; the remedies are above.")
    return 1 if failed else 0


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield await asyncio.to_thread(_database, settings)
    organisation = _organisation(settings)
    yield organisation if isinstance(organisation, Finding) else Finding("Organisation", True, organisation.name)  # noqa: FBT003
    yield _policy(settings)
    clients = open_clients(slack_connection(settings))
    try:
        async for finding in _slack(settings, clients, organisation):
            yield finding
    finally:
        await clients.close()
    async with crm_client(settings.crm) as client:
        yield await _crm(RestCrm(Wire(client), SystemClock()))
    yield await _model(settings)


def _database(settings: Settings) -> Finding:
    try:
        current = is_current(settings.database_url)
    except StorageError as error:
        return _bad("Database", f"does not answer ({error.code}). Check COUNTERSIGN_DATABASE_URL.")
    if not current:
        return _bad("Database", "the schema is older than the program. Run: countersign db upgrade")
    return _good("Database", "reachable, schema up to date")


def _organisation(settings: Settings) -> Organisation | Finding:
    try:
        return read_organisation(settings.organisation_file) if settings.organisation_file else _bad("", "")
    except FileInvalid as invalid:
        return _bad("Organisation", str(invalid))


def _policy(settings: Settings) -> Finding:
    try:
        policy = read_policy(settings.policy_file)
    except (FileInvalid, PolicyInvalidError) as invalid:
        return _bad("Policy", str(invalid))
    return _good("Policy", f"version {policy.version[:12]}")


async def _slack(
    settings: Settings, clients: SlackClients, organisation: Organisation | Finding
) -> AsyncIterator[Finding]:
    chat = SlackChat(clients, clock=SystemClock())
    yield await _checked("Slack token", lambda: _token(clients))
    yield await _checked("Slack scopes", lambda: _scopes(clients))
    if isinstance(organisation, Organisation):
        for channel in _channels(organisation):
            yield await _checked(f"Channel", lambda c=channel: _channel(chat, c))
    if settings.slack.uses_socket:
        yield await _checked("Socket Mode", lambda: _socket(settings, clients))


async def _checked(what: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await check()
    except Refused as refused:
        return _bad(what, _REMEDIES.get(refused.code, f"Slack says {refused.code}."))
    except Unavailable as unavailable:
        return _bad(what, f"no answer ({unavailable.code}). Check the network and COUNTERSIGN_SLACK__BASE_URL.")


_REMEDIES = {
    "invalid_auth": "the bot token is not valid. Copy it again from OAuth & Permissions (xoxb-...).",
    "not_authed": "no bot token was sent. Set COUNTERSIGN_SLACK__BOT_TOKEN.",
    "account_inactive": "the app was removed from the workspace. Install it again.",
}


async def _token(clients: SlackClients) -> Finding:
    return _good("Slack token", f"workspace {await clients_team(clients)}")


async def clients_team(clients: SlackClients) -> str:
    """Return the name of the workspace the bot token belongs to."""
    answer = await clients.reading.auth_test()
    return str(answer.get("team"))


async def _scopes(clients: SlackClients) -> Finding:
    answer = await clients.reading.auth_test()
    granted = set(str(answer.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    needed = set(yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"])
    missing = sorted(needed - granted)
    if missing:
        return _bad("Slack scopes", f"missing {', '.join(missing)}. Update the app from manifest.yml and reinstall.")
    return _good("Slack scopes", f"all {len(needed)} granted")
