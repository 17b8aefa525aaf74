"""A request that is answered without a task: the same answers as ever, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.cli.running import QuietServer, listen, server_for
from bot.http.asgi import MadeAnswer, Receive, Scope, Send, read_body
from bot.http.prompt import Prompt
from bot.http.reception import Reception

PROMPT, USUAL = MadeAnswer(202, {"by": "promptly"}), MadeAnswer(202, {"by": "usual"})
HEAD = b"POST /%s HTTP/1.1\r\nhost: bot\r\ncontent-length: 5\r\n%s\r\n"
SMALL = HEAD % (b"events", b"") + b"hello"


class Door:
    """Begins with every request to /events and ends it when the test says so."""

    def __init__(self) -> None:
        self.begun: list[tuple[Prompt, bytes]] = []
        self.served: list[bytes] = []
        self.asked: list[tuple[str, str]] = []
        self.came = asyncio.Event()

    def promptly(self, request: Prompt) -> bool:
        if request.target == b"/broken":
            raise RuntimeError
        if request.target != b"/events":
            return False
        self.begun.append((request, request.body))
        self.came.set()
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append((scope["method"], scope["path"]))
        self.served.append(await read_body(scope, receive, 100))
        await USUAL.send(scope, send)

    async def next(self) -> Prompt:
        async with asyncio.timeout(20):
            await self.came.wait()
        self.came.clear()
        return self.begun[-1][0]


class Served:
    def __init__(self, door: Door, server: QuietServer, port: int) -> None:
        self.door, self.server, self.port = door, server, port


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    door, listening = Door(), listen("127.0.0.1", 0)
    reception = Reception()
    reception.open(door)
    server = server_for(reception)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    await server.listening.wait()
    yield Served(door, server, listening.getsockname()[1])
    server.should_exit = True
    async with asyncio.timeout(20):
        await task
    listening.close()


Caller = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def caller(served: Served) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    yield reader, writer
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Return whose answer it is, and what it says of the connection."""
    async with asyncio.timeout(20):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.splitlines() if line.startswith("content-length:"))
        body = await reader.readexactly(length)
    assert head.startswith("HTTP/1.1 202 Accepted\r\n")
    assert "x-content-type-options: nosniff" in head
    return body.decode(), "close" if "connection: close" in head else "kept"


async def _look_around() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_it_is_answered_and_the_connection_serves_the_next(served: Served, caller: Caller) -> None:
    reader, writer = caller
    for _ in range(3):
        writer.write(SMALL)
        PROMPT.send_promptly(await served.door.next())
        assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    assert [body for _, body in served.door.begun] == [b"hello"] * 3
    assert (served.door.served, served.server.server_state.total_requests) == ([], 3)


async def test_what_it_leaves_is_served_as_ever_with_its_body(served: Served, caller: Caller) -> None:
    reader, writer = caller
    writer.write(SMALL)
    (await served.door.next()).leave_to()
    assert await _answer(reader) == ('{"by":"usual"}', "kept")
    for path in (b"others", b"broken"):
        writer.write(HEAD % (path, b"") + b"hello")
        assert await _answer(reader) == ('{"by":"usual"}', "kept")
    assert served.door.served == [b"hello"] * 3


async def test_several_that_were_sent_without_waiting_are_answered_in_turn(
    served: Served, caller: Caller
) -> None:
    reader, writer = caller
    writer.write(SMALL + b"GET /others HTTP/1.1\r\nhost: bot\r\n\r\n" + SMALL)
    PROMPT.send_promptly(await served.door.next())
    assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    for _ in range(2):  # whoever stands in a line is served as ever
        assert await _answer(reader) == ('{"by":"usual"}', "kept")
    assert (served.door.asked, served.door.served) == (
        [("GET", "/others"), ("POST", "/events")],
        [b"", b"hello"],
    )
    writer.write(SMALL)
    PROMPT.send_promptly(await served.door.next())
    assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    assert served.server.server_state.total_requests == 4


async def test_what_it_leaves_while_others_wait_behind_it_is_served_before_them(
    served: Served, caller: Caller
) -> None:
    reader, writer = caller
    writer.write(SMALL + b"GET /others HTTP/1.1\r\nhost: b")
    request = await served.door.next()
    writer.write(b"ot\r\n\r\n")
    await _look_around()
    request.leave_to()
    for _ in range(2):
        assert await _answer(reader) == ('{"by":"usual"}', "kept")
    assert served.door.asked == [("POST", "/events"), ("GET", "/others")]
    assert served.door.served == [b"hello", b""]


async def test_nothing_of_a_request_that_breaks_off_in_nonsense_is_begun_with(
    served: Served, caller: Caller
) -> None:
    reader, writer = caller
    writer.write(b"POST /events HTTP/1.1\r\nhost: bot\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n")
    async with asyncio.timeout(20):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    assert (served.door.begun, served.door.served, served.server.server_state.tasks) == ([], [], set())


async def test_a_body_in_many_parts_is_put_together(served: Served, caller: Caller) -> None:
    reader, writer = caller
    head = b"POST /events HTTP/1.1\r\nhost: bot\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write(head + b"".join(b"1\r\n%c\r\n" % letter for letter in b"hello") + b"0\r\n\r\n")
    PROMPT.send_promptly(await served.door.next())
    assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    assert served.door.begun[0][1] == b"hello"


async def test_a_connection_rests_as_long_as_after_any_answer_and_is_closed_then(
    served: Served, caller: Caller
) -> None:
    reader, writer = caller
    served.server.config.timeout_keep_alive = 0.2  # type: ignore[assignment]
    hasty_reader, hasty = await asyncio.open_connection("127.0.0.1", served.port)
    began = asyncio.get_running_loop().time()
    for path in (b"events", b"others", b"events"):
        hasty.write(HEAD % (path, b"") + b"hello")
        if path == b"events":
            PROMPT.send_promptly(await served.door.next())
        await _answer(hasty_reader)
    async with asyncio.timeout(20):
        assert await hasty_reader.read() == b""
    assert asyncio.get_running_loop().time() - began >= 0.2
    writer.write(SMALL)  # whose server was not as hasty when it came
    PROMPT.send_promptly(await served.door.next())
    assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    hasty.close()


async def test_a_connection_whose_answer_takes_long_does_not_count_as_resting(served: Served) -> None:
    served.server.config.timeout_keep_alive = 0.05  # type: ignore[assignment]
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(SMALL)
    PROMPT.send_promptly(await served.door.next())
    await _answer(reader)
    writer.write(SMALL)
    request = await served.door.next()
    loop = asyncio.get_running_loop()
    until = loop.create_future()
    loop.call_later(0.12, until.set_result, None)
    await until
    PROMPT.send_promptly(request)
    assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_rests_is_closed_with_the_doors(served: Served, caller: Caller) -> None:
    reader, writer = caller
    writer.write(SMALL)
    PROMPT.send_promptly(await served.door.next())
    assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    await served.server.close_doors()
    async with asyncio.timeout(0.9):  # and is given none of the time that a caller has who said nothing yet
        assert await reader.read() == b""


@pytest.mark.parametrize("cut", [20, len(SMALL) - 5, len(SMALL) - 1])
async def test_one_that_comes_in_pieces_is_served_as_ever(served: Served, caller: Caller, cut: int) -> None:
    reader, writer = caller
    writer.write(SMALL[:cut])
    await _look_around()  # the server reads the first piece on this loop before the second is sent
    writer.write(SMALL[cut:])
    if cut < SMALL.index(b"\r\n\r\n"):  # nothing is begun with before the head is whole
        PROMPT.send_promptly(await served.door.next())
        assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    else:
        assert await _answer(reader) == ('{"by":"usual"}', "kept")


async def test_who_wants_to_hang_up_afterwards_is_served_as_ever(served: Served, caller: Caller) -> None:
    reader, writer = caller
    writer.write(HEAD % (b"events", b"connection: close\r\n") + b"hello")
    assert await _answer(reader) == ('{"by":"usual"}', "close")
    assert await reader.read() == b""


async def test_what_is_under_way_when_the_doors_close_is_answered_and_the_connection_closed(
    served: Served, caller: Caller
) -> None:
    reader, writer = caller
    writer.write(SMALL)
    request = await served.door.next()
    await served.server.close_doors()
    await _look_around()
    PROMPT.send_promptly(request)
    assert await _answer(reader) == ('{"by":"promptly"}', "close")
    assert await reader.read() == b""


async def test_who_hung_up_meanwhile_disturbs_nobody(served: Served, caller: Caller) -> None:
    _, writer = caller
    writer.write(SMALL)
    request = await served.door.next()
    writer.close()
    async with asyncio.timeout(20):
        while served.server.server_state.connections:
            await asyncio.sleep(0)
    PROMPT.send_promptly(request)
    async with asyncio.timeout(20):
        while served.server.server_state.tasks:
            await asyncio.sleep(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(SMALL)
    PROMPT.send_promptly(await served.door.next())
    assert await _answer(reader) == ('{"by":"promptly"}', "kept")
    writer.close()
