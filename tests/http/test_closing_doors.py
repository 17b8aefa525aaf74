"""When the doors close, whoever has come through is still served, and nobody else gets in."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from bot.cli.running import listen, server_for
from bot.http.asgi import answer

REQUEST = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await answer(send, 200, {"status": "ok"})


async def _asked(connection: socket.socket) -> bytes:
    """Send a request and return all that comes until the server hangs up."""
    loop, found = asyncio.get_running_loop(), b""
    connection.setblocking(False)
    await loop.sock_sendall(connection, REQUEST)
    while piece := await loop.sock_recv(connection, 4096):
        found += piece
    connection.close()
    return found


async def test_whoever_is_through_the_door_when_it_closes_is_served() -> None:
    listening = listen("127.0.0.1", 0)
    address = listening.getsockname()
    server = server_for(_app)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await server.listening.wait()
    silent = socket.create_connection(address)
    while not server.server_state.connections:
        await asyncio.sleep(0)
    knocking = [socket.create_connection(address) for _ in range(3)]  # nobody has let them in yet
    closing = asyncio.create_task(server.shutdown([listening]))
    answers = await asyncio.gather(*(_asked(each) for each in (silent, *knocking)))
    assert [each.split(b"\r\n")[0] for each in answers] == [b"HTTP/1.1 200 OK"] * 4
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    await closing
    server.should_exit = True
    await serving


@pytest.mark.parametrize("before", [0, 10])
async def test_what_is_sent_over_a_kept_connection_while_the_doors_close_is_answered(before: int) -> None:
    listening = listen("127.0.0.1", 0)
    server = server_for(_app)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await server.listening.wait()
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    writer.write(REQUEST)
    await reader.readuntil(b"}")
    writer.write(REQUEST[:before])
    await server.close_doors()
    writer.write(REQUEST[before:])
    async with asyncio.timeout(20):
        answer_and_end = await reader.read()
    assert answer_and_end.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answer_and_end
    writer.close()
    await serving
