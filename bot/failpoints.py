"""A testing aid: die at a named point as if the plug had been pulled, to prove that nothing is lost there.

COUNTERSIGN_FAILPOINT names the point, "handled.show_card", or with "#2" the second time it is passed. With
"freeze crm.sending" the process does not die there, it stands still until somebody lets it go on. Without the
variable nothing ever happens; nothing but a test sets it. The points are

    accept.<kind>     before something that arrived is stored
    accepted.<kind>   it is stored, and nobody has been thanked yet
    claimed.<kind>    before an item of a queue is worked on
    handled.<kind>    the world outside may have changed, and nothing says so yet
    settled.<kind>    both are on disk
    crm.sending       before a write to the CRM
    crm.answered      the CRM has written, and nothing says so yet
    slack.sending.<method>  before a call of Slack, such as chat.postMessage
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from functools import cache

_FREEZE = "freeze "
_passed: Counter[str] = Counter()


@cache
def _wanted() -> str:
    """Read the environment once: every event and click passes here several times."""
    return os.environ.get("COUNTERSIGN_FAILPOINT", "")


def hit(point: str) -> None:
    """Die or freeze here, without any farewell, if that is what the environment asks for."""
    wanted = _wanted()
    if not wanted:
        return
    name, _, time = wanted.removeprefix(_FREEZE).partition("#")
    if name != point:
        return
    _passed[point] += 1
    if _passed[point] == int(time or 1):
        os.kill(os.getpid(), signal.SIGSTOP if wanted.startswith(_FREEZE) else signal.SIGKILL)
