"""The list of erasures, kept beside the checkpoints: it outlives the database and every back-up of it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.checkpoint_files import checkpoint_places, is_file_place
from bot.settings import Settings
from handlers.context import Arrived
from handlers.record.erase_again import ErasedAgain, erase_again, owed
from handlers.record.erase_donor import ErasureLine
from storage.database import Database
from storage.vacuum import vacuum

log = logging.getLogger(__name__)

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


async def erase_restored(kept: ErasureList, database: Database, arrived: Arrived) -> ErasedAgain:
    """Erase again whoever a restored back-up brought back; does nothing where everything was done."""
    lines = kept.lines()
    if not lines or not await _any_owed(database, lines):
        return ErasedAgain()
    return await database.write(lambda tx: erase_again(tx, arrived, lines))


async def erase_restored_at_start(settings: Settings, database: Database, arrived: Arrived) -> None:
    """Do so before anybody is served, and give the freed pages back.

    The service starts whatever comes of it: the log says what is left, and `countersign doctor` does too.
    """
    try:
        done = await erase_restored(erasure_list(settings), database, arrived)
    except (OSError, ValueError):
        log.error("the list of erasures cannot be read; see countersign doctor")  # noqa: TRY400 - in words
        return
    if done.waiting:
        log.error("erased donors are back from a back-up and must wait", extra={"count": len(done.waiting)})
    if done.erased:
        log.warning("erased again after a back-up was restored", extra={"count": done.erased})
        if database.is_sqlite:
            await asyncio.to_thread(vacuum, settings.database_url)


async def _any_owed(database: Database, lines: Sequence[ErasureLine]) -> bool:
    return bool(await database.read(lambda tx: owed(tx, lines)))


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
