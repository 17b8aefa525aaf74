"""Everything that proves one entry to somebody who has a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from storage.schema import AUDIT_LOG
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class EntryProof:
    """An entry's leaf and the path from it to *root*, the one of the last checkpoint over *size* entries.

    Without a *note* no checkpoint covers the entry yet.
    """

    seq: int
    leaf: bytes
    leaf_hash: bytes
    size: int = 0
    root: bytes = b""
    path: tuple[bytes, ...] = ()
    note: str | None = None


def entry_proof(tx: Transaction, named: str) -> EntryProof | None:
    """Prove the entry with that id or number; None when there is no such sealed entry."""
    seq = int(named) if named.isascii() and named.isdecimal() else -1
    query = select(AUDIT_LOG.c.seq, AUDIT_LOG.c.leaf, AUDIT_LOG.c.leaf_hash)
    wanted = or_(AUDIT_LOG.c.id == named, AUDIT_LOG.c.seq == seq)
    row = tx.audit.connection.execute(query.where(wanted, AUDIT_LOG.c.seq.is_not(None))).first()
    if row is None:
        return None
    entry, last = (row[0], bytes(row[1]), bytes(row[2])), tx.checkpoints.latest()
    if last is None or last.size < row[0]:
        return EntryProof(*entry)
    path = tx.checkpoints.tree.inclusion_proof(row[0], last.size)
    return EntryProof(*entry, last.size, last.root, tuple(path), last.note)
