"""Verification: does the audit log still say what was sealed, and what signed checkpoints vouch for?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from storage import leaf
from storage.chain_check import count_right_of
from storage.keys import MasterKeyMissingError, MasterKeyWrongError, SubjectKey
from storage.merkle import GrowingTree, KnownRoot
from storage.removals import DeclaredRestore, Removals, recorded_removals
from storage.schema import AUDIT_LOG, AUDIT_PAYLOADS
from storage.sealing import AuditHead
from storage.stored_entries import (
    Row,
    StoredEntry,
    entries_to_verify,
    entry_with_hash,
    unsealed_entries,
)
from storage.subjects import Subjects

Fault = tuple[int, str]
_BLOCK = 256
_HASH, _LEAF_HASH = StoredEntry._fields.index("hash"), StoredEntry._fields.index("leaf_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a verification found.

    *entries* counts the sealed entries that are right, *erased* those of them whose payload was erased with
    the donor or after its time of retention, *redacted* those whose payload was rewritten without somebody
    who was erased, *unsealed* those not yet in the chain, *roots* the checkpoints that agree, *restores*
    where somebody declared that entries were lost in a restore: the checkpoints named there are not missed.
    *first_bad* names the number in the chain (0 when there is none) and what is wrong there: "changed",
    "inserted", "deleted", "reordered", "truncated", "payload changed", "payload missing", or "rewritten" when
    the chain was computed anew; then *until* is the last entry it may be.
    """

    ok: bool
    entries: int
    unsealed: int
    erased: int
    redacted: int = 0
    head: AuditHead
    roots: int = 0
    restores: tuple[DeclaredRestore, ...] = ()
    first_bad: Fault | None = None
    until: int | None = None


class Verifier:
    """Recomputes chain and tree from their beginning, in constant memory.

    Without *payloads* only the entries are looked at, for which no key is needed; without one no declaration
    of a restore can be read either. *roots* were kept outside the database: without them a log that was cut
    off, or computed anew from some entry on, looks whole.
    """

    def __init__(
        self,
        connection: Connection,
        subjects: Subjects,
        *,
        payloads: bool = True,
        roots: Sequence[KnownRoot] = (),
    ) -> None:
        self._connection = connection
        keys, nobody = _keys(subjects, needed=payloads), subjects.nobody()
        removals = recorded_removals(connection, keys, nobody)
        self._payloads = _Payloads(keys, nobody, removals) if payloads else None
        self._restores = removals.restores
        lost = {root for restore in removals.restores for root in restore.lost}
        self._roots = sorted(set(roots) - lost, key=lambda root: root.size)
        self._tree = GrowingTree()
        self._seq, self._previous = 0, leaf.GENESIS
        self._agreed, self._agreed_size = 0, 0

    def verify(self, progress: Callable[[int], None] | None = None) -> AuditReport:
        """Stop at the first entry that is not what was sealed; *progress* hears how many were right."""
        bad, until = None, None
        for page in entries_to_verify(self._connection, with_payloads=self._payloads is not None):
            bad, until = self._page(page)
            if progress is not None:
                progress(self._seq)
            if bad is not None:
                break
        bad = bad or self._cut_off() or self._unsealed_fault()
        return AuditReport(
            ok=bad is None,
            entries=self._seq,
            unsealed=self._count_unsealed(),
            erased=self._payloads.removed if self._payloads else 0,
            redacted=self._payloads.redacted if self._payloads else 0,
            head=AuditHead(self._seq, self._previous.hex()),
            roots=self._agreed,
            restores=self._restores,
            first_bad=bad,
            until=until,
        )

    def _page(self, page: Sequence[Row]) -> tuple[Fault | None, int | None]:
        """Take in the entries of a page as far as they are right."""
        start = self._seq
        page, right = count_right_of(self._connection, page, start, self._previous)
        bad = None if right == len(page) else self._fault(page, right)
        if self._payloads is not None:
            right, what = self._payloads.count_right(page[:right])
            bad = (start + right + 1, what) if what else bad
        disagreement = self._compare_roots(page[:right])
        if disagreement is not None:
            self._seq = self._agreed_size
            return (self._agreed_size + 1, "rewritten"), disagreement
        self._seq = bad[0] - 1 if bad else start + right
        if self._seq > start:
            self._previous = page[self._seq - start - 1][_HASH]
        return bad, None

    def _fault(self, page: Sequence[Row], index: int) -> Fault:
        """Say what is wrong with the first entry that does not follow the one before."""
        row, seq = StoredEntry(*page[index]), self._seq + index + 1
        previous = page[index - 1][_HASH] if index else self._previous
        if row.seq != seq:
            return seq, "deleted"
        skipped = self._prev_hash_of(seq + 1) == previous
        if not row.says_its_leaf() or not row.is_linked():
            return seq, "inserted" if skipped and row.prev_hash != previous else "changed"
        return self._misplaced(row, seq, skipped=skipped)

    def _misplaced(self, row: StoredEntry, seq: int, *, skipped: bool) -> Fault:
        """Tell an entry that was moved from one whose predecessor is gone, and from one put in between."""
        before = 0 if row.prev_hash == leaf.GENESIS else entry_with_hash(self._connection, row.prev_hash)
        if before is None:
            return seq, "inserted" if skipped else "deleted"
        return (before + 1, "inserted") if before < seq else (seq, "reordered")

    def _prev_hash_of(self, seq: int) -> bytes | None:
        query = select(AUDIT_LOG.c.prev_hash).where(AUDIT_LOG.c.seq == seq)
        found = self._connection.execute(query).scalar_one_or_none()
        return None if found is None else bytes(found)

    def _compare_roots(self, entries: Sequence[Row]) -> int | None:
        """Grow the tree; return the size of the first checkpoint that does not agree with it."""
        if not self._roots:
            return None
        hashes = [entry[_LEAF_HASH] for entry in entries]
        while hashes:
            stop = next((root.size for root in self._roots if root.size > self._tree.size), None)
            if stop is None:
                return None
            count = min(len(hashes), stop - self._tree.size, _BLOCK - self._tree.size % _BLOCK)
            if count == _BLOCK:
                self._tree.extend_by_block(hashes[:count])
            else:
                self._tree.extend(hashes[:count])
            hashes = hashes[count:]
            if self._tree.size == stop and not self._agrees(stop):
                return stop
        return None

    def _agrees(self, size: int) -> bool:
        stated = [root for root in self._roots if root.size == size]
        if any(root.root != self._tree.root() for root in stated):
            return False
        self._agreed, self._agreed_size = self._agreed + len(stated), size
        return True

    def _cut_off(self) -> Fault | None:
        """Look for traces of entries that must have followed the last one."""
        if self._roots and self._roots[-1].size > self._seq:
            return self._seq + 1, "truncated"
        orphan = (
            select(AUDIT_PAYLOADS.c.entry_id)
            .outerjoin(AUDIT_LOG, AUDIT_LOG.c.id == AUDIT_PAYLOADS.c.entry_id)
            .where(AUDIT_LOG.c.id.is_(None))
        )
        if self._connection.execute(orphan.limit(1)).first() is None:
            return None
        return self._seq + 1, "truncated"

    def _unsealed_fault(self) -> Fault | None:
        for row in unsealed_entries(self._connection, with_payloads=self._payloads is not None):
            if not row.says_its_leaf():
                return 0, "changed"
            if self._payloads and (what := self._payloads.count_right([row])[1]):
                return 0, what
        return None

    def _count_unsealed(self) -> int:
        unsealed = select(func.count()).select_from(AUDIT_LOG).where(AUDIT_LOG.c.seq.is_(None))
        return self._connection.execute(unsealed).scalar_one()


def _keys(subjects: Subjects, *, needed: bool) -> Mapping[str, SubjectKey]:
    try:
        return subjects.all_keys()
    except (MasterKeyMissingError, MasterKeyWrongError):
        if needed:
            raise
        return {}


class _Payloads:
    """Checks payloads against their commitments, and missing ones against recorded reasons."""

    def __init__(self, keys: Mapping[str, SubjectKey], nobody: str | None, removals: Removals) -> None:
        self._keys = keys
        self._nobody = nobody
        self._removals = removals
        self.removed = self.redacted = 0

    def count_right(self, entries: Sequence[Row]) -> tuple[int, str | None]:
        """Return how many entries have the right payload, and what is wrong with the one after them."""
        for index, entry in enumerate(entries):
            what = self._fault(StoredEntry(*entry))
            if what is not None:
                return index, what
        return len(entries), None

    def _fault(self, entry: StoredEntry) -> str | None:
        ref = entry.subject_ref or self._nobody
        if entry.payload is None:
            if not self._removals.explain(entry):
                return "payload missing"
            self.removed += 1
            return None
        key = self._keys.get(ref or "")
        if key is None:
            return "payload changed"
        if entry.commits_to(key, ref or ""):
            return None
        if not self._removals.explain_rewriting(entry, key, ref or ""):
            return "payload changed"
        self.redacted += 1
        return None
