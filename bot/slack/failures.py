"""What went wrong with Slack, in the words of the handlers: try later, do not try again, or look first."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers.ports import OutcomeUnknown, Refused, Unavailable

SLACK = "slack"
RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
TEMPORARY = frozenset(
    {
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
    }
)
PERHAPS_DONE = frozenset({"internal_error", "fatal_error", ""})


async def asked(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Await a call that changes nothing or may be repeated; raises Unavailable or Refused."""
    return await _await(call, writing=False)


async def written(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Await a call that must not be repeated blindly; raises Unavailable, Refused or OutcomeUnknown."""
    return await _await(call, writing=True)


async def _await(call: Awaitable[AsyncSlackResponse], *, writing: bool) -> AsyncSlackResponse:
    try:
        return await call
    except SlackApiError as error:
        raise _translated(error, writing=writing) from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise Unavailable(SLACK, "unreachable") from None
    except (aiohttp.ClientError, TimeoutError, OSError, AttributeError) as error:
        # AttributeError: the library trips over an answer that is not JSON, as of a proxy in between.
        if writing:
            raise OutcomeUnknown(f"{SLACK}: {type(error).__name__}") from None
        raise Unavailable(SLACK, type(error).__name__) from None


def _translated(error: SlackApiError, *, writing: bool) -> Exception:
    response = error.response
    slack_answered = isinstance(response, AsyncSlackResponse) and isinstance(response.data, dict)
    code = str(response.data.get("error") or "") if slack_answered else ""
    status = response.status_code if isinstance(response, AsyncSlackResponse) else 0
    if status == 429 or code in RATE_LIMITED:
        return Unavailable(SLACK, "ratelimited", _retry_after(response))
    if code in TEMPORARY:
        return Unavailable(SLACK, code)
    if code in PERHAPS_DONE:
        if writing:
            return OutcomeUnknown(f"{SLACK}: {code or status}")
        return Unavailable(SLACK, code or f"http_{status}")
    return Refused(SLACK, code)


def _retry_after(response: object) -> timedelta | None:
    headers = getattr(response, "headers", {})
    value = str(headers.get("Retry-After", "")) if headers else ""
    return timedelta(seconds=int(value)) if value.isdigit() else None
