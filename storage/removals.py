"""Why a payload may be missing: its donor was erased, or its time was over; both are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from storage import leaf
from storage.keys import SubjectKey
from storage.stored_entries import StoredEntry, entries_of_kinds

ERASED = "donor.erased"
RETENTION_OVER = "retention.applied"


@dataclass(frozen=True, slots=True)
class RetentionOver:
    """Payloads of *kinds* from before a moment were removed, but for the subjects on hold."""

    kinds: tuple[str, ...]
    before: datetime
    kept: frozenset[str]

    def covers(self, entry: StoredEntry) -> bool:
        """Say whether the entry's payload was among them."""
        return (
            entry.moment < self.before
            and entry.subject_ref not in self.kept
            and any(matches(pattern, entry.kind) for pattern in self.kinds)
        )


@dataclass(frozen=True, slots=True)
class Removals:
    """Everything that was removed on purpose, as the log itself records it."""

    erased: frozenset[str]
    expired: tuple[RetentionOver, ...]

    def explain(self, entry: StoredEntry) -> bool:
        """Say whether the entry may be without its payload."""
        if entry.subject_ref in self.erased:
            return True
        return any(removal.covers(entry) for removal in self.expired)


def matches(pattern: str, kind: str) -> bool:
    """Say whether *kind* is meant by *pattern*: itself, "summary.*", or "*"."""
    if pattern.endswith("*"):
        return kind.startswith(pattern[:-1])
    return kind == pattern


def recorded_removals(connection: Connection, keys: Mapping[str, SubjectKey], nobody: str | None) -> Removals:
    """Read what was removed; entries whose payload is not what was stored explain nothing."""
    erased: set[str] = set()
    expired: list[RetentionOver] = []
    key = keys.get(nobody or "")
    for entry in entries_of_kinds(connection, (ERASED, RETENTION_OVER)):
        stored = entry.read(key, nobody or "") if key else None
        if stored is None or key is None or not entry.commits_to(key, nobody or ""):
            continue
        payload = leaf.read_payload(stored)
        if entry.kind == ERASED:
            erased.add(str(payload["subject_ref"]))
        else:
            expired += [_expired(rule) for rule in payload["rules"]]
    return Removals(frozenset(erased), tuple(expired))


def _expired(rule: Mapping[str, Any]) -> RetentionOver:
    return RetentionOver(
        kinds=tuple(rule["kinds"]),
        before=datetime.fromisoformat(rule["before"]),
        kept=frozenset(rule["kept"]),
    )
