"""Chromium for the tests: where it is, and how it is started so that a short test costs little."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Everything on the pages is ours: what Chromium keeps apart in processes of their own, one for every tab
    # and more in reserve, takes longer to start than most tests take.
    "--in-process-gpu",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Return where the browser is, or None."""
    given = os.environ.get("COUNTERSIGN_CHROMIUM")
    found = given or next((path for name in NAMES if (path := shutil.which(name))), None)
    return found if found and Path(found).exists() else None
