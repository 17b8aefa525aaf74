"""Where published events go."""

from __future__ import annotations

from typing import Protocol


class EventStream(Protocol):
    """Where published CloudEvents go."""

    async def publish(self, event: str) -> None:
        """Append one CloudEvent, given as JSON; raises Unavailable."""
        ...
