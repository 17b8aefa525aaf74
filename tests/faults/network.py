"""A wire between two parts that can be cut in every way in which real ones are cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

State = Literal["whole", "refused", "stalled", "without answers", "without requests"]
_PIECE = 65536


@dataclass
class Wire:
    """Carries bytes to *port* on this machine; *state* says what becomes of them at the moment.

    Whole: they pass. Refused: connections are reset and no new one is made. Stalled: connections stay and are
    made, and nothing passes in either direction, as when a cable is pulled. Without answers or without
    requests: it is as stalled, but in one direction only, and what is sent in the other arrives.
    """

    port: int
    listening: int = 0
    state: State = "whole"
    _passing: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _carrying: set[asyncio.Task[None]] = field(default_factory=set)

    def stall(self) -> None:
        """Let nothing pass, and tell nobody."""
        self.state = "stalled"
        self._passing.clear()

    def lose_answers(self) -> None:
        """Let requests through, and hold back what is answered."""
        self.state = "without answers"
        self._passing.clear()

    def lose_requests(self) -> None:
        """Let answers to what was asked before through, and nothing else."""
        self.state = "without requests"
        self._passing.clear()

    def refuse(self) -> None:
        """Reset what is connected, and let nobody connect."""
        self.state = "refused"
        self.reset()

    def reset(self) -> None:
        """Reset what is connected; who connects again is served."""
        for end in tuple(self._ends):
            end.transport.abort()

    def close_halves(self) -> None:
        """Send no more from here on to either end, and go on listening to both."""
        for end in tuple(self._ends):
            with contextlib.suppress(OSError, RuntimeError):
                end.write_eof()

    def mend(self) -> None:
        """Carry again; what had stalled goes on where it stood."""
        self.state = "whole"
        self._passing.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self.state == "refused":
            writer.transport.abort()
            return
        self._ends.add(writer)
        task = asyncio.current_task()
        assert task
        self._carrying.add(task)
        try:
            if self.state == "stalled":
                await self._passing.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
            self._ends.add(far_writer)
            try:
                await asyncio.gather(
                    self._pass(reader, far_writer, "without answers"),
                    self._pass(far_reader, writer, "without requests"),
                )
            finally:
                self._ends.discard(far_writer)
                far_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # cut, or over
        finally:
            self._ends.discard(writer)
            self._carrying.discard(task)
            writer.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_while: State
    ) -> None:
        """Carry one direction; unlike the other one it is open in the state *open_while*."""
        while piece := await reader.read(_PIECE):
            if self.state != open_while:
                await self._passing.wait()
            try:
                writer.write(piece)
            except RuntimeError:  # this half was closed
                return
            await writer.drain()
        if writer.can_write_eof() and not writer.is_closing():
            writer.write_eof()

    async def end(self) -> None:
        """Drop everything."""
        for task in tuple(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    """Lay a wire to *port*; connect to its *listening* port instead."""
    wire = Wire(port)
    wire.mend()
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.listening = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        await wire.end()
