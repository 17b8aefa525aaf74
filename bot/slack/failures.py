"""What went wrong with Slack, in the words of the handlers: try later, do not try again, or look first."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.retry_after import wait_asked_for
from bot.slack.asked_to_wait import SLACK, TOO_MANY, status_of
from handlers.ports import MessageRef, OutcomeUnknown, Refused, Unavailable

_Told = TypeVar("_Told")

RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
SLACK_PASSES = frozenset(
    {
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
        "external_channel_migrating",
        "update_failed",
    }
)
"""What passes by itself: Slack is away, or moves the workspace or the channel."""
IT_PUTS_RIGHT = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "not_allowed_token_type",
        "missing_scope",
        "access_denied",
        "ekm_access_denied",
        "accesslimited",
        "enterprise_is_restricted",
        "team_access_not_granted",
        "two_factor_setup_required",
    }
)
"""What shuts the whole app out, wherever it posts, until an administrator has put it right."""
TEMPORARY = SLACK_PASSES | IT_PUTS_RIGHT
PERHAPS_DONE = frozenset({"internal_error", "fatal_error", ""})

LOOK_AFTER = timedelta(seconds=5)
"""How long a message may take to appear in a conversation's history when nobody heard of it being posted."""
LOOK_AFTER_A_TIMEOUT = timedelta(seconds=30)
"""The same where an answer did not come in time: the request may still be on its way."""

UNREADABLE = "unreadable_answer"
GATEWAY_TIMEOUT = 504
_CODE = re.compile(r"[a-z][a-z0-9_]{0,79}", re.ASCII)
"""What Slack says went wrong; anything else is somebody else's sentence, and may hold a name."""
_TIMESTAMP = re.compile(r"\d+\.\d+", re.ASCII)
_IN_BETWEEN = (
    aiohttp.ClientError,
    TimeoutError,
    OSError,
    AttributeError,
    TypeError,
    ValueError,
    LookupError,
    RecursionError,
)
"""Connections that break, and what the library trips over when an answer is not a JSON object in UTF-8."""


async def asked(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Await a call that changes nothing or may be repeated; raises Unavailable or Refused."""
    return await _await(call, writing=False)


async def written(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """Await a call that must not be repeated blindly; raises Unavailable, Refused or OutcomeUnknown."""
    return await _await(call, writing=True)


async def placed(call: Awaitable[AsyncSlackResponse]) -> MessageRef:
    """Await a call that makes a message, and return which; raises as `written`.

    An answer that names none, as of a proxy in between, leaves open whether there is one.
    """
    made = await written(call)
    channel_id, ts = _part(made, "channel"), _part(made, "ts")
    if not (isinstance(channel_id, str) and channel_id and isinstance(ts, str) and _TIMESTAMP.fullmatch(ts)):
        raise OutcomeUnknown(f"{SLACK}: {UNREADABLE}", LOOK_AFTER)
    return MessageRef(channel_id, ts)


async def told(call: Awaitable[AsyncSlackResponse], *keys: str, kind: type[_Told]) -> _Told:
    """Await a call as `asked`, and return what its answer holds under *keys*, one inside the other.

    Raises Unavailable where that is missing or of another *kind*.
    """
    found: object = await asked(call)
    for key in keys:
        found = _part(found, key)
    if not isinstance(found, kind) or not found:
        raise Unavailable(SLACK, UNREADABLE)
    return found


def next_cursor(page: AsyncSlackResponse) -> str:
    """Return where the next page of a list begins; empty where this was the last."""
    cursor = _part(_part(page, "response_metadata"), "next_cursor")
    return str(cursor) if cursor else ""


def _part(answer: object, key: str) -> object:
    whole = answer.data if isinstance(answer, AsyncSlackResponse) else answer
    return whole.get(key) if isinstance(whole, dict) else None


async def _await(call: Awaitable[AsyncSlackResponse], *, writing: bool) -> AsyncSlackResponse:
    try:
        return await call
    except SlackApiError as error:
        raise _translated(error, writing=writing) from None
    except aiohttp.ClientConnectorCertificateError:
        raise Unavailable(SLACK, "certificate_refused") from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise Unavailable(SLACK, "unreachable") from None
    except _IN_BETWEEN as error:
        if writing:
            wait = LOOK_AFTER_A_TIMEOUT if isinstance(error, TimeoutError) else LOOK_AFTER
            raise OutcomeUnknown(f"{SLACK}: {type(error).__name__}", wait) from None
        raise Unavailable(SLACK, type(error).__name__) from None


def _translated(error: SlackApiError, *, writing: bool) -> Exception:
    response, status = error.response, status_of(error)
    slack_answered = isinstance(response, AsyncSlackResponse) and isinstance(response.data, dict)
    said = str(response.data.get("error") or "") if slack_answered else ""
    code = said if _CODE.fullmatch(said) else ""
    if status == TOO_MANY or code in RATE_LIMITED:
        return Unavailable(SLACK, "ratelimited", _asked_to_wait(error))
    if code in TEMPORARY:
        return Unavailable(SLACK, code)
    if code in PERHAPS_DONE:
        if writing:
            wait = LOOK_AFTER_A_TIMEOUT if status == GATEWAY_TIMEOUT else LOOK_AFTER
            return OutcomeUnknown(f"{SLACK}: {code or status}", wait)
        return Unavailable(SLACK, code or f"http_{status}")
    return Refused(SLACK, code)


def _asked_to_wait(error: SlackApiError) -> timedelta | None:
    seconds = wait_asked_for(getattr(error.response, "headers", {}))
    return timedelta(seconds=seconds) if seconds else None
