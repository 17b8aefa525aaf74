"""A request that is here as a whole is read and answered at once, and every other one as well as ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.cli.running import listen
from bot.http import asgi
from bot.http.asgi import BodyTooLarge, Disconnected, MadeAnswer, Receive, Scope, Send, answer, read_body
from tests.loop.staging import serving

LARGEST = 100_000
HEAD = b"POST / HTTP/1.1\r\nhost: bot\r\ncontent-length: %d\r\n%s\r\n"
SMALL = HEAD % (5, b"") + b"hello"
REST = (
    b"content-type: application/json\r\ncontent-length: 16\r\nx-content-type-options: nosniff\r\n"
    b"cache-control: no-store\r\ncontent-security-policy: default-src 'none'; frame-ancestors 'none'\r\n"
    b"referrer-policy: no-referrer\r\n%s\r\n"
)
HERE = MadeAnswer(202, {"thanks": "you"}, None)


class Door:
    """Says thank you for a body, as the door of the CRM's events does."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.gone = asyncio.Event()
        self.by_parts = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Any) -> None:
            self.by_parts += message["type"] == "http.response.start"
            await send(message)

        try:
            self.bodies.append(await read_body(scope, receive, LARGEST))
        except BodyTooLarge:
            await answer(send, 413, {}, {"connection": "close"})
        except Disconnected:
            self.gone.set()
        else:
            await HERE.send(scope, counted)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def port(door: Door) -> AsyncIterator[int]:
    async with serving(door, listen("127.0.0.1", 0)) as origin:
        yield int(origin.rpartition(":")[2])


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answers(self, count: int) -> list[bytes]:
        """Return the answers without their dates, which are there."""
        found = []
        for _ in range(count):
            async with asyncio.timeout(20):
                lines = (await self.reader.readuntil(b"\r\n\r\n")).splitlines(keepends=True)
                body = await self.reader.readexactly(
                    next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
                    if b" 100 " not in lines[0]
                    else 0
                )
            kept = [line for line in lines if not line.startswith(b"date: ")]
            assert len(kept) == len(lines) - (b" 100 " not in lines[0])
            found.append(b"".join(kept) + body)
        return found


@pytest.fixture
async def caller(port: int) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield Caller(reader, writer)
    writer.close()


THANKS = b"HTTP/1.1 202 Accepted\r\n" + REST % b"" + b'{"thanks":"you"}'
AND_BYE = b"HTTP/1.1 202 Accepted\r\n" + REST % b"connection: close\r\n" + b'{"thanks":"you"}'


async def test_one_in_a_piece_is_answered_at_once_and_the_connection_is_kept(
    door: Door, caller: Caller
) -> None:
    for _ in range(3):
        await caller.say(SMALL)
        assert await caller.answers(1) == [THANKS]
    assert (door.bodies, door.by_parts) == ([b"hello"] * 3, 0)


async def test_several_that_were_sent_without_waiting_are_answered_in_turn(
    door: Door, caller: Caller
) -> None:
    sent = [HEAD % (1, b"") + str(n).encode() for n in range(9)]
    await caller.say(b"".join(sent))
    assert await caller.answers(9) == [THANKS] * 9
    assert door.bodies == [str(n).encode() for n in range(9)]


async def test_one_that_comes_little_by_little_is_the_same(door: Door, caller: Caller) -> None:
    for cut in (20, len(SMALL) - 5, len(SMALL) - 1):
        await caller.say(SMALL[:cut])
        for _ in range(20):  # the server reads the first piece on this loop before the second is sent
            await asyncio.sleep(0)
        await caller.say(SMALL[cut:])
        assert await caller.answers(1) == [THANKS]
    large = b"x" * LARGEST
    await caller.say(HEAD % (len(large), b""), large)
    assert await caller.answers(1) == [THANKS]
    assert door.bodies == [b"hello"] * 3 + [large]


async def test_one_that_asks_to_be_let_in_first_is(door: Door, caller: Caller) -> None:
    await caller.say(HEAD % (5, b"expect: 100-continue\r\n"))
    assert await caller.answers(1) == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    await caller.say(b"hello")
    assert await caller.answers(1) == [THANKS]
    assert door.bodies == [b"hello"]


async def test_whoever_wants_to_hang_up_afterwards_is_told_so(door: Door, caller: Caller) -> None:
    await caller.say(HEAD % (5, b"connection: close\r\n") + b"hello")
    assert await caller.answers(1) == [AND_BYE]
    assert await caller.reader.read() == b""
    assert door.by_parts == 1


async def test_one_that_is_too_large_is_refused_also_when_it_is_here(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, door: Door
) -> None:
    monkeypatch.setattr("tests.http.test_at_once.LARGEST", 4)
    await caller.say(SMALL)
    (said,) = await caller.answers(1)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert door.bodies == []


async def test_whoever_hangs_up_in_the_middle_is_not_answered(door: Door, caller: Caller) -> None:
    await caller.say(SMALL[:-1])
    caller.writer.close()
    async with asyncio.timeout(20):
        await door.gone.wait()
    assert door.bodies == []


async def test_another_server_offers_nothing_and_the_answer_is_the_same() -> None:
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"hello"}

    async def send(message: Any) -> None:
        said.append(message)

    scope: Scope = {"type": "http", "method": "POST"}
    assert await read_body(scope, receive, 5) == b"hello"
    await HERE.send(scope, send)
    start, body = said
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in start["headers"])
    assert (start["status"], lines + b"\r\n", body["body"]) == (202, REST % b"", b'{"thanks":"you"}')
    assert asgi.offered(scope) is None
