"""Why a payload may be missing or rewritten: the donor, or somebody it named, was erased; its time was over.

All of that is recorded in the log itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from storage import leaf
from storage.keys import SubjectKey
from storage.retention import Expiry, expiry_names
from storage.stored_entries import StoredEntry, entries_of_kinds

ERASED = "donor.erased"
RETENTION_OVER = "retention.applied"
REDACTED = "payload.redacted"


@dataclass(frozen=True, slots=True)
class RetentionOver:
    """Payloads that were over were removed, but for the subjects on hold."""

    expiry: Expiry
    kept: frozenset[str]

    def covers(self, entry: StoredEntry) -> bool:
        """Say whether the entry's payload was among them."""
        return (
            entry.moment < self.expiry.before
            and entry.subject_ref not in self.kept
            and expiry_names(self.expiry, entry.kind)
        )


@dataclass(frozen=True, slots=True)
class Removals:
    """Everything that was removed on purpose, as the log itself records it."""

    erased: frozenset[str]
    expired: tuple[RetentionOver, ...]
    redacted: Mapping[str, str]

    def explain_rewriting(self, entry: StoredEntry, key: SubjectKey, ref: str) -> bool:
        """Say whether the payload is what it was rewritten to when somebody it named was erased."""
        stated, payload = self.redacted.get(entry.id), entry.read(key, ref)
        if stated is None or payload is None:
            return False
        return hmac.compare_digest(leaf.commitment(entry.commitment_key(key), payload), stated)

    def explain(self, entry: StoredEntry) -> bool:
        """Say whether the entry may be without its payload."""
        if entry.subject_ref in self.erased:
            return True
        return any(removal.covers(entry) for removal in self.expired)


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
    return Removals(frozenset(erased), tuple(expired), _redacted(connection, keys, nobody or ""))


def _redacted(connection: Connection, keys: Mapping[str, SubjectKey], nobody: str) -> dict[str, str]:
    """Return the commitments to what payloads were rewritten to, the last one of each."""
    found: dict[str, str] = {}
    for entry in entries_of_kinds(connection, (REDACTED,)):
        ref = entry.subject_ref or nobody
        key = keys.get(ref)
        stored = entry.read(key, ref) if key else None
        if stored is not None and key is not None and entry.commits_to(key, ref):
            payload = leaf.read_payload(stored)
            found |= {str(each["id"]): str(each["commitment"]) for each in payload["entries"]}
    return found


def _expired(rule: Mapping[str, Any]) -> RetentionOver:
    expiry = Expiry(
        kinds=tuple(rule["kinds"]),
        but=tuple(rule["but"]),
        before=datetime.fromisoformat(rule["before"]),
    )
    return RetentionOver(expiry, frozenset(rule["kept"]))
