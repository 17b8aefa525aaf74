"""The Merkle tree of RFC 6962 (section 2.1): roots, inclusion proofs and consistency proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256

Hash = bytes
SubtreeRoot = Callable[[int, int], Hash]
"""Returns the root over the leaves from one index until before another."""


@dataclass(frozen=True, slots=True)
class KnownRoot:
    """The tree's root over the first *size* entries, as a signed checkpoint states it."""

    size: int
    root: Hash


def node_hash(left: Hash, right: Hash) -> Hash:
    """Return the hash of an inner node."""
    return _sha256(b"\x01" + left + right).digest()


def complete_root(hashes: Sequence[Hash]) -> Hash:
    """Return the root over leaf or node hashes whose number is a power of two."""
    level = list(hashes)
    while len(level) > 1:
        pairs = iter(level)
        level = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


def split(size: int) -> int:
    """Return the largest power of two smaller than *size*: where a tree divides."""
    return 1 << (size - 1).bit_length() - 1


def root_of(start: int, end: int, subtree: SubtreeRoot) -> Hash:
    """Return the root from *start* until before *end*, asking *subtree* for what is whole."""
    size = end - start
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        return subtree(start, end)
    middle = start + split(size)
    return node_hash(subtree(start, middle), root_of(middle, end, subtree))


def inclusion_proof(index: int, size: int, subtree: SubtreeRoot) -> list[Hash]:
    """Return the path from the leaf at *index* (from 0) to the root over *size* leaves."""
    return _path(index, 0, size, subtree)


def _path(index: int, start: int, end: int, subtree: SubtreeRoot) -> list[Hash]:
    if end - start <= 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*_path(index, start, middle, subtree), root_of(middle, end, subtree)]
    return [*_path(index, middle, end, subtree), root_of(start, middle, subtree)]


def consistency_proof(old: int, new: int, subtree: SubtreeRoot) -> list[Hash]:
    """Return the proof that the tree over *old* leaves is the beginning of the one over *new*."""
    return [] if old in (0, new) else _subproof(old, 0, new, subtree, whole=True)


def _subproof(old: int, start: int, end: int, subtree: SubtreeRoot, *, whole: bool) -> list[Hash]:
    if old == end - start:
        return [] if whole else [root_of(start, end, subtree)]
    middle = start + split(end - start)
    if old <= middle - start:
        return [*_subproof(old, start, middle, subtree, whole=whole), root_of(middle, end, subtree)]
    inner = _subproof(old - (middle - start), middle, end, subtree, whole=False)
    return [*inner, root_of(start, middle, subtree)]


def verify_inclusion(leaf: Hash, index: int, size: int, proof: Sequence[Hash], root: Hash) -> bool:
    """Say whether *proof* leads from a leaf's hash at *index* to *root* (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, current = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            current = node_hash(part, current)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            current = node_hash(current, part)
        here, last = here >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(old: int, new: int, old_root: Hash, new_root: Hash, proof: Sequence[Hash]) -> bool:
    """Say whether *proof* shows that the tree over *old* leaves begins the other (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not proof and (old_root == new_root if old == new else old_root == EMPTY_ROOT)
    parts = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(parts) and _same_beginning(old - 1, new - 1, parts, old_root, new_root)


def _same_beginning(here: int, last: int, parts: list[Hash], old_root: Hash, new_root: Hash) -> bool:
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            second = node_hash(second, part)
        here, last = here >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class GrowingTree:
    """The root over leaves as they come, keeping one hash for each complete subtree."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[Hash] = []

    def extend(self, leaves: Iterable[Hash]) -> None:
        """Add leaf hashes."""
        for leaf in leaves:
            self._add(leaf, 1)

    def extend_by_block(self, block: Sequence[Hash]) -> None:
        """Add a power of two of leaf hashes; the size so far must be a multiple of it."""
        self._add(complete_root(block), len(block))

    def root(self) -> Hash:
        """Return the root over everything added so far."""
        if not self._complete:
            return EMPTY_ROOT
        current = self._complete[-1]
        for left in reversed(self._complete[:-1]):
            current = node_hash(left, current)
        return current

    def _add(self, current: Hash, leaves: int) -> None:
        width = self.size // leaves
        while width & 1:
            current = node_hash(self._complete.pop(), current)
            width >>= 1
        self._complete.append(current)
        self.size += leaves
