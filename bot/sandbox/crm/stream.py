"""What happens in the CRM, told live to the pages that are open (Server-Sent Events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from pydantic import JsonValue
from starlette.responses import StreamingResponse

_KEEP_ALIVE_S = 15.0
_BACKLOG = 1000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Told = tuple[str, JsonValue]


class Feed:
    """Hands what is published to every subscriber; one that falls far behind is cut off."""

    def __init__(self) -> None:
        self._subscribers: set[asyncio.Queue[Told | None]] = set()

    def publish(self, name: str, data: JsonValue) -> None:
        """Tell every open page; never waits."""
        for queue in tuple(self._subscribers):
            if queue.qsize() >= _BACKLOG:
                self._cut(queue)
            else:
                queue.put_nowait((name, data))

    def close(self) -> None:
        """End every open stream, so that the server can stop."""
        for queue in tuple(self._subscribers):
            self._cut(queue)

    def response(self) -> StreamingResponse:
        """A stream of everything published from now on."""
        queue: asyncio.Queue[Told | None] = asyncio.Queue()
        self._subscribers.add(queue)
        return StreamingResponse(self._lines(queue), media_type="text/event-stream", headers=_HEADERS)

    def _cut(self, queue: asyncio.Queue[Told | None]) -> None:
        self._subscribers.discard(queue)
        queue.put_nowait(None)

    async def _lines(self, queue: asyncio.Queue[Told | None]) -> AsyncIterator[str]:
        try:
            yield ": connected\n\n"
            while True:
                try:
                    told = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if told is None:
                    return
                yield f"event: {told[0]}\ndata: {json.dumps(told[1], ensure_ascii=False)}\n\n"
        finally:
            self._subscribers.discard(queue)
