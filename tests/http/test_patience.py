"""Who opens a connection and says nothing, little by little, or without end is not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.cli.running import listen
from bot.http import patience
from bot.http.asgi import Receive, Scope, Send, answer
from tests.loop.staging import serving

GET = b"GET / HTTP/1.1\r\nhost: bot\r\n"


async def _hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 200, {"hello": "you"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(patience, "LONGEST_HEAD_S", 0.1)
    async with serving(_hello, listen("127.0.0.1", 0)) as origin:
        yield int(origin.rpartition(":")[2])


async def _said(port: int, *pieces: bytes) -> bytes:
    """Send *pieces* and return everything that comes until the other side hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("said", [b"", b"GET", GET, GET + b"x-long: "])
async def test_an_unfinished_head_is_not_waited_for(port: int, said: bytes) -> None:
    assert await _said(port, said) == b""


@pytest.mark.parametrize("endless", [b"x" * 16384, b"x-more: y\r\n" * 1500])
async def test_a_head_without_end_is_cut_off(
    port: int, endless: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_HEAD_S", 60.0)
    said = await _said(port, GET + b"x-long: ", *[endless] * 40)
    assert b"hello" not in said
    assert said.split(b"\r\n")[0] in (b"", b"HTTP/1.1 431 Request Header Fields Too Large")


async def test_a_kept_connection_may_rest_but_its_next_head_may_not(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(GET + b"\r\n")
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
    writer.write(GET)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_what_many_small_requests_in_one_piece_add_up_to_is_no_long_head(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LARGEST_HEAD", 4096)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(20):
        for said, answers in (((GET + b"\r\n") * 200 + GET, 200), (b"\r\n", 1)):
            writer.write(said)
            for _ in range(answers):
                assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
    writer.close()


@pytest.mark.parametrize("language", [b"websocket", b"h2c"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
async def test_who_wishes_to_speak_another_language_is_answered_in_ours_and_hung_up_on(
    method: bytes, language: bytes
) -> None:
    listening = listen("127.0.0.1", 0)
    async with serving(_hello, listening, websockets=False) as origin:
        wish = b"connection: upgrade\r\nupgrade: " + language + b"\r\ncontent-length: 2\r\n\r\n"
        head = method + b" / HTTP/1.1\r\nhost: bot\r\n" + wish
        said = await _said(int(origin.rpartition(":")[2]), head + b"{}", b"x")
    assert said.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in said
