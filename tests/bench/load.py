"""Load over kept-alive HTTP/1.1 connections, with requests that were made and signed beforehand."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
        head, end, body = self._arrived.partition(b"\r\n\r\n")
        if not end or self._answered is None:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(body) < length:
            return
        self._arrived.clear()
        if head.startswith(b"HTTP/1.1 2"):
            self._answered.set_result(bytes(body))
        else:
            shown = body[:200].decode(errors="replace")
            self._answered.set_exception(Failed(f"{head.splitlines()[0].decode()}: {shown}"))

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
    waiting = iter(requests)
    latencies: list[float] = []
    refused = 0
    connections = [await Connection.open(port) for _ in range(clients)]
    with closing_all(connections), no_collection():
        began = perf_counter()

        async def work(connection: Connection) -> None:
            nonlocal refused
            for request in waiting:
                sent = perf_counter()
                try:
                    await connection.ask(request)
                    latencies.append(perf_counter() - sent)
                except Failed:
                    if not may_refuse:
                        raise
                    refused += 1
                if perf_counter() - began > seconds:
                    return

        async with asyncio.TaskGroup() as tasks:
            for connection in connections:
                tasks.create_task(work(connection))
        took = perf_counter() - began
    return Run(tuple(latencies), took, refused)


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
def closing_all(connections: Sequence[Connection]) -> Iterator[None]:
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
