"""Whether a door refuses everything that looks signed: the secret here is not the one that the sender has."""

from __future__ import annotations

import time
from collections.abc import Callable

SEVERAL = 3
"""So many in a row, and none that fitted: one may be anybody's."""
LATELY_S = 3600.0
"""Whoever was refused longer ago may have given up, and says nothing of how it is now."""


class Refusals:
    """Requests at one door that look as the sender signs them and were signed with another secret.

    *clock* returns seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._last_at = 0.0

    def fits(self) -> None:
        """Forget them: a signature fitted."""
        self._in_a_row = 0

    def refused(self) -> None:
        """Count one more."""
        self._in_a_row += 1
        self._last_at = self._clock()

    @property
    def is_everything(self) -> bool:
        """Say whether several were refused since one fitted, and the last of them lately."""
        return self._in_a_row >= SEVERAL and self._clock() - self._last_at < LATELY_S
