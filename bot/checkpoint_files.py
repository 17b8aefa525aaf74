"""Checkpoints in files outside of the database: a folder of them, or one file that grows."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from bot.settings import Settings
from storage.checkpoints import Checkpoint
from storage.database import Database
from storage.merkle import KnownRoot
from storage.signed_note import NoteInvalidError, SignedNote, TreeHead, VerifierKey, notes_in

KEYS = "vkeys.txt"
SUFFIX = ".checkpoint"


def checkpoint_places(settings: Settings) -> tuple[Path, ...]:
    """Return where checkpoints are kept; beside an embedded database when nothing else is said."""
    named = tuple(Path(each.strip()) for each in settings.checkpoint_paths.split(",") if each.strip())
    url = make_url(settings.database_url)
    if named or url.get_backend_name() != "sqlite" or not url.database:
        return named
    return (Path(url.database).with_suffix(".checkpoints"),)


class CheckpointFiles:
    """Keeps checkpoints in folders, or in files when a path ends with a suffix like .txt.

    What was written once is never written over: a folder that several installations share, or that only
    takes new files, is the best place.
    """

    def __init__(self, places: Iterable[Path]) -> None:
        self._places = tuple(places)

    async def keep(self, size: int, note: str, vkeys: str) -> tuple[str, ...]:
        """Write *note* everywhere; return the places that failed."""
        return await asyncio.to_thread(self._keep, size, note, vkeys)

    async def roots(self, keys: tuple[VerifierKey, ...]) -> tuple[KnownRoot, ...]:
        """Read every place that can be read."""
        return await asyncio.to_thread(self._roots, keys)

    def _roots(self, keys: tuple[VerifierKey, ...]) -> tuple[KnownRoot, ...]:
        found: set[KnownRoot] = set()
        for place in self._places:
            with contextlib.suppress(OSError, NoteInvalidError):
                heads = signed_heads([place], keys) if place.exists() else []
                found.update(KnownRoot(head.size, head.root) for _, head in heads)
        return tuple(found)

    def _keep(self, size: int, note: str, vkeys: str) -> tuple[str, ...]:
        failed = []
        for place in self._places:
            try:
                _write(place, size, note, vkeys)
            except OSError:
                failed.append(str(place))
        return tuple(failed)


def _write(place: Path, size: int, note: str, vkeys: str) -> None:
    if is_file_place(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        known = place.read_text(encoding="utf-8") if place.exists() else ""
        if note not in known:
            _append(place, f"{note}\n")
        _merge_keys(place.with_name(KEYS), vkeys)
        return
    place.mkdir(parents=True, exist_ok=True)
    _keep_in(place, f"{size:012d}", note)
    _merge_keys(place / KEYS, vkeys)


def _keep_in(folder: Path, name: str, note: str) -> None:
    """Write the note; beside another over as many entries, as after a restored back-up, never over it."""
    known = [path.read_text(encoding="utf-8") for path in folder.glob(f"{name}*{SUFFIX}")]
    if note not in known:
        ending = f"-{hashlib.sha256(note.encode()).hexdigest()[:8]}" if known else ""
        with contextlib.suppress(FileExistsError):
            _create(folder / f"{name}{ending}{SUFFIX}", note)


def is_file_place(place: Path) -> bool:
    """Say whether a place is one file that grows, and not a folder."""
    return place.is_file() or (bool(place.suffix) and place.suffix != ".checkpoints" and not place.is_dir())


def _create(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _merge_keys(path: Path, vkeys: str) -> None:
    """Add keys that are not in the file yet: those of earlier years must stay."""
    known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    new = [line for line in vkeys.splitlines() if line not in known]
    if new:
        _append(path, "".join(f"{line}\n" for line in new))


@dataclass(frozen=True, slots=True)
class Outside:
    """What was found outside of the database: checkpoint notes with where they lie, and keys."""

    notes: tuple[tuple[str, str], ...]
    keys: tuple[VerifierKey, ...]


def read_outside(places: Iterable[Path]) -> Outside:
    """Read notes and keys from folders and files; raises OSError, NoteInvalidError."""
    notes: list[tuple[str, str]] = []
    keys: list[VerifierKey] = []
    for place in places:
        files = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else [place]
        for file in files:
            notes += [(str(file), note) for note in notes_in(file.read_text(encoding="utf-8"))]
        vkeys = (place if place.is_dir() else place.parent) / KEYS
        if vkeys.exists():
            lines = vkeys.read_text(encoding="utf-8").splitlines()
            keys += [VerifierKey.parse(line) for line in lines if line.strip()]
    return Outside(tuple(notes), tuple(dict.fromkeys(keys)))


def signed_heads(places: Iterable[Path], keys: Iterable[VerifierKey]) -> list[tuple[str, TreeHead]]:
    """Return the notes in *places* that one of *keys*, or of those beside them, signed, and what they state.

    Raises OSError, NoteInvalidError.
    """
    outside = read_outside(places)
    known = (*keys, *outside.keys)
    heads = ((note, head_of(note, known)) for _, note in outside.notes)
    return [(note, head) for note, head in heads if head]


async def keep_elsewhere(database: Database, settings: Settings, signed: Checkpoint) -> tuple[str, ...]:
    """Write a checkpoint that was signed at the command line to every place; return those that failed."""
    keys = await database.read(lambda tx: tx.checkpoints.signing_keys())
    vkeys = "".join(f"{each.key}\n" for each in keys)
    return await CheckpointFiles(checkpoint_places(settings)).keep(signed.size, signed.note, vkeys)


def head_of(note: str, keys: Iterable[VerifierKey]) -> TreeHead | None:
    """Return what a checkpoint states if one of *keys* signed it; None otherwise."""
    try:
        signed = SignedNote.parse(note)
        return TreeHead.parse(signed.text) if signed.signers(keys) else None
    except NoteInvalidError:
        return None
