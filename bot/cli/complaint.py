"""How a command says that it cannot go on."""

from __future__ import annotations

import sys


def complain(sentence: str) -> int:
    """Say in one sentence on standard error why a command cannot go on; return the exit code for it."""
    print(sentence, file=sys.stderr)
    return 1
