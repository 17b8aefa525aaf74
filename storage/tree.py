"""The Merkle tree over the sealed entries: roots and proofs from a few hundred stored hashes."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, func, insert, select

from storage import merkle
from storage.schema import AUDIT_LOG, AUDIT_TREE
from storage.sealing import head

_WIDTH = 256
_AT_ONCE = 64


class AuditTree:
    """The tree in the caller's transaction.

    Roots of complete subtrees over 256 leaves, 256 of those, and so on are stored when they are first needed;
    that is one hash for every 255 entries. Everything stored follows from the entries and proves nothing by
    itself: `verify` computes the tree anew.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def remembering(self) -> RememberingTree:
        """Return the same tree for many proofs in a row: what one needed, the next mostly needs too."""
        return RememberingTree(self._subtree)

    def size(self) -> int:
        """Return how many entries are sealed."""
        return head(self._connection).seq

    def grow(self) -> None:
        """Store the roots of the subtrees that are complete by now."""
        nodes, level = self.size(), 0
        while nodes >= _WIDTH:
            nodes, level = nodes // _WIDTH, level + 1
            self._complete(level, nodes)

    def root(self, size: int) -> bytes:
        """Return the root over the first *size* entries."""
        return merkle.root_of(0, size, self._subtree)

    def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """Return the path from the entry with that number to the root over *size* entries."""
        return merkle.inclusion_proof(seq - 1, size, self._subtree)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the first *old* of *new* entries are what they were."""
        return merkle.consistency_proof(old, new, self._subtree)

    def _complete(self, level: int, nodes: int) -> None:
        query = select(func.max(AUDIT_TREE.c.number)).where(AUDIT_TREE.c.level == level)
        last = self._connection.execute(query).scalar_one_or_none()
        first = 0 if last is None else last + 1
        for start in range(first, nodes, _AT_ONCE):
            end = min(start + _AT_ONCE, nodes)
            hashes = self._nodes(level - 1, start * _WIDTH, end * _WIDTH)
            rows = [
                {
                    "level": level,
                    "number": number,
                    "hash": merkle.complete_root(
                        hashes[(number - start) * _WIDTH : (number - start + 1) * _WIDTH]
                    ),
                }
                for number in range(start, end)
            ]
            self._connection.execute(insert(AUDIT_TREE).inline(), rows)

    def _subtree(self, start: int, end: int) -> bytes:
        """Return the root over a whole power of two of leaves."""
        level, width = 0, 1
        while end - start >= width * _WIDTH:
            level, width = level + 1, width * _WIDTH
        return merkle.complete_root(self._nodes(level, start // width, end // width))

    def _nodes(self, level: int, start: int, end: int) -> list[bytes]:
        if level == 0:
            query = select(AUDIT_LOG.c.leaf_hash).where(AUDIT_LOG.c.seq > start, AUDIT_LOG.c.seq <= end)
            ordered = query.order_by(AUDIT_LOG.c.seq)
        else:
            query = select(AUDIT_TREE.c.hash).where(
                AUDIT_TREE.c.level == level, AUDIT_TREE.c.number >= start, AUDIT_TREE.c.number < end
            )
            ordered = query.order_by(AUDIT_TREE.c.number)
        return [bytes(found) for found in self._connection.execute(ordered).scalars()]


class RememberingTree:
    """Inclusion proofs that share what was read for those before."""

    def __init__(self, subtree: merkle.SubtreeRoot) -> None:
        self._subtree = lru_cache(100_000)(subtree)

    def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """Return the path from the entry with that number to the root over *size* entries."""
        return merkle.inclusion_proof(seq - 1, size, self._subtree)
