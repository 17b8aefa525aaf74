"""Nobody asks a CRM that asked to be left alone, and a write is sent once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.cli.running import listen
from bot.crm.wire import Wire, crm_session
from bot.http.asgi import Receive, Scope, Send, answer
from handlers.ports import OutcomeUnknown, Unavailable
from storage.errors import LeaseLostError
from storage.limits import LocalLimits
from tests.leases import lose_the_lease
from tests.loop.staging import serving


async def test_nobody_asks_before_the_time_is_over() -> None:
    now, asked = 0.0, 0

    async def crm(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await answer(send, 429, {}, {"retry-after": "30"})
        else:
            await answer(send, 200, {})

    shared = LocalLimits(lambda: now)
    async with (
        serving(crm, listen("127.0.0.1", 0)) as origin,
        crm_session(origin, "token", 10) as session,
    ):
        one, other = Wire(session, shared), Wire(session, shared)
        with pytest.raises(Unavailable) as refused:
            await one.get("ping")
        assert (refused.value.code, refused.value.retry_after) == ("rate_limited", timedelta(seconds=30))
        with pytest.raises(Unavailable) as waiting:
            await other.write("POST", "tasks", {}, actor="a", headers={})
        assert (waiting.value.code, waiting.value.retry_after, asked) == (
            "rate_limited",
            timedelta(seconds=30),
            1,
        )
        now = 30.0
        assert (await other.get("ping"), asked) == ({}, 2)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("86400", 3600),
        ("9" * 12, 3600),
        ("9" * 400, None),
        ("\u00b2", None),
        ("Fri, 20 Nov 2099 15:00:00 GMT", 3600),
        ("Sun, 20 Nov 2016 14:00:00 GMT", None),
        ("soon", None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_whatever_a_crm_asks_for_is_waited_for_an_hour_at_most(
    asked: str, seconds: int | None, method: str
) -> None:
    """A number that no calendar holds was an accident of our own, and five of those set an item aside."""

    async def crm(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, 429, {}, {"retry-after": asked.encode().decode("latin-1")})

    async with (
        serving(crm, listen("127.0.0.1", 0)) as origin,
        crm_session(origin, "token", 10) as session,
    ):
        wire = Wire(session, limits := LocalLimits(lambda: 0.0))
        with pytest.raises(Unavailable) as refused:
            await (wire.get("ping") if method == "GET" else wire.write("PUT", "t", {}, actor="a", headers={}))
        assert (refused.value.code, refused.value.retry_after, await limits.held("crm")) == (
            "rate_limited",
            timedelta(seconds=seconds) if seconds else None,
            float(seconds or 0),
        )


async def test_whoever_stood_still_for_longer_than_their_lease_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody else has written it by then, and perhaps it was taken back since."""
    heard: list[str] = []

    async def crm(scope: Scope, _receive: Receive, send: Send) -> None:
        heard.append(scope["method"])
        await answer(send, 200, {})

    async with (
        serving(crm, listen("127.0.0.1", 0)) as origin,
        crm_session(origin, "token", 10) as session,
    ):
        wire = Wire(session)
        await wire.get("ping")
        lose_the_lease(monkeypatch)
        with pytest.raises(LeaseLostError):
            await wire.write("PUT", "tasks/1", {}, actor="a", headers={})
    assert heard == ["GET"]


@asynccontextmanager
async def _hanging_up() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A CRM that answers the first request of a connection, and hangs up on the next without a word."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b""):
            head = await reader.readuntil(b"\r\n\r\n")
            heard.append(head.split(b" ", 1)[0])
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", heard


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_a_write_whose_connection_breaks_is_not_sent_again(method: str) -> None:
    async with _hanging_up() as (origin, heard), crm_session(origin, "token", 10) as session:
        wire = Wire(session)
        assert await wire.get("ping") == {}
        with pytest.raises(OutcomeUnknown):
            await wire.write(method, "tasks/cs:1", None, actor="a", headers={})
        assert heard == [b"GET", method.encode()]


async def test_a_write_that_never_left_is_known_not_to_have_happened() -> None:
    free: Any = listen("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    async with crm_session(f"http://127.0.0.1:{port}", "token", 10) as session:
        with pytest.raises(Unavailable) as refused:
            await Wire(session).write("PUT", "tasks/cs:1", None, actor="a", headers={})
        assert refused.value.code == "no_connection"
