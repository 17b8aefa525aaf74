"""Ports for servers that listen later than they are named: nobody else is given one meanwhile."""

from __future__ import annotations

import fcntl
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from socket import socket
from tempfile import gettempdir

FIRST, LAST = 20_000, 32_000
"""Below what the system hands to outgoing connections: those would take a port in the moment before a slow
server binds it."""

_next: Iterator[int] = itertools.count(os.getpid())


def free_port() -> int:
    """Return a port that nobody listens on and that no other call, in any process, is given meanwhile."""
    for number in itertools.islice(_next, LAST - FIRST):
        port = FIRST + number % (LAST - FIRST)
        if _reserved(port):
            return port
    raise RuntimeError("every port is taken")


def _reserved(port: int) -> bool:
    """Take the lock of a port; it goes with the process, however that ends, and is never let go before."""
    folder = Path(gettempdir()) / f"countersign-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / str(port), os.O_WRONLY | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        os.close(lock)
        return False
    return True
