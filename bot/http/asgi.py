"""Reading requests and writing answers on the hot path, without a framework in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

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


async def read_body(receive: Receive, largest: int) -> bytes:
    """Read the whole body; raises BodyTooLarge, TooSlow, and Disconnected when the caller is gone.

    Of one that is too large as much again is read and thrown away: whoever is still sending when the
    connection is closed hears of a broken connection, and not the answer.
    """
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
    """Return the headers with lower-case names; a repeated one keeps its last value."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def answer(
    send: Send, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> None:
    """Send a small JSON answer."""
    await made_answer(status, body, headers)(send)


def made_answer(
    status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> Callable[[Send], Awaitable[None]]:
    """Return what sends a small JSON answer as often as it is wanted."""
    content = json.dumps(body, separators=(",", ":")).encode()
    sent = {"content-type": "application/json", "content-length": str(len(content)), **(headers or {})}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
    named = {name.lower() for name, _ in encoded}
    whole = _Whole([*encoded, *(each for each in _HARDENING if each[0] not in named)])

    async def answering(send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": whole})
        await send({"type": "http.response.body", "body": content})

    return answering
