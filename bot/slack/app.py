"""The Bolt app: one router per surface, nothing acknowledged before it is stored."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.apologies import Apologies, random_reference
from bot.slack.arrival import Accept, Arrival
from bot.slack.channels import Channels
from bot.slack.connection import SlackConnection, quiet_logger, refuse_oauth_environment
from bot.slack.listeners import Listeners
from bot.slack.pacing import Pace
from bot.slack.people import People
from bot.slack.prompts import Prompts
from bot.slack.replies import Replies
from bot.slack.suggesting import FindDonors
from bot.slack.windows import Windows
from storage.limits import LocalLimits

__all__ = ["Accept", "Arrival", "SlackConnection", "build_slack_app"]

BOLT_NAME = "slack_bolt.app"
"""The library sets the level of the logger so called, and of all below it: it must be none of ours."""

ANYTHING = re.compile(r".*", re.DOTALL)


class _WallClock:
    """The real time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the present instant."""
        return self._now()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def build_slack_app(
    connection: SlackConnection,
    accept: Accept,
    client: AsyncWebClient,
    find_donors: FindDonors,
    *,
    now: Callable[[], datetime] = _utc_now,
    new_reference: Callable[[], str] = random_reference,
) -> AsyncApp:
    """Build the app that receives everything from Slack, over HTTP or Socket Mode alike.

    *client* must not repeat requests by itself. Raises OAuthEnvironment when the environment would make the
    library ignore the bot token, and ValueError without a signing secret where requests come over HTTP.
    """
    refuse_oauth_environment()
    if not connection.signing_secret and not connection.app_token:
        raise ValueError("a signing secret is needed to receive requests over HTTP")
    app = AsyncApp(
        name=BOLT_NAME,
        logger=quiet_logger(),
        signing_secret=connection.signing_secret,
        authorize=_authorize(connection),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        attaching_conversation_kwargs_enabled=False,
    )
    windows = Windows(client)
    clock = _WallClock(now)
    people = People(client, clock, connection.team_id)
    listeners = Listeners(accept, windows, people, Prompts(client), find_donors, now)
    replies = Replies(client, Channels(client), Pace(asyncio.sleep, LocalLimits()), clock)
    _register(app, listeners, Apologies(replies, windows, new_reference))
    return app


def _register(app: AsyncApp, listeners: Listeners, apologies: Apologies) -> None:
    app.command(ANYTHING)(listeners.command)
    app.action(ANYTHING)(listeners.click)
    app.shortcut(ANYTHING)(listeners.shortcut)
    app.options(ANYTHING)(listeners.suggest)
    app.view(ANYTHING)(listeners.submission)
    app.event(ANYTHING)(listeners.event)
    app.error(apologies.handle)


def _authorize(connection: SlackConnection) -> Callable[..., Awaitable[AuthorizeResult]]:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """Let every signed request in: who may do what is decided by the handlers."""
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=connection.bot_token)

    return authorize
