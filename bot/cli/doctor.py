"""`countersign doctor`: everything outside that the service needs, one line each, with the remedy."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.doctor_database import database
from bot.cli.doctor_evidence import evidence
from bot.cli.doctor_machine import clock, machine, tidied
from bot.cli.doctor_models import models
from bot.cli.doctor_organisation import currencies, organisation_file
from bot.cli.finding import Finding, bad, good, warning
from bot.cli.loading import load_settings
from bot.cli.opening import CannotOpen, opened
from bot.clock import SystemClock
from bot.counterparts import crm_client, slack_connection
from bot.crm.rest import RestCrm
from bot.crm.wire import NotPermitted, Wire
from bot.files import FileInvalid, read_policy
from bot.manifest import read_manifest
from bot.policy_in_force import NO_VERSION, PolicyInForce, first_fault
from bot.settings import Settings
from bot.slack.channels import Channels
from bot.slack.connection import SlackClients, open_clients, web_client
from bot.slack.failures import asked
from handlers.ports import DonorUnknown, Refused, Unavailable
from handlers.rules.repairing import REPAIR, UNREADABLE
from policy.closed import nothing_allowed
from policy.language import PolicyInvalidError
from policy.organisation import Organisation
from storage.errors import StorageError

MOST_SKEW_S = 60
STYLES = {"ok": "", "warn": "yellow", "fail": "red"}


def run(options: argparse.Namespace) -> int:
    """Run every check; exit code 1 when one fails."""
    settings = load_settings()
    if isinstance(settings, str):
        return complain(settings)
    return asyncio.run(_examine(settings, as_json=options.json))


async def _examine(settings: Settings, *, as_json: bool) -> int:
    found: list[Finding] = []
    try:
        async for finding in _findings(settings):
            found.append(finding)
            if not as_json:
                say(finding.line(), STYLES[finding.level])
    except StorageError as error:
        found.append(bad("Database", f"went away meanwhile ({error.code}). Run this again when it is back."))
        if not as_json:
            say(found[-1].line(), STYLES[found[-1].level])
    failed, warned = (sum(each.level == level for each in found) for level in ("fail", "warn"))
    if as_json:
        print_json({"failed": failed, "warned": warned, "checks": [asdict(each) for each in found]})
    else:
        say(_verdict(failed, warned), "bold red" if failed else "bold green")
    return 1 if failed else 0


def _verdict(failed: int, warned: int) -> str:
    if failed:
        return f"{failed} of the checks failed; the remedies are above."
    return (
        f"It works; what is marked WARN ({warned}) should not stay." if warned else "Everything is in order."
    )


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for each in await database(settings):
        yield each
    organisation, finding = organisation_file(settings)
    yield finding
    yield await _policy(settings)
    now = datetime.now(UTC)
    for each in [
        *await machine(settings, organisation),
        *await currencies(settings, organisation),
        *await evidence(settings, organisation, now),
        *await tidied(settings, organisation, now),
    ]:
        yield each
    clients = open_clients(slack_connection(settings))
    try:
        async for found in _slack(settings, clients, organisation):
            yield found
    finally:
        await clients.close()
    async with crm_client(settings.crm) as client:
        yield await _crm(RestCrm(Wire(client), SystemClock()))
    async for found in models(settings):
        yield found


async def _policy(settings: Settings) -> Finding:
    try:
        named = read_policy(settings.policy_file)
    except (FileInvalid, PolicyInvalidError) as invalid:
        return bad("Policy", str(invalid))
    try:
        async with opened(settings.database_url) as stored:
            rules, in_force, fault = await stored.read(
                lambda tx: (
                    PolicyInForce().current(tx),
                    tx.policies.in_force(),
                    first_fault(tx, tx.policies.version_in_force() or NO_VERSION),
                )
            )
    except CannotOpen:  # the database has its own line
        return warning("Policy", f"version {named.version[:12]} is named; which one rules the database knows")
    if in_force is None:
        return good("Policy", f"version {named.version[:12]} will be the first in force")
    if rules.version == nothing_allowed().version:
        version = in_force.version[:12]
        told = UNREADABLE.format(version=version, fault=fault).strip()
        return bad("Policy", f"{told} {REPAIR.format(version=version)}")
    shown = f"version {in_force.version[:12]} is in force, {in_force.decided_by_name or in_force.author}"
    if named.version != in_force.version:
        where = settings.policy_file or "--shipped"
        shown += (
            f"; version {named.version[:12]} in the settings does not rule. To put it forward: "
            f"countersign policy activate {where} --by YOUR-E-MAIL"
        )
    return good("Policy", shown)


async def _slack(
    settings: Settings, clients: SlackClients, organisation: Organisation | None
) -> AsyncIterator[Finding]:
    token = await checked("Slack token", _token(clients))
    yield token
    if token.level == "fail":  # nothing else that we ask Slack would be answered otherwise
        return
    yield await checked("Clock", _clock(clients))
    yield await checked("Slack scopes", _scopes(clients))
    for channel in _channels(organisation) if organisation else ():
        yield await checked(channel, _channel(clients, channel))
    if settings.slack.uses_socket:
        yield await _socket(settings)


async def checked(what: str, check: Awaitable[Finding]) -> Finding:
    """Return what *check* finds, or the remedy for what kept it from looking."""
    try:
        return await check
    except Refused as refused:
        return bad(what, f"Slack says {refused.code}.")
    except Unavailable as unavailable:
        return bad(what, _kept_from_answering(unavailable.code))


NO_ANSWER = "no answer. Check the network and COUNTERSIGN_SLACK__BASE_URL."
AWAY = "it fails. Slack, or a proxy in between, is away; run this again in a minute."
NO_SLACK = "something answers there, but not Slack. Check COUNTERSIGN_SLACK__BASE_URL and the proxy."
NOT_TRUSTED = (
    "its TLS certificate has expired, is for another name, or comes from an authority that this machine does "
    "not know (of a proxy, perhaps). Have it renewed; for an authority of your own, name its file in "
    "SSL_CERT_FILE."
)
KEPT_OUT = "an administrator of Slack keeps the app out. Ask them to let it in again."
_REMEDIES = {
    "invalid_auth": "the bot token is not valid. Copy it again from OAuth & Permissions (xoxb-...).",
    "not_authed": "no bot token was sent. Set COUNTERSIGN_SLACK__BOT_TOKEN.",
    "account_inactive": "the app was removed from the workspace. Install it again.",
    "token_revoked": "the bot token was withdrawn. Install the app again and copy the new one (xoxb-...).",
    "token_expired": "the bot token has expired. Switch token rotation off, and install the app again.",
    "not_allowed_token_type": "this is no bot token. Copy it from OAuth & Permissions (xoxb-...).",
    "missing_scope": "a scope is missing. Update the app from manifest.yml and install it again.",
    "certificate_refused": NOT_TRUSTED,
    "ratelimited": "Slack asks us to wait. Run this again in a minute.",
    "org_login_required": "Slack moves the workspace into an organisation. It passes; run this again later.",
    "team_added_to_org": "Slack moves the workspace into an organisation. It passes; run this again later.",
    "access_denied": KEPT_OUT,
    "ekm_access_denied": KEPT_OUT,
    "accesslimited": KEPT_OUT,
    "enterprise_is_restricted": KEPT_OUT,
    "team_access_not_granted": KEPT_OUT,
    "two_factor_setup_required": KEPT_OUT,
}


def _kept_from_answering(code: str) -> str:
    if code.startswith("http_5"):
        return AWAY
    elsewhere = code == "Redirected" or code.startswith("http_")
    return _REMEDIES.get(code, NO_SLACK if elsewhere else NO_ANSWER)


async def _token(clients: SlackClients) -> Finding:
    answer = await asked(clients.reading.auth_test())
    return good("Slack token", f"workspace {answer.get('team')}, bot user {answer.get('user')}")


async def _clock(clients: SlackClients) -> Finding:
    """Compare our clock with Slack's: what it signs is refused when they are five minutes apart."""
    answer = await asked(clients.reading.auth_test())
    ours = datetime.now(UTC)
    try:
        theirs = parsedate_to_datetime(str(answer.headers.get("date", "")))
    except ValueError:
        return good("Clock", "Slack does not say what time it is there")
    return clock("Slack's", theirs, ours)


async def _scopes(clients: SlackClients) -> Finding:
    answer = await asked(clients.reading.auth_test())
    granted = set(str(answer.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    missing = sorted(_declared_scopes() - granted)
    if missing:
        remedy = "Update the app from manifest.yml and install it again."
        return bad("Slack scopes", f"missing {', '.join(missing)}. {remedy}")
    return good("Slack scopes", "all granted")


def _declared_scopes() -> set[str]:
    manifest = read_manifest()
    return set(manifest["oauth_config"]["scopes"]["bot"])


def _channels(organisation: Organisation) -> list[str]:
    named = [organisation.review_channel, organisation.operations_channel, organisation.governance_channel]
    named += [organisation.checkpoint_channel, organisation.data_channel]
    named += [person.channel for person in organisation.people]
    named += [digest.channel for digest in organisation.digests]
    return sorted({channel for channel in named if channel})


async def _channel(clients: SlackClients, channel: str) -> Finding:
    channels = Channels(clients.reading)
    try:
        channel_id = await channels.resolve(channel)
    except Refused:
        return bad(channel, "not found. Create it, or invite the bot if it is private: /invite @countersign")
    call = clients.reading.api_call("conversations.info", data={"channel": channel_id})
    info = (await asked(call))["channel"]
    if not info.get("is_member"):
        return bad(channel, "the bot is not in it. In the channel, type: /invite @countersign")
    if info.get("is_ext_shared"):
        return bad(channel, "is shared with another organisation; donor data does not belong there")
    return good(channel, "the bot is a member")


async def _socket(settings: Settings) -> Finding:
    connection = slack_connection(settings)
    client = web_client(connection.app_token or "", connection, None, [])
    try:
        await asked(client.apps_connections_open(app_token=connection.app_token or ""))
    except Unavailable as unavailable:
        if unavailable.code in _APP_TOKEN:
            return bad("Socket Mode", KEPT_FROM_CONNECTING)
        return bad("Socket Mode", _kept_from_answering(unavailable.code))
    except Refused as refused:
        return bad("Socket Mode", f"Slack says {refused.code}.")
    return good("Socket Mode", "the app token may connect")


_APP_TOKEN = ("invalid_auth", "not_authed", "not_allowed_token_type", "missing_scope", "token_revoked")
KEPT_FROM_CONNECTING = (
    "Slack does not take the app token. Make one under Basic Information, App-Level Tokens, with the scope "
    "connections:write (xapp-...), and set COUNTERSIGN_SLACK__APP_TOKEN."
)


async def _crm(crm: RestCrm) -> Finding:
    before = datetime.now(UTC)
    try:
        answer = await crm.ping()
    except Unavailable as unavailable:
        return bad("CRM", _CRM_REMEDIES.get(unavailable.code, _crm_fails(unavailable.code)))
    except NotPermitted:
        return bad("CRM", _CRM_REMEDIES["http_401"])
    except DonorUnknown:
        return bad("CRM", "something answers there, but not the CRM's API. Check COUNTERSIGN_CRM__BASE_URL.")
    skew = abs((datetime.fromisoformat(str(answer["now"])) - before).total_seconds())
    if skew > MOST_SKEW_S:
        return bad("CRM", f"its clock and ours are {skew:.0f} s apart. Switch on time synchronisation (NTP).")
    if not answer["donors"]:
        return bad("CRM", "it shows us no donors. Give the API user read access to donor records.")
    return good("CRM", f"{answer['name']}, {answer['donors']} donors visible, clock {skew:.0f} s apart")


_CRM_REMEDIES = {
    "no_answer": "no answer. Check the network and COUNTERSIGN_CRM__BASE_URL.",
    "rate_limited": "asks us to wait. Run this again in a minute.",
    "quota_exceeded": "the quota for the day is used up. What needs the CRM follows by itself.",
    "certificate_refused": NOT_TRUSTED,
    "http_407": "a proxy in between wants a password. Let this machine reach the CRM without it.",
    "http_401": "does not let us in. Check COUNTERSIGN_CRM__TOKEN.",
    "unreadable_answer": "something answers there, but not the CRM's API. Check COUNTERSIGN_CRM__BASE_URL.",
}


def _crm_fails(code: str) -> str:
    status = code.removeprefix("http_")
    if status.startswith("3"):
        return f"sends us elsewhere (HTTP {status}). Check COUNTERSIGN_CRM__BASE_URL and the proxy."
    return f"it fails (HTTP {status}). Ask whoever runs it; what needs it waits and follows by itself."
