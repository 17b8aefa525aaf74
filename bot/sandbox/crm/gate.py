"""What stands before every request to the REST API: the bearer token, and the faults that are switched on."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .faults import Faults
from .outcomes import Problem, unauthorized

Sleep = Callable[[float], Awaitable[None]]
_READS = ("GET", "HEAD", "OPTIONS")


class Gate:
    """ASGI middleware: refuses, delays or swallows as the faults say, otherwise lets through."""

    def __init__(self, app: ASGIApp, token: str, faults: Faults, sleep: Sleep) -> None:
        self._app = app
        self._token = token
        self._faults = faults
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._faults.now.slow_ms:
            await self._sleep(self._faults.now.slow_ms / 1000)
        refusal = self._refusal(Headers(scope=scope))
        if refusal is not None:
            await refusal.response()(scope, receive, send)
        elif self._faults.now.lost_write_replies and scope["method"] not in _READS:
            await self._app(scope, receive, _swallow)
            await _hang_up(receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> Problem | None:
        faults = self._faults.now
        if faults.api_down:
            return Problem(503, "unavailable", "Service unavailable", "The CRM is down.")
        given = headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return unauthorized()
        wait = {"Retry-After": str(faults.retry_after_s)}
        if faults.rate_limit:
            return Problem(429, "rate_limited", "Too many requests", "Slow down.", wait)
        if faults.quota:
            return Problem(403, "quota_exceeded", "Quota exceeded", "Out of call volume quota.", wait)
        return None


async def _swallow(_message: Message) -> None:
    """Send nothing: the work is done but the caller does not learn of it."""


async def _hang_up(receive: Receive, send: Send) -> None:
    """Close the connection before the first byte of an answer.

    ASGI has no word for that, so the server's own transport is closed where it can be reached; elsewhere the
    answer breaks off after its headers.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        headers = [(b"content-length", b"1"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        return
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
