"""Reading requests and writing answers on the hot path, without a framework in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.http.at_once import offered

if TYPE_CHECKING:
    from bot.http.prompt import Prompt

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


LONGEST_BODY_S = 10.0


class BodyTooLarge(Exception):
    """The body is larger than this door accepts."""


class Disconnected(Exception):
    """The caller hung up before the body was here; nobody is left to answer."""


class TooSlow(Exception):
    """The body did not arrive in time."""


_HARDENING = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]
"""Nothing we answer is to be kept, framed, guessed at or run."""


class _Whole(list[tuple[bytes, bytes]]):
    """Headers that have all that hardening adds: what is answered a thousand times is put together once."""


def hardened(send: Send) -> Send:
    """Return *send* with security headers on every answer that does not bring its own."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and not isinstance(message.get("headers"), _Whole):
            own = list(message.get("headers", ()))
            named = {name.lower() for name, _ in own}
            message["headers"] = [*own, *(each for each in _HARDENING if each[0] not in named)]
        await send(message)

    return sending


async def read_body(scope: Scope, receive: Receive, largest: int) -> bytes:
    """Read the whole body; raises BodyTooLarge, TooSlow, and Disconnected when the caller is gone.

    Of one that is too large as much again is read and thrown away: whoever is still sending when the
    connection is closed hears of a broken connection, and not the answer.
    """
    at_once = offered(scope)
    if at_once and (body := at_once.body()) is not None:
        if len(body) > largest:
            raise BodyTooLarge
        return body
    try:
        async with asyncio.timeout(LONGEST_BODY_S):
            return await _whole(receive, largest)
    except TimeoutError:
        raise TooSlow from None


async def _whole(receive: Receive, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        ended = not message.get("more_body")
        if size > largest and (ended or size > 2 * largest):
            raise BodyTooLarge
        if size <= largest:
            parts.append(part)
        if ended:
            return b"".join(parts)


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name; of a repeated one the last counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def answer(
    send: Send, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> None:
    """Send a small JSON answer."""
    await MadeAnswer(status, body, headers).send_by_parts(send)


class MadeAnswer:
    """A small JSON answer that is put together once and sent as often as it is wanted."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body, separators=(",", ":")).encode()
        sent = {"content-type": "application/json", "content-length": str(len(content)), **(headers or {})}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
        named = {name.lower() for name, _ in encoded}
        self._status, self._content = status, content
        self._headers = _Whole([*encoded, *(each for each in _HARDENING if each[0] not in named)])
        self._line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self._rest = b"".join(name + b": " + value + b"\r\n" for name, value in self._headers)
        self._rest += b"\r\n" + content

    async def send(self, scope: Scope, send: Send) -> None:
        """Answer the request of *scope*, with one write where the server can."""
        at_once = offered(scope)
        if not at_once or not at_once.answer(self._line, self._rest):
            await self.send_by_parts(send)

    def send_promptly(self, request: Prompt) -> None:
        """Answer a request that has no task; it gets one where the answer cannot go out in one piece."""
        if not request.answer(self._line, self._rest):
            request.leave_to(self._serve)

    async def _serve(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await self.send_by_parts(send)

    async def send_by_parts(self, send: Send) -> None:
        """Answer as every server can."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._content})
