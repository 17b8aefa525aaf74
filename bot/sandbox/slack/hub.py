"""Server-sent events for the pages: one stream per open page, each seeing what its persona may see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field

from bot.sandbox.slack.shapes import Json

_BEAT_SECONDS = 15.0


@dataclass(eq=False, slots=True)
class _Listener:
    viewer: str
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)


class Hub:
    """Hands events to the listening pages; nothing is kept for pages that are not listening."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._closed = False

    def publish(
        self, event: str, render: Callable[[str], Json], audience: Collection[str] | None = None
    ) -> None:
        """Send *event* to the pages of the personas in *audience* (None: all), rendered per persona."""
        for listener in list(self._listeners):
            if audience is None or listener.viewer in audience:
                listener.queue.put_nowait(_frame(event, render(listener.viewer)))

    async def listen(self, viewer: str) -> AsyncIterator[str]:
        """The frames for one page until it goes away or the server stops; a comment keeps idle lines open."""
        listener = _Listener(viewer)
        self._listeners.add(listener)
        try:
            yield "retry: 1000\n\n"
            while not self._closed:
                try:
                    frame = await asyncio.wait_for(listener.queue.get(), _BEAT_SECONDS)
                except TimeoutError:
                    frame = ": still here\n\n"
                if frame is None:
                    return
                yield frame
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for listener in self._listeners:
            listener.queue.put_nowait(None)


def _frame(event: str, data: Json) -> str:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
