"""Whatever comes over a connection, in whatever pieces: the same is answered as by the server we build on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import uvicorn
from hypothesis import example, given, settings
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from bot.http.asgi import Disconnected, MadeAnswer, Receive, Scope, Send, read_body
from bot.http.prompt import Prompt, PromptProtocol
from tests.examples import examples

HEAD = b"%s %s HTTP/1.%d\r\nhost: bot\r\n%s\r\n"


def _request(method: bytes, path: bytes, minor: int, header: bytes, body: bytes) -> bytes:
    return HEAD % (method, path, minor, header) + body


LENGTH, CHUNKED = b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n"
UPGRADE = b"upgrade: h2c\r\nconnection: upgrade\r\n"
BODIES = (
    (LENGTH, b"hello"),
    (CHUNKED, b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"),
    (CHUNKED, b"0\r\n\r\n"),
    (b"content-length: 0\r\n", b""),
    (b"", b""),
)
REQUESTS = st.one_of(
    st.builds(
        lambda method, path, minor, extra, body: _request(method, path, minor, extra + body[0], body[1]),
        st.sampled_from([b"POST", b"POST", b"POST", b"GET", b"PUT", b"HEAD"]),
        st.sampled_from(
            [b"/events", b"/events", b"/events", b"/events?x=1", b"/others", b"http://bot/events"]
        ),
        st.sampled_from([1, 1, 1, 0]),
        st.sampled_from(
            [
                b"",
                b"",
                b"",
                b"connection: close\r\n",
                b"connection: keep-alive\r\n",
                b"expect: 100-continue\r\n",
                b"Content-Type: text/plain\r\n",
            ]
        ),
        st.sampled_from(BODIES),
    ),
    st.sampled_from(
        [
            _request(b"POST", b"/events", 0, b"connection: keep-alive\r\n" + LENGTH, b"hello"),
            _request(b"POST", b"/events", 1, LENGTH + CHUNKED, b"0\r\n\r\n"),
            _request(b"POST", b"/events", 1, LENGTH + LENGTH, b"hello"),
            _request(b"POST", b"/events", 1, CHUNKED, b"nonsense\r\n"),
            _request(b"POST", b"/events", 1, b"content-length: -1\r\n", b""),
            _request(b"POST", b"/events", 1, UPGRADE + LENGTH, b"hello"),
            b"nonsense\r\n\r\n",
            b"\r\n",
        ]
    ),
)


EVENT, OTHER = (_request(b"POST", path, 1, LENGTH, b"hello") for path in (b"/events", b"/others"))
OLD = _request(b"POST", b"/events", 0, b"connection: keep-alive\r\n" + LENGTH, b"hello")
UPGRADING = _request(b"POST", b"/events", 1, UPGRADE + LENGTH, b"hello")
RESTS = [True] * 6


class Echo:
    """Answers with what was asked, the later the sooner; /events promptly where that is offered."""

    def __init__(self) -> None:
        self._takes = 12

    def promptly(self, request: Prompt) -> bool:
        if request.target != b"/events":
            return False
        answer = _said("POST", "/events", request.body, request.headers)
        stored = asyncio.create_task(self._be_stored())
        stored.add_done_callback(lambda _: answer.send_promptly(request))
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive, 1000)
        except Disconnected:
            return
        await self._be_stored()
        await _said(scope["method"], scope["path"], body, scope["headers"]).send(scope, send)

    async def _be_stored(self) -> None:
        self._takes = max(0, self._takes - 4)
        for _ in range(self._takes):
            await asyncio.sleep(0)


def _said(method: str, path: str, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> MadeAnswer:
    heard = {name.decode(): value.decode() for name, value in headers}
    return MadeAnswer(200, {"method": method, "path": path, "body": body.decode(), "headers": heard})


class Beneath(HttpToolsProtocol):
    """The server we build on, but for hanging up on whoever wishes to speak another language."""

    def _unsupported_upgrade_warning(self) -> None:
        self.cycle.keep_alive = False


class Wire(asyncio.Transport):
    """Keeps what is written, and what is read meanwhile goes to nobody once it is closed."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written, self._closed = b"", False

    def write(self, data: Any) -> None:
        if not self._closed:
            self.written += data

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def _answered(kind: type[HttpToolsProtocol], pieces: Sequence[bytes], rests: Sequence[bool]) -> bytes:
    config = uvicorn.Config(Echo(), log_config=None, access_log=False, lifespan="off", ws="none", http=kind)
    config.load()
    config.loaded_app = config.app  # without the wrappers that ask nobody promptly
    protocol, wire = kind(config=config, server_state=ServerState(), app_state={}), Wire()
    protocol.connection_made(wire)
    for piece, rest in zip(pieces, rests, strict=True):
        if wire.is_closing():
            break
        protocol.data_received(piece)
        for _ in range(8 if rest else 0):
            await asyncio.sleep(0)
    for _ in range(80):
        await asyncio.sleep(0)
    protocol.connection_lost(ConnectionResetError())
    for task in list(protocol.tasks):
        await task
    # Whose body has come already need not be asked for it.
    said = wire.written.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    return re.sub(rb"(?<=\r\n)date: [^\r]*\r\n", b"", said) + b"closed" * wire.is_closing()


@example([OLD], [], RESTS)
@example([UPGRADING, EVENT], [], RESTS)
@example([OTHER, EVENT], [], RESTS)
@example([EVENT.replace(b"hello", b"later"), EVENT, OTHER], [], RESTS)
@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(REQUESTS, min_size=1, max_size=4),
    st.lists(st.integers(0, 500), max_size=5),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_the_same_is_answered_as_by_the_server_beneath(
    requests: list[bytes], cuts: list[int], rests: list[bool]
) -> None:
    stream = b"".join(requests)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]

    async def both() -> tuple[bytes, bytes]:
        kept = [rest for rest, _ in zip(rests, pieces, strict=False)]
        return await _answered(PromptProtocol, pieces, kept), await _answered(Beneath, pieces, kept)

    ours, theirs = asyncio.run(both())
    assert ours == theirs
