"""The tools that measure: a plain server that refuses is counted, ours ends the run, and ports stay ours."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from tests.bench.load import Failed, Run, closed_loop, open_loop, post
from tests.ports import FIRST, LAST, free_port

REQUESTS = [post("/x", {}, b"%d" % number) for number in range(12)]
ROOT = Path(__file__).parents[2]


class Overwhelmed(asyncio.Protocol):
    """A server that answers every third request with 404, as one does that is out of its depth."""

    seen = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        assert data in REQUESTS, "each comes in one piece, and waits for its answer"
        Overwhelmed.seen += 1
        status = b"404 Not Found" if Overwhelmed.seen % 3 == 0 else b"200 OK"
        self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\n{}" % status)


@asynccontextmanager
async def _overwhelmed() -> AsyncIterator[int]:
    Overwhelmed.seen = 0
    server = await asyncio.get_running_loop().create_server(Overwhelmed, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _closed(port: int, *, may_refuse: bool) -> Run:
    return await closed_loop(port, REQUESTS, clients=1, seconds=60, may_refuse=may_refuse)


async def _open(port: int, *, may_refuse: bool) -> Run:
    return await open_loop(port, REQUESTS, per_second=10_000, may_refuse=may_refuse)


@pytest.mark.parametrize("loop", [_closed, _open])
async def test_refusals_are_counted_where_there_may_be_some_and_end_the_run_elsewhere(loop: object) -> None:
    assert callable(loop)
    async with _overwhelmed() as port:
        run = await loop(port, may_refuse=True)
    assert (run.refused, len(run.latencies)) == (4, 8)
    async with _overwhelmed() as port:
        with pytest.raises(ExceptionGroup) as ended:
            await loop(port, may_refuse=False)
    assert {type(each) for each in ended.value.exceptions} <= {Failed}


def test_a_port_is_given_once_whoever_asks() -> None:
    """And never one that the system would hand to an outgoing connection meanwhile."""
    here = {free_port() for _ in range(20)}
    program = (
        "from tests.ports import free_port; import os; os.getpid(); print(*[free_port() for _ in range(20)])"
    )
    # The same beginning as ours, as when a process id comes again: only the locks tell them apart.
    program = f"import os; os.getpid = lambda: {min(here) - FIRST}; {program}"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    there = {int(each) for each in said.stdout.split()}
    assert (len(here), len(there), here & there) == (20, 20, set())
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(here | there) < LAST < lowest
