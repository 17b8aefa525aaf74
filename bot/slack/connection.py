"""How this installation reaches Slack: addresses, credentials and HTTP clients."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.asked_to_wait import retry_after
from bot.slack.paced_client import LONGEST_WAIT_SECONDS, PacedWebClient
from storage.limits import Limits, LocalLimits

SLACK_API = "https://slack.com/api/"
REQUEST_SECONDS = 15.0
CONNECT_SECONDS = 5.0
RATE_LIMIT_RETRIES = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OAUTH_VARIABLES = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")

Sleep = Callable[[float], Awaitable[None]]


class OAuthEnvironment(Exception):
    """Variables in the environment would make the Slack library ignore our token and write files."""


@dataclass(frozen=True, slots=True)
class SlackConnection:
    """Credentials and addresses; with *app_token* Slack is reached through Socket Mode.

    *team_id* is the workspace whose members may ask; None means the workspace the token belongs to.
    """

    bot_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    base_url: str = SLACK_API
    team_id: str | None = None

    @property
    def api(self) -> str:
        """Return the Web API's address with the slash the client needs."""
        return self.base_url if self.base_url.endswith("/") else f"{self.base_url}/"


class ShortRateLimits(AsyncRateLimitErrorRetryHandler):
    """Wait for a rate limit to pass when it is short; a long one is left to the queue."""

    def __init__(self, sleep: Sleep) -> None:
        super().__init__(max_retry_count=RATE_LIMIT_RETRIES)
        self._sleep = sleep

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        limited = await super()._can_retry_async(state=state, request=request, response=response, error=error)
        return limited and _retry_after(response) <= LONGEST_WAIT_SECONDS

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,  # noqa: ARG002 - the library's signature
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002 - the library's signature
    ) -> None:
        """Wait as long as Slack asked for."""
        state.next_attempt_requested = True
        await self._sleep(_retry_after(response))
        state.increment_current_attempt()


@dataclass(frozen=True, slots=True)
class SlackClients:
    """One connection pool and two clients: *posting* never repeats a request whose answer was lost.

    Both keep to *limits*.
    """

    session: aiohttp.ClientSession
    limits: Limits
    reading: AsyncWebClient
    posting: AsyncWebClient

    async def close(self) -> None:
        """Close the connection pool."""
        await self.session.close()


def open_clients(
    connection: SlackConnection, *, sleep: Sleep = asyncio.sleep, limits: Limits | None = None
) -> SlackClients:
    """Open the clients; to be called inside the running event loop. Without *limits* they keep their own."""
    limits = limits or LocalLimits()
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_connect=CONNECT_SECONDS)
    session = aiohttp.ClientSession(timeout=timeout, middlewares=(_nowhere_else,))
    patient = ShortRateLimits(sleep)
    return SlackClients(
        session=session,
        limits=limits,
        reading=_paced(connection, session, [patient, AsyncConnectionErrorRetryHandler()], limits, sleep),
        posting=_paced(connection, session, [patient], limits, sleep),
    )


class Redirected(aiohttp.ClientError):
    """Something in between answered that what we say be said elsewhere."""


async def _nowhere_else(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Follow no redirect: what is said about donors is for Slack, and Slack never sends us elsewhere."""
    response = await send(request)
    if response.status in REDIRECTS:
        response.close()
        raise Redirected
    return response


def _paced(
    connection: SlackConnection,
    session: aiohttp.ClientSession,
    retry_handlers: list[AsyncRetryHandler],
    limits: Limits,
    sleep: Sleep,
) -> AsyncWebClient:
    return PacedWebClient(
        limits=limits,
        sleep=sleep,
        token=connection.bot_token,
        base_url=connection.api,
        session=session,
        retry_handlers=retry_handlers,
        logger=quiet_logger(),
    )


def web_client(
    token: str,
    connection: SlackConnection,
    session: aiohttp.ClientSession | None,
    retry_handlers: list[AsyncRetryHandler],
) -> AsyncWebClient:
    """Return a client that never logs what it sends or receives."""
    return AsyncWebClient(
        token=token,
        base_url=connection.api,
        session=session,
        retry_handlers=retry_handlers,
        logger=quiet_logger(),
    )


def quiet_logger() -> logging.Logger:
    """Return the logger for the Slack libraries: their DEBUG and WARNING lines contain donor data."""
    for library in ("slack_sdk", "slack_bolt"):
        logging.getLogger(library).setLevel(logging.ERROR)
    logger = logging.getLogger("slack_sdk.countersign")
    logger.setLevel(logging.ERROR)
    return logger


def refuse_oauth_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Raise OAuthEnvironment when the environment would switch the Slack library to OAuth."""
    present = [variable for variable in OAUTH_VARIABLES if environment.get(variable)]
    if present:
        names = " and ".join(present)
        raise OAuthEnvironment(f"unset {names}: with them the Slack library ignores the bot token")


def _retry_after(response: HttpResponse | None) -> int:
    return retry_after(response.headers) if response is not None else 1
