"""The audit log: written with the fact it records, sealed into a hash chain, and never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, func, insert, select

from storage import leaf
from storage.conflict import insert_new
from storage.schema import AUDIT_LOG, AUDIT_PAYLOADS, AUDIT_SUBJECTS, NOBODY
from storage.sealing import AuditHead, head, seal
from storage.verification import AuditReport, Verifier

__all__ = ["Audit", "AuditEntry", "AuditHead", "AuditRecord", "AuditReport"]

_UNENCRYPTED = "none"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An entry as the log holds it.

    *subject* and *payload* are None once the donor was erased, *seq* and *hash* while it is unsealed.
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


class Audit:
    """The audit log, in the caller's transaction."""

    def __init__(self, connection: Connection, entropy: Callable[[int], bytes]) -> None:
        self._connection = connection
        self._entropy = entropy
        self.appended = 0

    def append(self, entry: AuditEntry) -> None:
        """Write *entry*; it is sealed by the database's sealer. Raises AuditPayloadError."""
        payload = leaf.payload_bytes(entry.payload)
        subject_ref, key = self._subject(NOBODY if entry.subject is None else entry.subject)
        envelope = leaf.Envelope(
            id=entry.id,
            at=entry.at,
            kind=entry.kind,
            correlation_id=entry.correlation_id,
            subject_ref=None if entry.subject is None else subject_ref,
            actor=entry.actor,
            commitment=leaf.commitment(key, payload),
        )
        encoded = envelope.leaf()
        sealable = {"leaf": encoded, "leaf_hash": leaf.leaf_hash(encoded)}
        self._connection.execute(_INSERT_ENTRY, envelope.columns() | sealable)
        stored = {"entry_id": entry.id, "subject_ref": subject_ref, "alg": _UNENCRYPTED, "payload": payload}
        self._connection.execute(_INSERT_PAYLOAD, stored)
        self.appended += 1

    def seal(self, limit: int) -> int:
        """Give up to *limit* unsealed entries their place in the chain; return how many.

        Only SQLite's writer and the one sealer of a PostgreSQL installation need to call this; a second
        sealer that comes at the same time seals nothing.
        """
        return seal(self._connection, limit)

    def head(self) -> AuditHead:
        """Return the last sealed entry's number and hash, to be kept outside the database."""
        return head(self._connection)

    def verify(
        self, progress: Callable[[int], None] | None = None, *, against: AuditHead | None = None
    ) -> AuditReport:
        """Recompute the whole chain; *progress* hears how many entries are done.

        A log cut off at its end looks whole by itself; *against* is an earlier head kept elsewhere.
        """
        return Verifier(self._connection, against).verify(progress)

    def get(self, entry_id: str) -> AuditRecord | None:
        """Return one entry."""
        found = self._records(_RECORDS.where(AUDIT_LOG.c.id == entry_id))
        return found[0] if found else None

    def trace(self, donor_id: str) -> list[AuditRecord]:
        """Return everything recorded about a donor, in order."""
        ref = select(AUDIT_SUBJECTS.c.subject_ref).where(AUDIT_SUBJECTS.c.donor_id == donor_id)
        return self._records(_RECORDS.where(AUDIT_LOG.c.subject_ref == ref.scalar_subquery()))

    def by_correlation(self, correlation_id: str) -> list[AuditRecord]:
        """Return everything that came of one event, command or click, in order."""
        return self._records(_RECORDS.where(AUDIT_LOG.c.correlation_id == correlation_id))

    def between(
        self, start: datetime, end: datetime, kinds: Sequence[str] | None = None
    ) -> list[AuditRecord]:
        """Return what happened from *start* until before *end*, of those *kinds* unless None."""
        query = _RECORDS.where(AUDIT_LOG.c.at >= start, AUDIT_LOG.c.at < end)
        return self._records(query if kinds is None else query.where(AUDIT_LOG.c.kind.in_(kinds)))

    def by_reference(self, reference: str) -> list[AuditRecord]:
        """Return everything whose correlation id ends with *reference*, the short form that cards show."""
        ends = AUDIT_LOG.c.correlation_id.iendswith(reference, autoescape=True)
        return self._records(_RECORDS.where(ends))

    def page(
        self, kinds: Sequence[str], *, after: int = 0, since: datetime | None = None, limit: int
    ) -> tuple[list[AuditRecord], int]:
        """Return up to *limit* entries of *kinds* written after position *after*, and where to go on from."""
        wanted = [AUDIT_LOG.c.kind.in_(kinds), *([] if since is None else [AUDIT_LOG.c.at >= since])]
        query = select(AUDIT_LOG.c.position).where(*wanted, AUDIT_LOG.c.position > after)
        found = self._connection.execute(query.order_by(AUDIT_LOG.c.position).limit(limit)).scalars().all()
        if not found:
            return [], after
        within = AUDIT_LOG.c.position.between(found[0], found[-1])
        return self._records(_RECORDS.where(*wanted, within)), found[-1]

    def count(self, kinds: Sequence[str], since: datetime | None = None) -> int:
        """Return how many entries of *kinds* there are, from *since* on unless None."""
        wanted = [AUDIT_LOG.c.kind.in_(kinds), *([] if since is None else [AUDIT_LOG.c.at >= since])]
        counted = select(func.count()).select_from(AUDIT_LOG).where(*wanted)
        return self._connection.execute(counted).scalar_one()

    def erase(self, donor_id: str) -> int:
        """Delete a donor's payloads, key and reference; return how many payloads. The chain stays whole."""
        subject = AUDIT_SUBJECTS.c.donor_id == donor_id
        ref = select(AUDIT_SUBJECTS.c.subject_ref).where(subject).scalar_subquery()
        erased = self._connection.execute(
            delete(AUDIT_PAYLOADS).where(AUDIT_PAYLOADS.c.subject_ref == ref)
        ).rowcount
        self._connection.execute(delete(AUDIT_SUBJECTS).where(subject))
        return erased

    def _subject(self, donor_id: str) -> tuple[str, bytes]:
        wanted = {"of_donor": donor_id}
        row = self._connection.execute(_SUBJECT, wanted).first()
        if row is None:
            fresh = {"donor_id": donor_id, "subject_ref": self._entropy(16).hex(), "key": self._entropy(32)}
            insert_new(self._connection, AUDIT_SUBJECTS, ("donor_id",), fresh)
            row = self._connection.execute(_SUBJECT, wanted).one()
        return row[0], bytes(row[1])

    def _records(self, query: Select[Any]) -> list[AuditRecord]:
        ordered = query.order_by(AUDIT_LOG.c.seq.is_(None), AUDIT_LOG.c.seq, AUDIT_LOG.c.position)
        return [_record(row) for row in self._connection.execute(ordered).mappings()]


_INSERT_ENTRY = insert(AUDIT_LOG).inline()
_INSERT_PAYLOAD = insert(AUDIT_PAYLOADS).inline()
_SUBJECT = select(AUDIT_SUBJECTS.c.subject_ref, AUDIT_SUBJECTS.c.key).where(
    AUDIT_SUBJECTS.c.donor_id == bindparam("of_donor")
)

_RECORDS = (
    select(AUDIT_LOG, AUDIT_SUBJECTS.c.donor_id, AUDIT_PAYLOADS.c.payload)
    .outerjoin(AUDIT_SUBJECTS, AUDIT_SUBJECTS.c.subject_ref == AUDIT_LOG.c.subject_ref)
    .outerjoin(AUDIT_PAYLOADS, AUDIT_PAYLOADS.c.entry_id == AUDIT_LOG.c.id)
)


def _record(row: RowMapping) -> AuditRecord:
    return AuditRecord(
        id=row["id"],
        at=row["at"],
        kind=row["kind"],
        correlation_id=row["correlation_id"],
        subject=row["donor_id"],
        actor=row["actor"],
        payload=None if row["payload"] is None else leaf.read_payload(row["payload"]),
        seq=row["seq"],
        hash=None if row["hash"] is None else row["hash"].hex(),
    )
