"""`python -m tests.bench.busy_demo demo ...`: the demo of an organisation that takes very many cards a day.

With the organisation that is shipped the ninth card of a channel would wait for a list.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bot.cli import demo, main

_shipped = demo._organisation


def _busy(origin: str, data: Path) -> Path:
    path = _shipped(origin, data)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("cards_per_day: 8\n", "cards_per_day: 500\n"), encoding="utf-8")
    return path


if __name__ == "__main__":
    demo._organisation = _busy
    sys.exit(main())
