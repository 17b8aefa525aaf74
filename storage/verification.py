"""Verification: does the audit log still say what was sealed?"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from sqlalchemy import Connection, RowMapping, exists, func, select

from storage import leaf
from storage.schema import AUDIT_LOG, AUDIT_PAYLOADS, AUDIT_SUBJECTS, NOBODY
from storage.sealing import AuditHead

_PAGE = 1000

Fault = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a verification found.

    *entries* counts the sealed entries that are right, *erased* those of them whose payload was erased with
    the donor, *unsealed* those not yet in the chain. *first_bad* names the number in the chain (0 when there
    is none) and what is wrong there: "changed", "deleted", "reordered", "payload changed", "payload missing".
    """

    ok: bool
    entries: int
    unsealed: int
    erased: int
    head: AuditHead
    first_bad: Fault | None = None


class Verifier:
    """Recomputes the chain from its beginning, in constant memory.

    *against* is an earlier head kept outside the database: without one, a log cut off at its end looks whole.
    """

    def __init__(self, connection: Connection, against: AuditHead | None = None) -> None:
        self._connection = connection
        self._against = against
        self._keyless = self._key_of_entries_about_nobody()

    def verify(self, progress: Callable[[int], None] | None = None) -> AuditReport:
        """Stop at the first entry that is not what was sealed; *progress* hears how many were right."""
        seq, erased, previous = 0, 0, leaf.GENESIS
        bad: Fault | None = None
        for row in self._sealed():
            bad = self._fault(row, seq + 1, previous)
            if bad is not None:
                break
            seq, previous = seq + 1, bytes(row["hash"])
            erased += row["payload"] is None
            if progress is not None and seq % _PAGE == 0:
                progress(seq)
        if progress is not None and seq % _PAGE:
            progress(seq)
        bad = bad or self._cut_off(seq) or self._unsealed_fault()
        unsealed = self._count_unsealed()
        head = AuditHead(seq, previous.hex())
        return AuditReport(
            ok=bad is None, entries=seq, unsealed=unsealed, erased=erased, head=head, first_bad=bad
        )

    def _fault(self, row: RowMapping, seq: int, previous: bytes) -> Fault | None:
        if row["seq"] != seq:
            return seq, "deleted"
        hash_of_leaf = leaf.leaf_hash(bytes(row["leaf"]))
        linked = leaf.chain_hash(bytes(row["prev_hash"]), hash_of_leaf)
        if linked != row["hash"] or not _says_its_leaf(row, hash_of_leaf):
            return seq, "changed"
        if row["prev_hash"] != previous:
            return seq, self._misplaced(bytes(row["prev_hash"]))
        if self._against is not None and self._against.seq == seq and self._against.hash != linked.hex():
            return seq, "changed"
        what = self._payload_fault(row)
        return None if what is None else (seq, what)

    def _misplaced(self, prev_hash: bytes) -> str:
        """Tell an entry that was moved from one whose predecessor is gone."""
        if prev_hash == leaf.GENESIS:
            return "reordered"
        predecessor = select(exists().where(AUDIT_LOG.c.hash == prev_hash))
        return "reordered" if self._connection.execute(predecessor).scalar_one() else "deleted"

    def _payload_fault(self, row: RowMapping) -> str | None:
        key = self._keyless if row["subject_ref"] is None else row["key"]
        if row["payload"] is None:
            return None if key is None else "payload missing"
        if key is None:
            return "payload changed"
        again = leaf.commitment(bytes(key), bytes(row["payload"]))
        return None if hmac.compare_digest(again, row["commitment"]) else "payload changed"

    def _cut_off(self, last: int) -> Fault | None:
        """Look for traces of entries that must have followed the last one."""
        if self._against is not None and self._against.seq > last:
            return last + 1, "deleted"
        orphan = (
            select(AUDIT_PAYLOADS.c.entry_id)
            .outerjoin(AUDIT_LOG, AUDIT_LOG.c.id == AUDIT_PAYLOADS.c.entry_id)
            .where(AUDIT_LOG.c.id.is_(None))
        )
        return None if self._connection.execute(orphan.limit(1)).first() is None else (last + 1, "deleted")

    def _unsealed_fault(self) -> Fault | None:
        for row in self._connection.execute(_ENTRIES.where(AUDIT_LOG.c.seq.is_(None))).mappings():
            whole = _says_its_leaf(row, leaf.leaf_hash(bytes(row["leaf"])))
            what = self._payload_fault(row) if whole else "changed"
            if what is not None:
                return 0, what
        return None

    def _count_unsealed(self) -> int:
        unsealed = select(func.count()).select_from(AUDIT_LOG).where(AUDIT_LOG.c.seq.is_(None))
        return self._connection.execute(unsealed).scalar_one()

    def _key_of_entries_about_nobody(self) -> bytes | None:
        key = select(AUDIT_SUBJECTS.c.key).where(AUDIT_SUBJECTS.c.donor_id == NOBODY)
        return self._connection.execute(key).scalar_one_or_none()

    def _sealed(self) -> Iterator[RowMapping]:
        """Yield the sealed entries in order, a page at a time."""
        last: int | None = None
        while True:
            after = AUDIT_LOG.c.seq.is_not(None) if last is None else AUDIT_LOG.c.seq > last
            query = _ENTRIES.where(after).order_by(AUDIT_LOG.c.seq).limit(_PAGE)
            page = self._connection.execute(query).mappings().all()
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1]["seq"]


_ENTRIES = (
    select(AUDIT_LOG, AUDIT_PAYLOADS.c.payload, AUDIT_SUBJECTS.c.key)
    .outerjoin(AUDIT_PAYLOADS, AUDIT_PAYLOADS.c.entry_id == AUDIT_LOG.c.id)
    .outerjoin(AUDIT_SUBJECTS, AUDIT_SUBJECTS.c.subject_ref == AUDIT_LOG.c.subject_ref)
)


def _says_its_leaf(row: RowMapping, hash_of_leaf: bytes) -> bool:
    """Check the stored leaf hash and the readable columns against the leaf that was sealed."""
    envelope = leaf.Envelope(**{field.name: row[field.name] for field in fields(leaf.Envelope)})
    return envelope.leaf() == bytes(row["leaf"]) and hash_of_leaf == bytes(row["leaf_hash"])
