"""What the log itself explains: payloads that are missing or were rewritten, and entries lost in a restore.

A payload is missing when the donor was erased or its time was over, and rewritten when somebody it named was
erased. Entries are lost when a back-up is restored, which somebody has to declare.
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
from storage.merkle import KnownRoot
from storage.retention import Expiry, expiry_names
from storage.schema import DECLARED, ERASED, EXPLAINING, REDACTED, RETENTION_OVER
from storage.stored_entries import StoredEntry, entries_of_kinds


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRestore:
    """A back-up was restored, and *by* said so: of the log as it was, only the first *kept* entries are here.

    *lost* are the signed checkpoints that vouch for what followed; each reaches further than *kept*, so no
    declaration explains anything about the entries before. Where it is not *exact*, the service had gone
    on and some of what counts as lost may be here. *at* is UTC, *entry* the id of the declaration.
    """

    entry: str
    at: datetime
    by: str
    reason: str
    kept: int
    lost: frozenset[KnownRoot]
    exact: bool = True

    @property
    def lost_to(self) -> int:
        """The number of the last entry that is known to have existed."""
        return max((root.size for root in self.lost), default=self.kept)


@dataclass(frozen=True, slots=True)
class Removals:
    """Everything that was removed on purpose, as the log itself records it."""

    erased: frozenset[str]
    expired: tuple[RetentionOver, ...]
    redacted: Mapping[str, str]
    restores: tuple[DeclaredRestore, ...] = ()

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
    redacted: dict[str, str] = {}
    told: list[tuple[StoredEntry, dict[str, Any]]] = []
    stored = list(entries_of_kinds(connection, EXPLAINING))
    # What struck a name out of another explanation is read first, and holds that one to what it says now.
    for entry in sorted(stored, key=lambda each: each.kind != REDACTED):
        ref = entry.subject_ref or nobody or ""
        payload = _payload(entry, keys.get(ref), ref, redacted)
        if payload is None:
            continue
        if entry.kind == REDACTED:
            redacted |= {str(each["id"]): str(each["commitment"]) for each in payload["entries"]}
        elif entry.subject_ref is None:
            told.append((entry, payload))
    return Removals(
        erased=frozenset(str(payload["subject_ref"]) for entry, payload in told if entry.kind == ERASED),
        expired=tuple(
            _expired(rule)
            for entry, payload in told
            if entry.kind == RETENTION_OVER
            for rule in payload["rules"]
        ),
        redacted=redacted,
        restores=tuple(_restore(entry, payload) for entry, payload in told if entry.kind == DECLARED),
    )


def _payload(
    entry: StoredEntry, key: SubjectKey | None, ref: str, redacted: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return what an entry says if that is what it commits to, or what it was rewritten to."""
    stored = entry.read(key, ref) if key else None
    if stored is None or key is None:
        return None
    committed = leaf.commitment(entry.commitment_key(key), stored)
    stated = (entry.commitment, redacted.get(entry.id, ""))
    return leaf.read_payload(stored) if any(hmac.compare_digest(committed, each) for each in stated) else None


def _restore(entry: StoredEntry, payload: Mapping[str, Any]) -> DeclaredRestore:
    lost = (KnownRoot(int(each["size"]), bytes.fromhex(each["root"])) for each in payload["lost"])
    return DeclaredRestore(
        entry=entry.id,
        at=entry.moment,
        by=str(payload["name"]),
        reason=str(payload["reason"]),
        kept=int(payload["kept"]),
        exact=bool(payload.get("exact", True)),
        lost=frozenset(root for root in lost if root.size > int(payload["kept"])),
    )


def _expired(rule: Mapping[str, Any]) -> RetentionOver:
    expiry = Expiry(
        kinds=tuple(rule["kinds"]),
        but=tuple(rule["but"]),
        before=datetime.fromisoformat(rule["before"]),
    )
    return RetentionOver(expiry, frozenset(rule["kept"]))
