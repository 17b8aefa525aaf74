"""Audit entries as they are read back: which rows make one up, and what of it is readable still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, and_, func, select

from storage import leaf
from storage.appending import read_stored
from storage.schema import AUDIT_EXCERPTS, AUDIT_LOG, AUDIT_PAYLOADS, AUDIT_SUBJECTS, NOBODY
from storage.subjects import Subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An entry as the log holds it.

    *subject* and *payload* are None once the donor was erased, *payload* alone when its time of retention is
    over or somebody has meddled with it (`verify` says so), *seq* and *hash* while it is unsealed.
    """

    id: str
    at: datetime
    kind: str
    correlation_id: str
    subject: str | None
    actor: str
    payload: dict[str, Any] | None
    seq: int | None
    hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedEntry:
    """An entry for going through very many of them: *payload* is JSON, None where `AuditRecord` has None.

    Where *is_excerpt*, *payload* is what was excerpted from it.
    """

    position: int
    id: str
    at: datetime
    kind: str
    correlation_id: str
    subject: str | None
    actor: str
    payload: bytes | None
    is_excerpt: bool = False


RECORDS = (
    select(
        AUDIT_LOG,
        AUDIT_PAYLOADS.c.payload,
        AUDIT_PAYLOADS.c.alg,
        AUDIT_PAYLOADS.c.subject_ref.label("payload_ref"),
        AUDIT_SUBJECTS.c.donor_id,
        AUDIT_SUBJECTS.c.key,
        AUDIT_SUBJECTS.c.master_id,
    )
    .outerjoin(AUDIT_PAYLOADS, AUDIT_PAYLOADS.c.entry_id == AUDIT_LOG.c.id)
    .outerjoin(
        AUDIT_SUBJECTS,
        AUDIT_SUBJECTS.c.subject_ref == func.coalesce(AUDIT_PAYLOADS.c.subject_ref, AUDIT_LOG.c.subject_ref),
    )
)

_HEAD = (
    AUDIT_LOG.c.position,
    AUDIT_LOG.c.id,
    AUDIT_LOG.c.at,
    AUDIT_LOG.c.kind,
    AUDIT_LOG.c.correlation_id,
    AUDIT_LOG.c.actor,
    AUDIT_PAYLOADS.c.subject_ref.label("payload_ref"),
    AUDIT_SUBJECTS.c.donor_id,
    AUDIT_SUBJECTS.c.key,
    AUDIT_SUBJECTS.c.master_id,
)
_PAGED = RECORDS.with_only_columns(*_HEAD, AUDIT_PAYLOADS.c.payload, AUDIT_PAYLOADS.c.alg)


def _excerpted(form: str) -> Select[Any]:
    """Return entries with their excerpts: a payload whose excerpt is there is not even read from the file."""
    kept = and_(AUDIT_EXCERPTS.c.entry_id == AUDIT_PAYLOADS.c.entry_id, AUDIT_EXCERPTS.c.form == form)
    return RECORDS.outerjoin(AUDIT_EXCERPTS, kept).with_only_columns(
        *_HEAD,
        AUDIT_EXCERPTS.c.form,
        func.coalesce(AUDIT_EXCERPTS.c.excerpt, AUDIT_PAYLOADS.c.payload).label("payload"),
        func.coalesce(AUDIT_EXCERPTS.c.alg, AUDIT_PAYLOADS.c.alg).label("alg"),
    )


def paged(excerpts: str | None = None) -> Select[Any]:
    """Return entries for going through, with *excerpts* in that form in place of payloads that have one."""
    return _PAGED if excerpts is None else _excerpted(excerpts)


def record_of(row: RowMapping, subjects: Subjects) -> AuditRecord:
    """Read a row of `RECORDS`."""
    payload = _payload(row, subjects)
    return AuditRecord(
        id=row["id"],
        at=row["at"],
        kind=row["kind"],
        correlation_id=row["correlation_id"],
        subject=_subject(row),
        actor=row["actor"],
        payload=None if payload is None else leaf.read_payload(payload),
        seq=row["seq"],
        hash=None if row["hash"] is None else row["hash"].hex(),
    )


def paged_of(row: RowMapping, subjects: Subjects) -> PagedEntry:
    """Read a row of `paged`."""
    return PagedEntry(
        position=row["position"],
        id=row["id"],
        at=row["at"],
        kind=row["kind"],
        correlation_id=row["correlation_id"],
        subject=_subject(row),
        actor=row["actor"],
        payload=_payload(row, subjects),
        is_excerpt=row.get("form") is not None,
    )


def _subject(row: RowMapping) -> str | None:
    donor_id: str | None = row["donor_id"]
    return None if donor_id == NOBODY else donor_id


def _payload(row: RowMapping, subjects: Subjects) -> bytes | None:
    if row["payload"] is None or row["key"] is None:
        return None
    ref, stored = row["payload_ref"], bytes(row["payload"])
    key = subjects.opened(ref, row["key"], row["master_id"])
    return read_stored(key, row["alg"], stored, row["id"], ref)
