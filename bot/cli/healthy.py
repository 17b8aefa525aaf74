"""`countersign healthy`: exit code 0 when the service here answers; for health checks of containers."""

from __future__ import annotations

import argparse
import os
import urllib.request

from dotenv import dotenv_values

from bot.cli.complaint import complain

TIMEOUT_S = 4.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what is said of it, not where we listen
"""Where a service is asked that listens at every address of its machine."""


def run(_options: argparse.Namespace) -> int:
    """Ask the service that listens on the configured address whether it lives."""
    address = _address()
    try:
        with urllib.request.urlopen(f"http://{address}/healthz", timeout=TIMEOUT_S) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, ValueError) as error:
        return complain(f"http://{address} does not answer ({type(error).__name__}).")


def _address() -> str:
    """Return where the service listens, without loading all settings: this is asked four times a minute."""
    given = {name.upper(): value for name, value in {**dotenv_values(".env"), **os.environ}.items()}
    host = given.get("COUNTERSIGN_HOST") or "127.0.0.1"
    host = EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return f"{host}:{given.get('COUNTERSIGN_PORT') or 8080}"
