"""Checkpoints: the tree's root, signed, to be kept where the database's owner cannot reach it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from storage.chain_check import count_right_of
from storage.errors import StorageError
from storage.keys import KeyRing, MasterKeyMissingError
from storage.leaf import GENESIS
from storage.merkle import verify_consistency
from storage.one_at_a_time import one_at_a_time
from storage.schema import AUDIT_CHECKPOINTS, AUDIT_LOG, SIGNING_KEYS
from storage.signed_note import NoteInvalidError, SignedNote, TreeHead, VerifierKey, sign
from storage.stored_entries import entries_to_verify
from storage.tree import AuditTree

BOTH_SIGN = timedelta(days=30)
"""How long a replaced key signs beside the new one, so that whoever verifies can take that over."""

_NAME = "countersign.audit/"
_MATTER = "checkpoints"


class InconsistentLogError(StorageError):
    """The log is not the one the last checkpoint was signed for, so nothing is signed."""

    def __init__(self, size: int) -> None:
        super().__init__("log_differs_from_last_checkpoint")
        self.size = size


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement about the first *size* entries; *note* is its whole text."""

    size: int
    root: bytes
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs or signed; *signs_until* is None for the present one."""

    key: VerifierKey
    created_at: datetime
    signs_until: datetime | None


class Checkpoints:
    """Signed checkpoints and their keys, in the caller's transaction."""

    def __init__(self, connection: Connection, entropy: Callable[[int], bytes], keys: KeyRing | None) -> None:
        self._connection = connection
        self._entropy = entropy
        self._keys = keys
        self.tree = AuditTree(connection)

    def sign(self, now: datetime) -> Checkpoint | None:
        """Sign what is sealed so far; None when nothing was sealed since the last time.

        What was sealed since is recomputed first, and must continue what was signed before. Raises
        InconsistentLogError, MasterKeyMissingError.
        """
        one_at_a_time(self._connection, _MATTER)
        size, last = self.tree.size(), self.latest()
        if size == (last.size if last else 0):
            return None
        if last and size < last.size:
            raise InconsistentLogError(last.size)
        self._check_entries(last.size if last else 0, size)
        self.tree.grow()
        root = self.tree.root(size)
        if last and not self._continues(last, size, root):
            raise InconsistentLogError(last.size)
        signers = self._signers(now)
        note = sign(TreeHead(signers[0][0], size, root).text, signers)
        stated = Checkpoint(size, root, note, now)
        self._connection.execute(insert(AUDIT_CHECKPOINTS).values(size=size, root=root, note=note, at=now))
        return stated

    def vouch_for(self, name: str, content: bytes, now: datetime) -> str:
        """Return a note, signed as checkpoints are, that says what the file called *name* holds.

        Its second line is no number, so nobody can take it for a checkpoint. Raises MasterKeyMissingError.
        """
        signers = self._signers(now)
        digest = hashlib.sha256(content).hexdigest()
        return sign(f"{signers[0][0]}\nSHA-256 of {name}\n{digest}\n", signers)

    def latest(self) -> Checkpoint | None:
        """Return the last checkpoint."""
        query = select(AUDIT_CHECKPOINTS).order_by(AUDIT_CHECKPOINTS.c.size.desc()).limit(1)
        row = self._connection.execute(query).mappings().first()
        return _checkpoint(row) if row else None

    def get(self, size: int) -> Checkpoint | None:
        """Return the checkpoint over exactly so many entries."""
        query = select(AUDIT_CHECKPOINTS).where(AUDIT_CHECKPOINTS.c.size == size)
        row = self._connection.execute(query).mappings().first()
        return _checkpoint(row) if row else None

    def all(self) -> list[Checkpoint]:
        """Return every checkpoint, the smallest first."""
        query = select(AUDIT_CHECKPOINTS).order_by(AUDIT_CHECKPOINTS.c.size)
        return [_checkpoint(row) for row in self._connection.execute(query).mappings()]

    def faults(self) -> list[str]:
        """Return what is wrong with what is stored besides the entries: checkpoints and the tree's nodes.

        The entries themselves are proven by their hashes and by checkpoints kept elsewhere. A checkpoint that
        says in a column what its note does not, or nodes that lead to another root, would spoil proofs.
        """
        found, stated = [], self.all()
        for each in stated:
            try:
                head = TreeHead.parse(SignedNote.parse(each.note).text)
            except NoteInvalidError:
                found.append(f"checkpoint {each.size} cannot be read")
                continue
            if (head.size, head.root) != (each.size, each.root):
                found.append(f"checkpoint {each.size} says something else than its signed note")
        if stated and not found and self.tree.size() >= stated[-1].size:
            try:
                root = self.tree.root(stated[-1].size)
            except (IndexError, ValueError):
                root = b""
            if root != stated[-1].root:
                found.append("the stored tree leads to another root than the last checkpoint")
        return found

    def signing_keys(self) -> list[SigningKey]:
        """Return every key that signs or signed, the newest first."""
        query = select(SIGNING_KEYS).order_by(SIGNING_KEYS.c.created_at.desc(), SIGNING_KEYS.c.id)
        return [
            SigningKey(VerifierKey(row["name"], bytes(row["public"])), row["created_at"], row["signs_until"])
            for row in self._connection.execute(query).mappings()
        ]

    def rotate(self, now: datetime) -> SigningKey:
        """Make a new key; the present one signs beside it for a month and stays verifiable for ever."""
        present = SIGNING_KEYS.c.signs_until.is_(None)
        name = self._connection.execute(select(SIGNING_KEYS.c.name).where(present)).scalars().first()
        retired = update(SIGNING_KEYS).where(present).values(signs_until=now + BOTH_SIGN)
        self._connection.execute(retired)
        return self._make_key(name or f"{_NAME}{self._entropy(6).hex()}", now)

    def _continues(self, last: Checkpoint, size: int, root: bytes) -> bool:
        proof = self.tree.consistency_proof(last.size, size)
        return verify_consistency(last.size, size, last.root, root, proof)

    def _check_entries(self, after: int, size: int) -> None:
        query = select(AUDIT_LOG.c.hash).where(AUDIT_LOG.c.seq == after)
        previous = bytes(self._connection.execute(query).scalar_one()) if after else GENESIS
        seq = after
        for page in entries_to_verify(self._connection, with_payloads=False, first=after + 1, last=size):
            found, right = count_right_of(self._connection, page, seq, previous)
            if right != len(found):
                raise InconsistentLogError(after)
            seq, previous = page[-1][0], page[-1][2]

    def _signers(self, now: datetime) -> list[tuple[str, Ed25519PrivateKey]]:
        if self._keys is None:
            raise MasterKeyMissingError
        active = or_(SIGNING_KEYS.c.signs_until.is_(None), SIGNING_KEYS.c.signs_until > now)
        query = select(SIGNING_KEYS).where(active).order_by(SIGNING_KEYS.c.created_at.desc())
        rows = self._connection.execute(query).mappings().all()
        if not any(row["signs_until"] is None for row in rows):
            self.rotate(now)
            rows = self._connection.execute(query).mappings().all()
        return [(row["name"], self._private(row, self._keys)) for row in rows]

    def _private(self, row: RowMapping, keys: KeyRing) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(
            keys.unwrap(bytes(row["private"]), row["master_id"], row["id"])
        )

    def _make_key(self, name: str, now: datetime) -> SigningKey:
        if self._keys is None:
            raise MasterKeyMissingError
        secret = self._entropy(32)
        public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        key = VerifierKey(name, public)
        row = {
            "id": key.key_id.hex(),
            "name": name,
            "public": public,
            "private": self._keys.wrap(secret, key.key_id.hex(), self._entropy),
            "master_id": self._keys.current_id,
            "created_at": now,
            "signs_until": None,
        }
        self._connection.execute(insert(SIGNING_KEYS).values(row))
        return SigningKey(key, now, None)


def _checkpoint(row: RowMapping) -> Checkpoint:
    return Checkpoint(row["size"], bytes(row["root"]), row["note"], row["at"])
