"""Looking after keys: checking the master key, replacing it, encrypting what was stored without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, select, union, update

from storage.appending import AES_GCM, UNENCRYPTED
from storage.keys import NONCE_BYTES, KeyRing, MasterKeyMissingError, MasterKeyWrongError
from storage.schema import AUDIT_EXCERPTS, AUDIT_PAYLOADS, AUDIT_SUBJECTS, SIGNING_KEYS
from storage.subjects import Subjects

_PAGE = 500


class KeyCare:
    """The keys of this database, in the caller's transaction."""

    def __init__(self, connection: Connection, entropy: Callable[[int], bytes], keys: KeyRing | None) -> None:
        self._connection = connection
        self._entropy = entropy
        self._keys = keys

    def master_ids(self) -> frozenset[str]:
        """Return the ids of the master keys that something is wrapped with."""
        wrapping = union(
            select(AUDIT_SUBJECTS.c.master_id).where(AUDIT_SUBJECTS.c.master_id.is_not(None)),
            select(SIGNING_KEYS.c.master_id),
        )
        return frozenset(self._connection.execute(wrapping).scalars())

    def adopt(self) -> None:
        """Check that everything can be unwrapped, and wrap what was stored before there was a master key.

        Raises MasterKeyWrongError.
        """
        keys = self._ring()
        if wanted := [key_id for key_id in self.master_ids() if not keys.holds(key_id)]:
            raise MasterKeyWrongError(wanted)
        if self._has_unwrapped():
            self.rewrap()

    def rewrap(self) -> int:
        """Wrap every secret with the master key in use; return how many were wrapped otherwise."""
        return self._rewrap(AUDIT_SUBJECTS, "subject_ref", "key") + self._rewrap(
            SIGNING_KEYS, "id", "private"
        )

    def encrypt_payloads(self, limit: int) -> int:
        """Encrypt up to *limit* payloads that were stored in clear; return how many there were.

        What was excerpted of them in clear goes: it is in the payload as well.
        """
        keys, table = self._ring(), AUDIT_PAYLOADS.c
        clear = (
            select(
                table.entry_id,
                table.subject_ref,
                table.payload,
                AUDIT_SUBJECTS.c.key,
                AUDIT_SUBJECTS.c.master_id,
            )
            .join(AUDIT_SUBJECTS, AUDIT_SUBJECTS.c.subject_ref == table.subject_ref)
            .where(table.alg == UNENCRYPTED)
            .order_by(table.entry_id)
            .limit(limit)
        )
        subjects = Subjects(self._connection, self._entropy, keys)
        rows = []
        for entry_id, ref, payload, wrapped, key_id in self._connection.execute(clear).all():
            key = subjects.opened(ref, wrapped, key_id)
            encrypted = key.encrypt(bytes(payload), self._entropy(NONCE_BYTES), entry_id, ref)
            rows.append({"of_entry": entry_id, "to_payload": encrypted})
        if rows:
            self._connection.execute(_ENCRYPT, rows)
            self._connection.execute(_FORGET_EXCERPT, [{"of_entry": row["of_entry"]} for row in rows])
        return len(rows)

    def _rewrap(self, table: Any, about: str, column: str) -> int:
        keys, done = self._ring(), 0
        others = select(table.c[about], table.c[column], table.c.master_id).where(
            table.c.master_id.is_distinct_from(keys.current_id)
        )
        again = (
            update(table)
            .where(table.c[about] == bindparam("of"))
            .values({column: bindparam("to"), "master_id": keys.current_id})
        )
        while page := self._connection.execute(others.order_by(table.c[about]).limit(_PAGE)).all():
            rows = []
            for name, stored, key_id in page:
                secret = bytes(stored) if key_id is None else keys.unwrap(bytes(stored), key_id, name)
                rows.append({"of": name, "to": keys.wrap(secret, name, self._entropy)})
            self._connection.execute(again, rows)
            done += len(rows)
        return done

    def _has_unwrapped(self) -> bool:
        unwrapped = select(exists().where(AUDIT_SUBJECTS.c.master_id.is_(None)))
        return bool(self._connection.execute(unwrapped).scalar_one())

    def _ring(self) -> KeyRing:
        if self._keys is None:
            raise MasterKeyMissingError
        return self._keys


_FORGET_EXCERPT = delete(AUDIT_EXCERPTS).where(
    AUDIT_EXCERPTS.c.entry_id == bindparam("of_entry"), AUDIT_EXCERPTS.c.alg == UNENCRYPTED
)
_ENCRYPT = (
    update(AUDIT_PAYLOADS)
    .where(AUDIT_PAYLOADS.c.entry_id == bindparam("of_entry"))
    .values(payload=bindparam("to_payload"), alg=AES_GCM)
)
