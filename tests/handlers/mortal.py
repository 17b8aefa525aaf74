"""A worker that may die at any breath, before it asks a neighbour or before it hears the answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class PlugPulled(BaseException):
    """The worker is gone, without any farewell."""


@dataclass
class Pulse:
    """How many more times the worker breathes: once before, and once after, everything it waits for."""

    left: int | None = None

    def beat(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            raise PlugPulled


class Mortal:
    """A neighbour of a worker that may die before it is asked, or before its answer is heard."""

    def __init__(self, neighbour: Any, pulse: Pulse) -> None:
        self._neighbour, self._pulse = neighbour, pulse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked: Callable[..., Any] = getattr(self._neighbour, name)
        if not inspect.iscoroutinefunction(asked):
            return asked  # reckoned here, without asking anybody

        async def ask(*given: Any, **named: Any) -> Any:
            self._pulse.beat()
            answer = await asked(*given, **named)
            self._pulse.beat()
            return answer

        return ask
