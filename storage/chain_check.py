"""Following the chain from entry to entry, quickly enough for a million of them in seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from storage import leaf
from storage.columns import moment_of
from storage.stored_entries import LIKELY_FIELDS, Row, is_stored_as_written, whole_entries

_MINUTE = 60_000_000
_SECOND = 1_000_000
_sha256 = hashlib.sha256


def count_right_of(
    connection: Connection, page: Sequence[Row], seq: int, previous: bytes
) -> tuple[Sequence[Row], int]:
    """Return a page from `entries_to_verify`, whole if it is not right, and how many of it are right.

    Right are those from the first on that follow the entry numbered *seq* and hashed as *previous*.
    """
    right = _count_right(page, seq, previous)
    if right == len(page) or len(page[0]) != LIKELY_FIELDS:
        return page, right
    whole = whole_entries(connection, page)
    return whole, _count_right(whole, seq, previous)


def _count_right(page: Sequence[Row], seq: int, previous: bytes) -> int:
    """Return how many rows from the first follow the entry numbered *seq* and hashed as *previous*.

    Each step hashes the stored leaf, compares the readable columns with it, and links it to the one before.
    Of rows from `entries_to_verify` the first that does not follow may only be spelled in a rarer way.
    """
    if page and len(page[0]) == LIKELY_FIELDS:
        return _count_likely(page, seq, previous)
    for index, row in enumerate(page):
        if not is_stored_as_written(row):
            return index
        stored, _, entry_id, at, kind, correlation, ref, actor, committed = row[3:12]
        if not _is_next(row, seq + index + 1, previous):
            return index
        previous = row[2]
        # Written out, since nearly every leaf is spelled so; a backslash may stand for another character.
        likely = (
            f'{{"actor":"{actor}","at":"{_moment(at)}","commitment":"{committed}","correlation_id":"{correlation}",'
            f'"id":"{entry_id}","kind":"{kind}","subject_ref":"{ref}","v":2}}'
        )
        if (likely.encode() != stored or ref is None or b"\\" in stored) and not _spells(row):
            return index
    return len(page)


def _count_likely(page: Sequence[Row], seq: int, previous: bytes) -> int:
    index, whole, spelled = 0, None, ""
    try:
        for index, row in enumerate(page):
            if not _is_next(row, seq + index + 1, previous):
                return index
            _, _, previous, stored, _, at, actor, rest = row
            second, fraction = divmod(at, _SECOND)
            if second != whole:
                whole, spelled = second, _second(second)
            likely = f'{{"actor":"{actor}","at":"{spelled}{fraction:06d}Z",{rest[1:]}'
            if likely.encode() != stored or b"\\" in stored:
                return index
    except (AttributeError, OverflowError, TypeError, ValueError):  # no value that was ever written
        return index
    return len(page)


def _is_next(row: Row, seq: int, previous: bytes) -> bool:
    """Say whether a row of either kind is numbered *seq*, and hashed from its leaf and *previous*."""
    number, prev_hash, hash_, stored, stored_hash = row[:5]
    hashed = _sha256(b"\x00" + stored).digest()
    return bool(
        number == seq
        and hashed == stored_hash
        and prev_hash == previous
        and _sha256(prev_hash + hashed).digest() == hash_
    )


def _spells(row: Row) -> bool:
    """Say whether the leaf is that of the columns, however it is spelled."""
    _, _, _, stored, _, entry_id, at, kind, correlation_id, subject_ref, actor, commitment = row[:12]
    version = leaf.version_of(stored)
    spelled = leaf.spelled(
        entry_id, _moment(at), kind, correlation_id, subject_ref, actor, commitment, version
    )
    return bool(spelled == stored)


def _moment(at: int | datetime) -> str:
    if not isinstance(at, int):
        return leaf.moment(at)
    return f"{_second(at // _SECOND)}{at % _SECOND:06d}Z"


@lru_cache(65_536)
def _second(seconds: int) -> str:
    return f"{_minute(seconds // 60)}{seconds % 60:02d}."


@lru_cache(4096)
def _minute(minutes: int) -> str:
    return moment_of(minutes * _MINUTE).strftime("%Y-%m-%dT%H:%M:")
