"""How many generated cases a property is tried with."""

from __future__ import annotations

import os

MORE = int(os.environ.get("COUNTERSIGN_TEST_EXAMPLES", "1"))
"""1 tries the same cases at every run; more tries so many times as many, chosen anew."""


def examples(usual: int) -> int:
    """Return how many cases to try where *usual* tell what there is to tell on an ordinary day."""
    return usual * MORE
