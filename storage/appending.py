"""Writing audit entries: gathered while works run, then written together before their commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection, insert

from storage import leaf
from storage.columns import microseconds
from storage.keys import NONCE_BYTES, KeyRing, SubjectKey
from storage.schema import AUDIT_EXCERPTS, AUDIT_LOG, AUDIT_PAYLOADS, NOBODY
from storage.sealing import links, seal
from storage.subjects import Subject, Subjects

UNENCRYPTED = "none"
AES_GCM = "aes-256-gcm"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a payload that is kept a second time by itself, to be gone through by the hundred thousand.

    *form* names how *data*, JSON data without floats, is to be read.
    """

    form: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that happened. *kind* is dotted ("escalation.approved"), *subject* a donor id.

    *actor* is "slack:U123", "system" or "crm". *payload* is JSON data without floats.
    """

    id: str
    at: datetime
    kind: str
    correlation_id: str
    subject: str | None = None
    actor: str
    payload: BaseModel | dict[str, Any]
    excerpt: Excerpt | None = None


_ENTRY = (
    "id",
    "at",
    "kind",
    "correlation_id",
    "subject_ref",
    "actor",
    "commitment",
    "leaf",
    "leaf_hash",
)
_LINK = ("seq", "prev_hash", "hash")
_PAYLOAD = ("entry_id", "subject_ref", "alg", "payload")
_EXCERPT = ("entry_id", "form", "alg", "excerpt")
EntryRow = tuple[str, datetime | int, str, str, str | None, str, str, bytes, bytes]
PayloadRow = tuple[str, str, str, bytes]
ExcerptRow = tuple[str, str, str, bytes]


class Pending(NamedTuple):
    """An entry that waits to be written: its payload as JSON data, and the canonical bytes of it."""

    entry: AuditEntry
    data: Mapping[str, Any]
    payload: bytes


def write_entries(
    connection: Connection,
    pending: Sequence[Pending],
    entropy: Callable[[int], bytes],
    keys: KeyRing | None,
) -> None:
    """Insert *pending* in order.

    SQLite has one writer at a time, so they are inserted with their place in the chain; on PostgreSQL the
    sealer gives it to them.
    """
    if not pending:
        return
    sqlite = connection.dialect.name == "sqlite"
    subjects = Subjects(connection, entropy, keys).of({_about(entry) for entry, _, _ in pending})
    nonces, rows, payloads = entropy(NONCE_BYTES * len(pending)), [], []
    excerpts = list[ExcerptRow]()
    for at, (entry, _, payload) in enumerate(pending):
        nonce = nonces[at * NONCE_BYTES : (at + 1) * NONCE_BYTES]
        row, stored = _rows(entry, payload, subjects[_about(entry)], nonce, in_microseconds=sqlite)
        rows.append(row)
        payloads.append(stored)
        if entry.excerpt is not None:
            data = leaf.payload_bytes(entry.excerpt.data)
            kept = _stored(entry.id, data, subjects[_about(entry)], entropy(NONCE_BYTES))
            excerpts.append((entry.id, entry.excerpt.form, *kept))
    if sqlite:
        _insert_sealed(connection, rows, payloads, excerpts)
    else:
        connection.execute(_INSERT_ENTRY, [dict(zip(_ENTRY, row, strict=True)) for row in rows])
        connection.execute(_INSERT_PAYLOAD, [dict(zip(_PAYLOAD, row, strict=True)) for row in payloads])
        if excerpts:
            connection.execute(_INSERT_EXCERPT, [dict(zip(_EXCERPT, row, strict=True)) for row in excerpts])


def _insert_sealed(
    connection: Connection, rows: list[EntryRow], payloads: list[PayloadRow], excerpts: list[ExcerptRow]
) -> None:
    """Insert through the driver: converting every value by its column's type would cost as much again."""
    while seal(connection, _PAGE):
        pass
    driver: Any = connection.connection.driver_connection
    driver.executemany(_SQLITE_ENTRY, links(connection, rows))
    driver.executemany(_SQLITE_PAYLOAD, payloads)
    driver.executemany(_SQLITE_EXCERPT, excerpts)


def _about(entry: AuditEntry) -> str:
    return NOBODY if entry.subject is None else entry.subject


def _rows(
    entry: AuditEntry, payload: bytes, subject: Subject, nonce: bytes, *, in_microseconds: bool
) -> tuple[EntryRow, PayloadRow]:
    committed = leaf.commitment(subject.key.commitment_key(entry.id), payload)
    ref = None if entry.subject is None else subject.ref
    moment = leaf.moment(entry.at)
    encoded = leaf.spelled(
        entry.id, moment, entry.kind, entry.correlation_id, ref, entry.actor, committed, leaf.VERSION
    )
    row = (
        entry.id,
        microseconds(entry.at) if in_microseconds else entry.at,
        entry.kind,
        entry.correlation_id,
        ref,
        entry.actor,
        committed,
        encoded,
        leaf.leaf_hash(encoded),
    )
    alg, stored = _stored(entry.id, payload, subject, nonce)
    return row, (entry.id, subject.ref, alg, stored)


def _stored(entry_id: str, data: bytes, subject: Subject, nonce: bytes) -> tuple[str, bytes]:
    """Return how *data* is stored, and it as it is stored."""
    if not subject.is_secret:
        return UNENCRYPTED, data
    return AES_GCM, subject.key.encrypt(data, nonce, entry_id, subject.ref)


def read_stored(key: SubjectKey, alg: str, stored: bytes, entry_id: str, subject_ref: str) -> bytes | None:
    """Return a stored payload's canonical bytes; None when they are not what was stored."""
    if alg == AES_GCM:
        return key.decrypt(stored, entry_id, subject_ref)
    return stored if alg == UNENCRYPTED else None


def _statement(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


_INSERT_ENTRY = insert(AUDIT_LOG).inline()
_INSERT_PAYLOAD = insert(AUDIT_PAYLOADS).inline()
_INSERT_EXCERPT = insert(AUDIT_EXCERPTS).inline()
_SQLITE_ENTRY = _statement("audit_log", (*_ENTRY, *_LINK))
_SQLITE_PAYLOAD = _statement("audit_payloads", _PAYLOAD)
_SQLITE_EXCERPT = _statement("audit_excerpts", _EXCERPT)
