"""What stands before every request to the REST API: the bearer token, and the faults that are switched on."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from pydantic import JsonValue
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .faults import Faults
from .outcomes import Problem, unauthorized

Sleep = Callable[[float], Awaitable[None]]
_READS = ("GET", "HEAD", "OPTIONS")
_OK = HTTPStatus.OK
_BROKEN = Problem(500, "internal_error", "Internal server error", "Something broke.")


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
        elif scope["method"] in _READS:
            await self._read(scope, receive, send)
        else:
            await self._write(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        lies = self._faults.now
        if not (lies.cut_answers or lies.repeated_items):
            await self._app(scope, receive, send)
            return
        status, headers, body = await _answer_of(self._app, scope, receive)
        if lies.repeated_items and status == _OK:
            body = _repeated(body)
        await _say(send, status, headers, body[: len(body) // 2] if lies.cut_answers else body)

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        lies = self._faults.now
        if lies.lost_write_replies:
            await self._app(scope, receive, _swallow)
            await _hang_up(receive, send)
        elif lies.failed_writes_done:
            await self._app(scope, receive, _swallow)
            await _BROKEN.response()(scope, receive, send)
        elif lies.empty_promises:
            promised = JSONResponse({"id": "promised", **await _posted(scope, receive)})
            await promised(scope, receive, send)
        elif lies.cut_answers:
            status, headers, body = await _answer_of(self._app, scope, receive)
            await _say(send, status, headers, body[: len(body) // 2])
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


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, list[Any], bytes]:
    """Return what the application answers: status, headers without the length, and body."""
    status: int = 0
    headers: list[Any] = []
    parts: list[bytes] = []

    async def hear(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, hear)
    return status, headers, b"".join(parts)


async def _say(send: Send, status: int, headers: list[Any], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def _repeated(body: bytes) -> bytes:
    document = json.loads(body)
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        document["items"] = [each for item in document["items"] for each in (item, item)]
    return json.dumps(document).encode()


async def _posted(scope: Scope, receive: Receive) -> dict[str, JsonValue]:
    body = await Request(scope, receive).body()
    posted = json.loads(body) if body else {}
    return posted if isinstance(posted, dict) else {}


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
