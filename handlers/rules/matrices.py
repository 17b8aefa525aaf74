"""The lifecycle matrix of each version of the rules, computed once and beside the event loop."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from policy.decide import CompiledPolicy
from policy.matrix import Matrix, lifecycle_matrix

_REMEMBERED = 8


class Matrices:
    """Remembers the matrices asked for last; whoever asks for one under way waits for it."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, int], Matrix] = OrderedDict()
        self._turn = asyncio.Lock()

    async def of(self, compiled: CompiledPolicy, phase: int) -> Matrix:
        """Return what *compiled* answers in rollout *phase*; a version always answers the same."""
        key = compiled.version, phase
        async with self._turn:
            if key not in self._found:
                self._found[key] = await asyncio.to_thread(lifecycle_matrix, compiled, phase)
            self._found.move_to_end(key)
            while len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
            return self._found[key]
