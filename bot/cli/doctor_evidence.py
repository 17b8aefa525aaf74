"""What `countersign doctor` looks at of the evidence: checkpoints, keys, daily checks, erasures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url

from bot.checkpoint_files import checkpoint_places, is_file_place, read_outside, signed_heads
from bot.cli.finding import Finding, bad, good, warning
from bot.cli.opening import CannotOpen, opened
from bot.erasure_list import ErasureList, erasure_list
from bot.settings import Settings
from handlers.record.last_checks import LastChecks, last_checks
from handlers.record.owed_erasures import ErasureLine, owed
from policy.organisation import Organisation
from storage.checkpoints import Checkpoint, SigningKey
from storage.merkle import KnownRoot
from storage.removals import DeclaredRestore
from storage.signed_note import NoteInvalidError, SignedNote, TreeHead
from storage.transaction import Transaction

ENOUGH_PLACES = 2
LATE = 3
"""So many times the usual pause without a checkpoint is too long."""
KEY_YEARS = timedelta(days=365)
CHECKED_WITHIN = timedelta(days=2)

ELSEWHERE = (
    "Whoever owns the database could rewrite what nothing else vouches for. Name folders or files on another "
    "machine in COUNTERSIGN_CHECKPOINT_PATHS, or a checkpoint_channel in the organisation file."
)
RESTORED = (
    "Somebody cut it off, or a back-up was restored. Run: countersign audit verify; if it was a restore, say "
    "so: countersign audit declare-restore --by EMAIL --reason TEXT"
)
ROTATE = "Replace it: countersign audit keys rotate --by EMAIL."
IS_IT_RUNNING = "Is the service running? To sign now: countersign audit checkpoint."


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the database knows of it."""

    latest: Checkpoint | None
    keys: list[SigningKey]
    checks: LastChecks
    owed: int
    unlisted: int
    size: int = 0
    lost: tuple[DeclaredRestore, ...] = ()


async def evidence(settings: Settings, organisation: Organisation | None, now: datetime) -> list[Finding]:
    """Look at everything; without a database only at the places."""
    kept = erasure_list(settings)
    try:
        lines = kept.lines()
    except (OSError, ValueError, KeyError):
        return [*places(settings, organisation, None), bad("Erasures", "the list cannot be read")]
    try:
        async with opened(settings.database_url) as database:
            stored = await database.read(lambda tx: _stored(tx, lines))
    except CannotOpen:
        return list(places(settings, organisation, None))
    usual = timedelta(minutes=organisation.checkpoint_minutes if organisation else 60)
    return [
        *places(settings, organisation, stored.latest),
        last_checkpoint(stored.latest, usual, now),
        signing_key(stored.keys, now),
        *beyond(settings, stored),
        checks(stored.checks, now),
        erasures(kept, stored.owed, stored.unlisted),
    ]


def _stored(tx: Transaction, lines: tuple[ErasureLine, ...]) -> _Stored:
    return _Stored(
        tx.checkpoints.latest(),
        tx.checkpoints.signing_keys(),
        last_checks(tx),
        len(owed(tx, lines)),
        len(tx.erasures_done.all() - {line.id for line in lines}),
        tx.audit.head().seq,
        tx.audit.declared_restores(),
    )


def places(
    settings: Settings, organisation: Organisation | None, latest: Checkpoint | None
) -> Iterator[Finding]:
    """Say of each place whether it can be written and is up to date, and whether there are enough."""
    named = checkpoint_places(settings)
    channel = None
    if organisation is not None:
        channel = organisation.checkpoint_channel or organisation.operations_channel
    outside = [place for place in named if not _beside_database(place, settings)]
    count = len(outside) + bool(channel)
    told = ", ".join([*map(str, outside), *([f"{channel} in Slack"] if channel else [])])
    if count < ENOUGH_PLACES:
        where = "no place" if not count else f"only one place ({told})"
        yield warning("Checkpoints", f"{where} outside of the database keeps them. {ELSEWHERE}")
    else:
        yield good("Checkpoints", f"kept in {told}")
    for place in named:
        yield _place(place, latest)


def _place(place: Path, latest: Checkpoint | None) -> Finding:
    if not _writable(place):
        return bad(str(place), "cannot be written. Mount it, or give the service the right to write there.")
    try:
        sizes = _sizes(place)
    except (OSError, NoteInvalidError):
        return bad(str(place), "what lies there cannot be read as checkpoints")
    if latest and latest.size not in sizes:
        return warning(str(place), f"lacks the last checkpoint (over {latest.size} entries). {IS_IT_RUNNING}")
    return good(str(place), f"{len(sizes)} checkpoints")


def _sizes(place: Path) -> set[int]:
    if not place.exists():
        return set()
    return {TreeHead.parse(SignedNote.parse(note).text).size for _, note in read_outside([place]).notes}


def _writable(place: Path) -> bool:
    """Say whether a checkpoint could be written, without leaving a trace in a place that only ever grows."""
    if place.exists():
        return os.access(place, os.W_OK)
    folder = place.parent if is_file_place(place) else place
    nearest = next((each for each in (folder, *folder.parents) if each.exists()), None)
    return nearest is not None and nearest.is_dir() and os.access(nearest, os.W_OK)


def _beside_database(place: Path, settings: Settings) -> bool:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return False
    return place.resolve().is_relative_to(Path(url.database).resolve().parent)


def beyond(settings: Settings, stored: _Stored) -> Iterator[Finding]:
    """Say where checkpoints outside reach further than the log, as after a restored back-up."""
    keys, reach = [each.key for each in stored.keys], set[KnownRoot]()
    for place in checkpoint_places(settings):
        with contextlib.suppress(OSError, NoteInvalidError):
            heads = signed_heads([place], keys) if place.exists() else []
            reach.update(KnownRoot(head.size, head.root) for _, head in heads if head.size > stored.size)
    unexplained = reach - {root for restore in stored.lost for root in restore.lost}
    if unexplained:
        furthest = max(root.size for root in unexplained)
        yield bad("Log", f"ends at entry {stored.size}, and a checkpoint is over {furthest}. {RESTORED}")


def last_checkpoint(latest: Checkpoint | None, usual: timedelta, now: datetime) -> Finding:
    """Say how old the last checkpoint is."""
    if latest is None:
        return warning("Last checkpoint", f"none was signed yet. {IS_IT_RUNNING}")
    told = f"over {latest.size} entries, signed {latest.at:%d %b %Y %H:%M} UTC"
    if now - latest.at > LATE * usual:
        return bad("Last checkpoint", f"{told}: overdue. {IS_IT_RUNNING}")
    return good("Last checkpoint", told)


def signing_key(keys: list[SigningKey], now: datetime) -> Finding:
    """Say how old the key is that signs now."""
    present = next((each for each in keys if each.signs_until is None), None)
    if present is None:
        return good("Signing key", "none yet: the first checkpoint makes one")
    told = f"since {present.created_at:%d %b %Y}"
    if now - present.created_at > KEY_YEARS:
        return warning("Signing key", f"the same {told}. {ROTATE}")
    return good("Signing key", told)


def checks(found: LastChecks, now: datetime) -> Finding:
    """Say what the last daily verification and replay found."""
    if found.verified_at is None or found.replayed_at is None:
        told = "the service has not verified the log yet, which it does once a day"
        return warning("Daily checks", f"{told}. To do it now: countersign audit verify.")
    if not found.ok:
        where = f"entry {found.first_bad} {found.what}"
        return bad("Daily checks", f"the audit log was changed ({where}). Run: countersign audit verify")
    if found.differ:
        return bad("Daily checks", f"{found.differ} decisions would differ. Run: countersign audit replay")
    lost = "".join(f", entries {first} to {last} lost in a declared restore" for first, last in found.lost)
    told = f"{found.entries} entries verified{lost}, {found.same} decisions the same"
    told += f", {found.verified_at:%d %b %Y}"
    if now - found.verified_at > CHECKED_WITHIN:
        return warning("Daily checks", f"{told}: overdue. {IS_IT_RUNNING}")
    return good("Daily checks", told)


def erasures(kept: ErasureList, count: int, unlisted: int) -> Finding:
    """Say whether erased donors are back, and whether a back-up could bring some back."""
    if count:
        again = "Run: countersign audit erase --reapply (serve does it too)"
        return bad("Erasures", f"a restored back-up may have brought {count} erased donors back. {again}")
    if not kept.files:
        return warning("Erasures", f"a back-up would bring erased donors back unnoticed. {ELSEWHERE}")
    if unlisted:
        lost = f"{unlisted} erasures are missing from {kept.files[0].name} beside the checkpoints"
        return bad("Erasures", f"{lost}: put the file back, or a back-up would bring those donors back.")
    return good("Erasures", f"remembered in {', '.join(map(str, kept.files))}")
