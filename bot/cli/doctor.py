"""`countersign doctor`: everything outside that the service needs, one line each, with the remedy."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx2

from bot.assistants import ai_settings
from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.doctor_database import database
from bot.cli.doctor_evidence import evidence
from bot.cli.doctor_machine import clock, machine, tidied
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
from bot.settings import AiModelSettings, Settings
from bot.slack.channels import Channels
from bot.slack.connection import SlackClients, open_clients, web_client
from bot.slack.failures import asked
from bot.trust import trusted_authorities
from handlers.ports import DonorUnknown, Refused, Unavailable
from handlers.rules.first_policy import REPAIR, UNREADABLE
from policy.closed import nothing_allowed
from policy.language import PolicyInvalidError
from policy.organisation import Organisation
from storage.errors import StorageError

if TYPE_CHECKING:
    from bot.assistant.settings import Endpoint

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
    async for found in _models(settings.ai):
        yield found
    if settings.ai.is_configured:
        yield await _rehearsed(settings)


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
    if token.text == NO_ANSWER:  # nor would there be one to anything else
        return
    yield await checked("Clock", _clock(clients))
    yield await checked("Slack scopes", _scopes(clients))
    for channel in _channels(organisation) if organisation else ():
        yield await checked(channel, _channel(clients, channel))
    if settings.slack.uses_socket:
        yield await checked("Socket Mode", _socket(settings))


async def checked(what: str, check: Awaitable[Finding]) -> Finding:
    """Return what *check* finds, or the remedy for what kept it from looking."""
    try:
        return await check
    except Refused as refused:
        return bad(what, f"Slack says {refused.code}.")
    except Unavailable as unavailable:
        return bad(what, _REMEDIES.get(unavailable.code, NO_ANSWER))


NO_ANSWER = "no answer. Check the network and COUNTERSIGN_SLACK__BASE_URL."
KEPT_OUT = "an administrator of Slack keeps the app out. Ask them to let it in again."
_REMEDIES = {
    "invalid_auth": "the bot token is not valid. Copy it again from OAuth & Permissions (xoxb-...).",
    "not_authed": "no bot token was sent. Set COUNTERSIGN_SLACK__BOT_TOKEN.",
    "account_inactive": "the app was removed from the workspace. Install it again.",
    "token_revoked": "the bot token was withdrawn. Install the app again and copy the new one (xoxb-...).",
    "token_expired": "the bot token has expired. Switch token rotation off, and install the app again.",
    "not_allowed_token_type": "this is no bot token. Copy it from OAuth & Permissions (xoxb-...).",
    "missing_scope": "a scope is missing. Update the app from manifest.yml and install it again.",
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
    await asked(client.apps_connections_open(app_token=connection.app_token or ""))
    return good("Socket Mode", "the app token may connect")


async def _crm(crm: RestCrm) -> Finding:
    before = datetime.now(UTC)
    try:
        answer = await crm.ping()
    except Unavailable as unavailable:
        return bad("CRM", f"no answer ({unavailable.code}). Check COUNTERSIGN_CRM__BASE_URL.")
    except (DonorUnknown, NotPermitted):
        return bad("CRM", "does not let us in. Check COUNTERSIGN_CRM__TOKEN and the address.")
    skew = abs((datetime.fromisoformat(str(answer["now"])) - before).total_seconds())
    if skew > MOST_SKEW_S:
        return bad("CRM", f"its clock and ours are {skew:.0f} s apart. Switch on time synchronisation (NTP).")
    if not answer["donors"]:
        return bad("CRM", "it shows us no donors. Give the API user read access to donor records.")
    return good("CRM", f"{answer['name']}, {answer['donors']} donors visible, clock {skew:.0f} s apart")


async def _rehearsed(settings: Settings) -> Finding:
    """Say for which uses the configured model passed its rehearsal with the prompt that ships."""
    from bot.assistant.prompt import prompt_in_version
    from bot.cli.eval_candidates import PROMPTS

    model = settings.ai.model
    missing = list(PROMPTS)
    try:
        async with opened(settings.database_url) as stored:
            for use, (name, _) in PROMPTS.items():
                found = await stored.read(lambda tx, name=name: tx.promotions.in_force(name, model))  # type: ignore[misc]
                if found and prompt_in_version(name, found.prompt_version):
                    missing.remove(use)
    except CannotOpen:
        pass  # the database has its own line
    if not missing:
        return good("Model rehearsed", "for every use")
    return good(
        "Model rehearsed",
        f"not yet for {', '.join(missing)}; cards say so. To try it out: "
        f"countersign eval rehearse --use {missing[0]} --by YOUR-E-MAIL",
    )


async def _models(ai: AiModelSettings) -> AsyncIterator[Finding]:
    """Ask every endpoint, and say which donors none of them may read."""
    if not ai.is_configured:
        yield good("Model", "none: summaries are written from CRM records without AI")
        return
    from bot.assistant.settings import EU_ONLY, OWN_MACHINES

    configured = ai_settings(ai)
    async with httpx2.AsyncClient(timeout=ai.timeout_s, verify=trusted_authorities()) as client:
        for endpoint in configured.endpoints:
            yield await _model(client, endpoint)
    regions = sorted({each.region for each in configured.endpoints})
    if configured.endpoint_for(EU_ONLY) is None:
        told = "no AI for donors whose data must stay in the EU. To allow it, add an endpoint there"
        yield warning("Model regions", f"{', '.join(regions)}: {told}: COUNTERSIGN_AI__EU_BASE_URL.")
    else:
        anywhere = " (our own machines)" if OWN_MACHINES in regions else ""
        yield good("Model regions", f"{', '.join(regions)}{anywhere}, the EU included")


async def _model(client: httpx2.AsyncClient, endpoint: Endpoint) -> Finding:
    what = f"Model ({endpoint.region})"
    base = (endpoint.base_url or "https://api.openai.com/v1").rstrip("/")
    # A model on one's own machine has no key, and a header without a value is none.
    headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
    try:
        answer = await client.get(f"{base}/models", headers=headers)
    except httpx2.HTTPError:
        return bad(what, "no answer. Check COUNTERSIGN_AI__BASE_URL; until then no AI is used.")
    if answer.status_code in (401, 403):
        return bad(what, "the key is refused. Check COUNTERSIGN_AI__API_KEY.")
    if answer.is_server_error:
        return bad(
            what, f"it fails (HTTP {answer.status_code}). Ask whoever runs it; until then no AI is used."
        )
    return good(what, f"{endpoint.model}, answered {answer.status_code}")
