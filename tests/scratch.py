"""Where tests write: into memory, where the machine has room for it there."""

from __future__ import annotations

import os
import shutil
import tempfile

IN_MEMORY = "/dev/shm"  # noqa: S108 - whoever makes folders there gives them names of their own
ROOM_BYTES = 2 << 30


def write_into_memory() -> None:
    """Have temporary files made in memory, by this process and all that it starts, unless TMPDIR says where.

    Nothing of what tests write has to outlive a power cut, and waiting for a disk at every commit takes a
    quarter of their time. The product still asks for it, and a killed process loses no more than on a disk.
    """
    try:
        room = shutil.disk_usage(IN_MEMORY).free
    except OSError:
        return
    if room >= ROOM_BYTES and os.access(IN_MEMORY, os.W_OK | os.X_OK):
        os.environ.setdefault("TMPDIR", IN_MEMORY)
        tempfile.tempdir = None
