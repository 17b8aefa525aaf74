"""One answer for everybody who asks in the same moment: asking often costs no more than once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Hands out what *ask* answered to whoever wants to know within *span_s* seconds of its being asked.

    Whoever comes while it is being asked waits for that answer; a failure is shared as well.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[T]], span_s: float, now: Callable[[], float] = monotonic
    ) -> None:
        self._ask, self._span_s, self._now = ask, span_s, now
        self._asked_at = 0.0
        self._answer: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """Return the answer of this moment."""
        now = self._now()
        if self._answer is None or (self._answer.done() and now - self._asked_at >= self._span_s):
            self._asked_at, self._answer = now, asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._answer)
