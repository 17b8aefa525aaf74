"""Identifiers that sort by when they were made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from storage.columns import microseconds

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_LENGTH = 26


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

    def new(self) -> str:
        """Return the next identifier."""
        milliseconds = microseconds(self._clock()) // 1000
        fresh = milliseconds << _RANDOM_BITS | int.from_bytes(self._entropy(_RANDOM_BITS // 8), "big")
        with self._lock:
            same_or_earlier = milliseconds <= self._last >> _RANDOM_BITS
            self._last = self._last + 1 if same_or_earlier else fresh
            return _spell(self._last)


def _spell(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
