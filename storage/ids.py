"""Identifiers that sort by when they were made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from storage.columns import microseconds

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_RANDOM_BYTES = _RANDOM_BITS // 8
_AT_ONCE = 64
_LENGTH = 26
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS = range(10 * (_LENGTH // 2 - 1), -1, -10)


class IdSource:
    """Makes ULIDs: 26 letters and digits, 48 bits of milliseconds and 80 bits of randomness.

    Identifiers of one source grow strictly, also within a millisecond and when the clock steps back.
    *clock* returns an aware datetime; *entropy* returns that many random bytes. Safe between threads.
    """

    def __init__(self, clock: Callable[[], datetime], entropy: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._entropy = entropy
        self._lock = threading.Lock()
        self._last = 0
        self._store = b""
        self._front = (-1, "")

    def new(self) -> str:
        """Return the next identifier."""
        milliseconds = microseconds(self._clock()) // 1000
        with self._lock:
            if milliseconds <= self._last >> _RANDOM_BITS:  # the same, or the clock stepped back
                self._last += 1
            else:
                self._last = milliseconds << _RANDOM_BITS | self._random()
            return self._spelled(self._last)

    def _spelled(self, number: int) -> str:
        """Spell *number*; of several of one millisecond all but the end is the same."""
        front, end = number >> 10, number & 1023
        if self._front[0] != front:
            self._front = (front, _spell(number)[:-2])
        return self._front[1] + _PAIRS[end]

    def _random(self) -> int:
        """Return 80 random bits; asking for them one by one would let other threads in each time."""
        if not self._store:
            self._store = self._entropy(_RANDOM_BYTES * _AT_ONCE)
        taken, self._store = self._store[:_RANDOM_BYTES], self._store[_RANDOM_BYTES:]
        return int.from_bytes(taken, "big")


def _spell(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
