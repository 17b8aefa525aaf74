"""A small file system of our own, to be filled until nothing fits any more."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOM = "400m"
_PIECE = 65_536
_SEVERAL_NAMESPACES = 0x00020000  # CLONE_NEWNS


@dataclass
class Disk:
    """What lies in *folder*; *is_small* tells that it can be filled, for which one has to be root."""

    folder: Path
    is_small: bool

    @property
    def filler(self) -> Path:
        return self.folder / "filler"

    def fill(self, leave: int) -> None:
        """Use up the disk but for *leave* bytes."""
        with self.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):  # full before that
            while (room := shutil.disk_usage(self.folder).free - leave) > 0:
                file.write(bytes(min(room, _PIECE)))

    def make_room(self) -> None:
        """Free what was used up."""
        self.filler.unlink(missing_ok=True)


@contextmanager
def own_disk(folder: Path) -> Iterator[Disk]:
    """Make *folder*, as a file system that goes with this process where we may."""
    folder.mkdir()
    disk = Disk(folder, _is_mounted(folder))
    try:
        yield disk
    finally:
        if disk.is_small:
            subprocess.run(["umount", "-l", str(folder)], check=False, stderr=subprocess.DEVNULL)


def _is_mounted(folder: Path) -> bool:
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(_SEVERAL_NAMESPACES) != 0:
        return False
    commands = (
        ("mount", "--make-rprivate", "/"),
        ("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)),
    )
    return all(
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
        for command in commands
    )
