"""How Slack and the CRM are reached, and how what they send is known to be theirs, as the settings say."""

from __future__ import annotations

import aiohttp
from pydantic import SecretStr

from bot.crm.wire import crm_session
from bot.settings import CrmSettings, Settings, SlackSettings
from bot.slack.connection import SlackConnection


def slack_connection(settings: Settings) -> SlackConnection:
    """Return how Slack is reached; the app token is left out where requests come over HTTP."""
    slack = settings.slack
    app_token = slack.app_token.get_secret_value() if slack.app_token and slack.uses_socket else None
    return SlackConnection(
        bot_token=slack.bot_token.get_secret_value(),
        signing_secret=slack.signing_secret.get_secret_value(),
        app_token=app_token,
        base_url=slack.base_url,
    )


def crm_client(crm: CrmSettings) -> aiohttp.ClientSession:
    """Return the HTTP client for the CRM."""
    return crm_session(crm.base_url, crm.token.get_secret_value(), crm.timeout_s)


def webhook_secrets(crm: CrmSettings) -> tuple[str, ...]:
    """Return the secrets an event may be signed with, the present one first."""
    return _present_first(crm.webhook_secret, crm.previous_webhook_secret)


def signing_secrets(slack: SlackSettings) -> tuple[str, ...]:
    """Return the secrets a request of Slack may be signed with, the present one first."""
    return _present_first(slack.signing_secret, slack.previous_signing_secret)


def _present_first(present: SecretStr, previous: SecretStr | None) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in (present, previous) if secret)
