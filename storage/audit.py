"""The audit log: written with the fact it records, sealed into a hash chain, and never changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, Select, cast, func, select

from storage import leaf
from storage.appending import AuditEntry, Pending, read_stored, write_entries
from storage.audit_records import RECORDS, AuditRecord, PagedEntry, paged, paged_of, record_of
from storage.contradictions import contradictions
from storage.counting import count_entries
from storage.keys import KeyRing, SubjectKey
from storage.merkle import KnownRoot
from storage.removals import DeclaredRestore, recorded_removals
from storage.schema import AUDIT_EXCERPTS, AUDIT_LOG, AUDIT_PAYLOADS, AUDIT_SUBJECTS, NOBODY
from storage.sealing import AuditHead, head, seal
from storage.subjects import ErasedSubject, Subjects, erase_subject
from storage.verification import AuditReport, Verifier


class Audit:
    """The audit log, in the caller's transaction.

    What is appended is written before the commit, together with what other works append: the database
    calls `flush` for that.
    """

    def __init__(
        self, connection: Connection, entropy: Callable[[int], bytes], keys: KeyRing | None = None
    ) -> None:
        self._connection = connection
        self._entropy = entropy
        self._keys = keys
        self._pending: list[Pending] = []
        self.appended = 0

    @property
    def connection(self) -> Connection:
        """The transaction's connection, for reading the log as it is stored."""
        self.flush()
        return self._connection

    def append(self, entry: AuditEntry) -> None:
        """Write *entry*; it is sealed by the database's sealer. Raises AuditPayloadError."""
        data = leaf.plain(entry.payload)
        self._pending.append(Pending(entry, data, leaf.payload_bytes(data)))
        self.appended += 1

    def take_over(self, other: Audit) -> None:
        """Have what *other* has not written yet written with this one's entries, after them."""
        self._pending += other._pending
        other._pending = []

    def forget_from(self, appended: int) -> None:
        """Drop what was appended since *appended* counted so many: the work it belongs to was rolled back."""
        too_many = self.appended - appended
        if too_many:
            del self._pending[-too_many:]
            self.appended = appended

    def flush(self) -> None:
        """Write what was appended so far."""
        if self._pending:
            pending, self._pending = self._pending, []
            write_entries(self._connection, pending, self._entropy, self._keys)
            count_entries(self._connection, ((entry, data) for entry, data, _ in pending))

    def seal(self, limit: int) -> int:
        """Give up to *limit* unsealed entries their place in the chain; return how many.

        Only the one sealer of a PostgreSQL installation needs to call this; a second sealer that comes at
        the same time seals nothing.
        """
        self.flush()
        return seal(self._connection, limit)

    def head(self) -> AuditHead:
        """Return the last sealed entry's number and hash, to be kept outside the database."""
        self.flush()
        return head(self._connection)

    def sizes(self) -> tuple[int, int]:
        """Return how many entries are sealed, and how many wait for their place in the chain."""
        unsealed = select(func.count()).where(AUDIT_LOG.c.seq.is_(None))
        return self.head().seq, self._connection.execute(unsealed).scalar_one()

    def verify(
        self,
        progress: Callable[[int], None] | None = None,
        *,
        roots: Sequence[KnownRoot] = (),
        payloads: bool = True,
    ) -> AuditReport:
        """Recompute the whole chain; *progress* hears how many entries are done.

        A log cut off at its end or rewritten whole looks right by itself; *roots* are the tree's roots of
        signed checkpoints, kept elsewhere. Without *payloads* only the entries are looked at, which needs no
        key.
        """
        self.flush()
        verifier = Verifier(self._connection, self._subjects(), payloads=payloads, roots=roots)
        return verifier.verify(progress)

    def contradictions(self, *, payloads: bool = True) -> list[str]:
        """Return what is stored beside the log and is not as the log says; *payloads* need the keys."""
        found = contradictions(self.connection)
        if payloads and (unreadable := self._unreadable_excerpts()):
            found.append(f"{unreadable} excerpts of entries are not what was stored")
        return found

    def _unreadable_excerpts(self) -> int:
        keys, table = self.subject_keys(), AUDIT_EXCERPTS.c
        # Cast, because SQLite would hand out as text what somebody made text of.
        excerpt_bytes = cast(table.excerpt, LargeBinary)
        query = select(table.entry_id, table.alg, excerpt_bytes, AUDIT_PAYLOADS.c.subject_ref)
        stored = self._connection.execute(
            query.join(AUDIT_PAYLOADS, AUDIT_PAYLOADS.c.entry_id == table.entry_id)
        )
        return sum(
            read_stored(keys[ref], alg, bytes(excerpt), entry_id, ref) is None
            for entry_id, alg, excerpt, ref in stored
            if ref in keys
        )

    def declared_restores(self) -> tuple[DeclaredRestore, ...]:
        """Return what somebody declared to be lost in a restore."""
        self.flush()
        subjects = self._subjects()
        return recorded_removals(self._connection, subjects.all_keys(), subjects.nobody()).restores

    def get(self, entry_id: str) -> AuditRecord | None:
        """Return one entry."""
        found = self._records(RECORDS.where(AUDIT_LOG.c.id == entry_id))
        return found[0] if found else None

    def trace(self, donor_id: str) -> list[AuditRecord]:
        """Return everything recorded about a donor, in order."""
        ref = select(AUDIT_SUBJECTS.c.subject_ref).where(AUDIT_SUBJECTS.c.donor_id == donor_id)
        return self._records(RECORDS.where(AUDIT_LOG.c.subject_ref == ref.scalar_subquery()))

    def by_correlation(self, correlation_id: str) -> list[AuditRecord]:
        """Return everything that came of one event, command or click, in order."""
        return self._records(RECORDS.where(AUDIT_LOG.c.correlation_id == correlation_id))

    def between(
        self, start: datetime, end: datetime, kinds: Sequence[str] | None = None
    ) -> list[AuditRecord]:
        """Return what happened from *start* until before *end*, of those *kinds* unless None."""
        query = RECORDS.where(AUDIT_LOG.c.at >= start, AUDIT_LOG.c.at < end)
        return self._records(query if kinds is None else query.where(AUDIT_LOG.c.kind.in_(kinds)))

    def kinds(self) -> list[str]:
        """Return every kind of entry in the log."""
        return sorted(self.connection.execute(select(AUDIT_LOG.c.kind).distinct()).scalars())

    def of_kind(self, kind: str) -> list[AuditRecord]:
        """Return every entry of one kind, in order."""
        return self._records(RECORDS.where(AUDIT_LOG.c.kind == kind))

    def by_reference(self, reference: str) -> list[AuditRecord]:
        """Return everything whose correlation id ends with *reference*, the short form that cards show."""
        ends = AUDIT_LOG.c.correlation_id.iendswith(reference, autoescape=True)
        return self._records(RECORDS.where(ends))

    def page(
        self,
        kinds: Sequence[str],
        *,
        after: int = 0,
        since: datetime | None = None,
        limit: int,
        excerpts: str | None = None,
    ) -> list[PagedEntry]:
        """Return up to *limit* entries of *kinds* written after position *after*, as they are stored.

        With *excerpts*, of each only what was excerpted from it in that form; others come whole.
        """
        self.flush()
        wanted = [AUDIT_LOG.c.kind.in_(kinds), AUDIT_LOG.c.position > after]
        if since is not None:
            wanted.append(AUDIT_LOG.c.at >= since)
        query = paged(excerpts).where(*wanted).order_by(AUDIT_LOG.c.position).limit(limit)
        subjects = self._subjects()
        return [paged_of(row, subjects) for row in self._connection.execute(query).mappings()]

    def count(self, kinds: Sequence[str], since: datetime | None = None) -> int:
        """Return how many entries of *kinds* there are, from *since* on unless None."""
        self.flush()
        wanted = [AUDIT_LOG.c.kind.in_(kinds), *([] if since is None else [AUDIT_LOG.c.at >= since])]
        counted = select(func.count()).select_from(AUDIT_LOG).where(*wanted)
        return self._connection.execute(counted).scalar_one()

    def erase(self, donor_id: str) -> ErasedSubject | None:
        """Delete a donor's payloads, key and reference; None when nothing was ever recorded about them.

        The chain stays whole, but `verify` accepts it only with an entry of the kind "donor.erased" about
        nobody that names the reference: whoever erases appends it in the same transaction.
        """
        self.flush()
        return erase_subject(self._connection, donor_id, self._keys)

    def subject_keys(self) -> dict[str, SubjectKey]:
        """Return the key of every subject by reference, for reading many payloads."""
        return self._subjects().all_keys()

    def reference_of(self, donor_id: str) -> str | None:
        """Return the reference that stands for a donor in the log; None when nothing is recorded."""
        query = select(AUDIT_SUBJECTS.c.subject_ref).where(AUDIT_SUBJECTS.c.donor_id == donor_id)
        return self.connection.execute(query).scalar_one_or_none()

    def reference_of_nobody(self) -> str | None:
        """Return the reference under which payloads about nobody are kept."""
        return self.reference_of(NOBODY)

    def mark_of(self, donor_id: str) -> str:
        """Return a mark of a donor id that tells nobody without the keys which donor it is."""
        key = self._subjects().key_of_nobody()
        return leaf.commitment(key.commitment_key(_ERASED_DONOR), donor_id.encode())

    def donors_by_mark(self, donor_ids: Collection[str]) -> dict[str, str]:
        """Return every donor the log knows, and those of *donor_ids*, by their marks."""
        known = self.connection.execute(select(AUDIT_SUBJECTS.c.donor_id)).scalars()
        key = self._subjects().key_of_nobody().commitment_key(_ERASED_DONOR)
        every = {*known, *donor_ids} - {NOBODY}
        return {leaf.commitment(key, donor_id.encode()): donor_id for donor_id in every}

    def _records(self, query: Select[Any]) -> list[AuditRecord]:
        self.flush()
        ordered = query.order_by(AUDIT_LOG.c.seq.is_(None), AUDIT_LOG.c.seq, AUDIT_LOG.c.position)
        subjects = self._subjects()
        return [record_of(row, subjects) for row in self._connection.execute(ordered).mappings()]

    def _subjects(self) -> Subjects:
        return Subjects(self._connection, self._entropy, self._keys)


_ERASED_DONOR = "erased donor"
