"""`countersign healthy`: exit code 0 when the service here answers; for health checks of containers."""

from __future__ import annotations

import argparse
import os
import urllib.request

TIMEOUT_S = 4.0


def run(_options: argparse.Namespace) -> int:
    """Ask the service that listens on the configured port whether it lives."""
    port = int(os.environ.get("COUNTERSIGN_PORT") or 8080)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_S) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, ValueError):
        return 1
