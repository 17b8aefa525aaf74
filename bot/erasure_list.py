"""The list of erasures, kept beside the checkpoints: it outlives the database and every back-up of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.checkpoint_files import checkpoint_places, is_file_place
from bot.settings import Settings
from handlers.record.owed_erasures import ErasureLine

NAME = "erasures.jsonl"


class ListNotWritten(Exception):
    """No place took the line, so nobody is erased; the message says which were tried."""


@dataclass(frozen=True, slots=True)
class ErasureList:
    """The files of the list: each holds every line, and what one lacks the others may have."""

    files: tuple[Path, ...]

    def keep(self, line: ErasureLine) -> None:
        """Append *line* to every file that can be written; raises ListNotWritten when none can."""
        failed = [str(path) for path in self.files if not _appended(path, line)]
        if self.files and len(failed) == len(self.files):
            raise ListNotWritten(
                f"The list of erasures cannot be written to {', '.join(failed)}. Without it a back-up would "
                "bring the donor back, so nothing was erased."
            )

    def lines(self) -> tuple[ErasureLine, ...]:
        """Return every line once, the earliest first. Raises OSError, ValueError."""
        found = {line.id: line for path in self.files if path.exists() for line in _read(path)}
        return tuple(sorted(found.values(), key=lambda line: (line.at, line.id)))


def erasure_list(settings: Settings) -> ErasureList:
    """Return the list that lies beside the checkpoints."""
    places = checkpoint_places(settings)
    files = (place.with_name(NAME) if is_file_place(place) else place / NAME for place in places)
    return ErasureList(tuple(dict.fromkeys(files)))


def _appended(path: Path, line: ErasureLine) -> bool:
    spelled = {"id": line.id, "at": line.at.isoformat(), "mark": line.mark, "by": line.by}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(spelled, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


def _read(path: Path) -> Iterable[ErasureLine]:
    for text in path.read_text(encoding="utf-8").splitlines():
        if text.strip():
            told = json.loads(text)
            yield ErasureLine(told["id"], datetime.fromisoformat(told["at"]), told["mark"], told["by"])
