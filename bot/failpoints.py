"""A testing aid: die at a named point as if the plug had been pulled, to prove that nothing is lost there.

COUNTERSIGN_FAILPOINT names the point, "handled.show_card", or with "#2" the second time it is passed. Without
the variable nothing ever happens; nothing but a test sets it. The points are

    accept.<kind>, accepted.<kind>      before something that arrived is stored, and before anybody is thanked
    claimed.<kind>, handled.<kind>,     before an item of a queue is worked on, when the world may have changed
    settled.<kind>                      but nothing says so yet, and after both are on disk
    crm.sending, crm.answered           around a write to the CRM
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_passed: Counter[str] = Counter()


def hit(point: str) -> None:
    """Die here, without any farewell, if that is what the environment asks for."""
    wanted = os.environ.get("COUNTERSIGN_FAILPOINT")
    if not wanted:
        return
    name, _, time = wanted.partition("#")
    if name != point:
        return
    _passed[point] += 1
    if _passed[point] == int(time or 1):
        os.kill(os.getpid(), signal.SIGKILL)
