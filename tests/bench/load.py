"""Load over kept-alive HTTP/1.1 connections, with requests that were made and signed beforehand."""

from __future__ import annotations

import asyncio
import gc
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

HOST = "127.0.0.1"


class Failed(Exception):
    """The server answered something else than success; a figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run: *latencies* in seconds, in the order of the answers; *refused* were no success.

    A refusal counts only where the run was told that there may be some.
    """

    latencies: tuple[float, ...]
    seconds: float
    refused: int = 0

    @property
    def per_second(self) -> float:
        """Return answers per second over the whole run."""
        return len(self.latencies) / self.seconds


class Connection(asyncio.Protocol):
    """One connection that carries one request at a time.

    It reads by hand what every answer here is made of, a head and a body of known length, so that two cores
    measure the server and not the one who asks.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._arrived = bytearray()
        self._answered: asyncio.Future[bytes] | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to a server on this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, HOST, port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so to whoever waits."""
        if self._answered and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        """Take what came; the answer is there when all its body is."""
        self._arrived += data
        if self._answered is None or (body := whole_body(self._arrived)) is None:
            return
        arrived = bytes(self._arrived)
        self._arrived.clear()
        if is_success(arrived):
            self._answered.set_result(body)
        else:
            self._answered.set_exception(failure(arrived, body))

    async def ask(self, request: bytes) -> bytes:
        """Send *request* and return the body; raises Failed unless the answer is 2xx."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    @property
    def is_open(self) -> bool:
        """Say whether the server has not hung up: it does so with whoever was silent for long."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.close()


class Turns(asyncio.Protocol):
    """One connection that sends the next of *waiting* as soon as it has an answer, until it *is_over*.

    What a task and its wake-up cost for each answer would be taken from the server on the same cores.
    """

    def __init__(self, waiting: Iterator[bytes], taken: Taken, is_over: Callable[[float], bool]) -> None:
        self._waiting, self._taken, self._is_over = waiting, taken, is_over
        self._arrived = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so: the run's figures mean nothing then."""
        if not self._done.done():
            self._done.set_exception(exc or ConnectionResetError())

    async def work(self) -> None:
        """Send one after the other; raises Failed."""
        self._send()
        await self._done

    def data_received(self, data: bytes) -> None:
        """Take what came, and send the next when that is all."""
        arrived = self._arrived + data if self._arrived else data
        body = whole_body(arrived)
        if body is None:
            self._arrived = arrived
            return
        now, self._arrived = perf_counter(), b""
        if is_success(arrived):
            self._taken.latencies.append(now - self._sent)
        elif self._taken.may_refuse:
            self._taken.refused += 1
        else:
            self._done.set_exception(failure(arrived, body))
            return
        if self._is_over(now):
            self._end()
        else:
            self._send()

    def close(self) -> None:
        """Hang up."""
        self._end()
        assert self._transport is not None
        self._transport.close()

    def _send(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._end()
            return
        assert self._transport is not None
        self._sent = perf_counter()
        self._transport.write(request)

    def _end(self) -> None:
        if not self._done.done():
            self._done.set_result(None)


@dataclass(slots=True)
class Taken:
    """What the connections of a run have taken together."""

    may_refuse: bool
    latencies: list[float] = field(default_factory=list)
    refused: int = 0


_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


def whole_body(arrived: bytes | bytearray) -> bytes | None:
    """Return the body of an answer that is here as a whole."""
    end = arrived.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = _LENGTH.search(arrived, 0, end + 2)
    body = bytes(arrived[end + 4 :])
    return body if len(body) >= (int(length[1]) if length else 0) else None


def is_success(arrived: bytes) -> bool:
    """Say whether an answer is a success."""
    return arrived.startswith(b"HTTP/1.1 2")


def failure(arrived: bytes, body: bytes) -> Failed:
    """Return what is wrong with an answer that is none."""
    return Failed(f"{arrived.splitlines()[0].decode()}: {body[:200].decode(errors='replace')}")


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Return a POST request as it goes over the wire."""
    sent = {"Host": HOST, "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def closed_loop(
    port: int, requests: Sequence[bytes], *, clients: int, seconds: float, may_refuse: bool = False
) -> Run:
    """Let *clients* each send the next request as soon as they have an answer.

    One that *may_refuse* is asked on; of any other a refusal ends the run, since its figures mean nothing.
    """
    loop, waiting, taken = asyncio.get_running_loop(), iter(requests), Taken(may_refuse)
    until = math.inf

    def is_over(now: float) -> bool:
        return now > until

    opened = [
        await loop.create_connection(lambda: Turns(waiting, taken, is_over), HOST, port)
        for _ in range(clients)
    ]
    connections = [connection for _, connection in opened]
    with closing_all(connections), no_collection():
        began = perf_counter()
        until = began + seconds
        async with asyncio.TaskGroup() as tasks:
            for connection in connections:
                tasks.create_task(connection.work())
        took = perf_counter() - began
    return Run(tuple(taken.latencies), took, taken.refused)


async def open_loop(
    port: int, requests: Sequence[bytes], *, per_second: float, may_refuse: bool = False
) -> Run:
    """Send at a steady rate whether or not answers come; refusals as in a closed loop.

    Latency counts from the moment at which a request was due, so neither a slow server nor a late client
    hides behind requests that were never sent.
    """
    free = [await Connection.open(port) for _ in range(16)]
    opened = [*free]
    latencies: list[float] = []
    refused = 0
    with closing_all(opened), no_collection():
        began = perf_counter() + 0.05

        async def work(request: bytes, due: float) -> None:
            nonlocal refused
            connection = free.pop() if free else None
            if connection is None or not connection.is_open:
                connection = await Connection.open(port)
                opened.append(connection)
            try:
                await connection.ask(request)
                latencies.append(perf_counter() - due)
            except Failed:
                if not may_refuse:
                    raise
                refused += 1
            free.append(connection)

        async with asyncio.TaskGroup() as tasks:
            for number, request in enumerate(requests):
                due = began + number / per_second
                await asyncio.sleep(max(0.0, due - perf_counter()))
                tasks.create_task(work(request, due))
        took = perf_counter() - began
    return Run(tuple(latencies), took, refused)


@contextmanager
def closing_all(connections: Sequence[Connection | Turns]) -> Iterator[None]:
    """Hang up every connection in the end, also when a refusal ends the run."""
    try:
        yield
    finally:
        for connection in connections:
            connection.close()


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the measuring process from collecting garbage while it measures."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
