"""Who an audit entry is about: a random reference and a secret per donor, both gone after erasure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.keys import SECRET_BYTES, KeyRing, MasterKeyMissingError, MasterKeyWrongError, SubjectKey
from storage.schema import AUDIT_LOG, AUDIT_PAYLOADS, AUDIT_SUBJECTS, NOBODY


class Subject(NamedTuple):
    """A donor's reference in the log and key; *is_secret* is False in a database without a master key."""

    ref: str
    key: SubjectKey
    is_secret: bool


class Subjects:
    """The donors the log knows, in the caller's transaction."""

    def __init__(self, connection: Connection, entropy: Callable[[int], bytes], keys: KeyRing | None) -> None:
        self._connection = connection
        self._entropy = entropy
        self._keys = keys

    def of(self, donor_ids: Collection[str]) -> dict[str, Subject]:
        """Return each donor's subject, made anew where there is none.

        On PostgreSQL the rows stay locked against erasure until the transaction ends.
        """
        found = self._find(donor_ids)
        missing = [donor_id for donor_id in donor_ids if donor_id not in found]
        if missing:
            self._make(sorted(missing))
            found |= self._find(missing)
        return found

    def opened(self, ref: str, stored: bytes, key_id: str | None) -> SubjectKey:
        """Return the key in a row of the table. Raises MasterKeyMissingError, MasterKeyWrongError."""
        if key_id is None:
            return SubjectKey.of(bytes(stored))
        if self._keys is None:
            raise MasterKeyMissingError
        return self._keys.subject(bytes(stored), key_id, ref)

    def all_keys(self) -> dict[str, SubjectKey]:
        """Return every known subject's key by reference, but for those somebody has meddled with.

        Raises MasterKeyMissingError, MasterKeyWrongError.
        """
        table, found = AUDIT_SUBJECTS.c, {}
        for row in self._connection.execute(select(table.subject_ref, table.key, table.master_id)):
            try:
                found[row[0]] = self.opened(*row)
            except MasterKeyWrongError:
                if self._keys is None or not self._keys.holds(row[2]):
                    raise
        return found

    def nobody(self) -> str | None:
        """Return the reference of entries about nobody; None while there are none."""
        query = select(AUDIT_SUBJECTS.c.subject_ref).where(AUDIT_SUBJECTS.c.donor_id == NOBODY)
        return self._connection.execute(query).scalar_one_or_none()

    def key_of_nobody(self) -> SubjectKey:
        """Return the key of entries about nobody."""
        table = AUDIT_SUBJECTS.c
        query = select(table.subject_ref, table.key, table.master_id).where(table.donor_id == NOBODY)
        row = self._connection.execute(query).first()
        return self.of([NOBODY])[NOBODY].key if row is None else self.opened(*row)

    def _find(self, donor_ids: Collection[str]) -> dict[str, Subject]:
        if self._connection.dialect.name == "sqlite":
            rows = self._find_on_sqlite(list(donor_ids))
        else:
            rows = self._connection.execute(_LOCKED, {"donor_ids": list(donor_ids)}).all()
        return {row[0]: Subject(row[1], self.opened(*row[1:]), row[3] is not None) for row in rows}

    def _find_on_sqlite(self, donor_ids: list[str]) -> Sequence[Any]:
        """Ask the driver itself, since every batch of entries does."""
        driver: Any = self._connection.connection.driver_connection
        marks = ",".join("?" * len(donor_ids))
        rows: Sequence[Any] = driver.execute(f"{_ON_SQLITE} ({marks})", donor_ids).fetchall()
        return rows

    def _make(self, donor_ids: list[str]) -> None:
        if self._keys is None and self._is_encrypted():
            raise MasterKeyMissingError
        row = _new_subject(self._connection.dialect.name)
        self._connection.execute(row, [self._fresh(donor_id) for donor_id in donor_ids])

    def _fresh(self, donor_id: str) -> dict[str, Any]:
        ref, secret = self._entropy(16).hex(), self._entropy(SECRET_BYTES)
        if self._keys is None:
            return {"donor_id": donor_id, "subject_ref": ref, "key": secret, "master_id": None}
        wrapped = self._keys.wrap(secret, ref, self._entropy)
        return {
            "donor_id": donor_id,
            "subject_ref": ref,
            "key": wrapped,
            "master_id": self._keys.current_id,
        }

    def _is_encrypted(self) -> bool:
        return bool(self._connection.execute(_ANY_WRAPPED).scalar_one())


@lru_cache
def _new_subject(dialect: str) -> postgresql.Insert | sqlite.Insert:
    row = postgresql.insert(AUDIT_SUBJECTS) if dialect == "postgresql" else sqlite.insert(AUDIT_SUBJECTS)
    return row.inline().on_conflict_do_nothing(index_elements=("donor_id",))


@dataclass(frozen=True, slots=True)
class ErasedSubject:
    """What erasing a donor removed: the reference that stood for them, and how many payloads."""

    ref: str
    payloads: int


def erase_subject(connection: Connection, donor_id: str, keys: KeyRing | None) -> ErasedSubject | None:
    """Delete a donor's payloads, key and mapping, after whoever is appending about them has committed."""
    row = connection.execute(_TO_ERASE, {"of_donor": donor_id}).first()
    if row is None:
        return None
    ref, wrapped = row
    entries = select(AUDIT_LOG.c.id).where(AUDIT_LOG.c.subject_ref == ref)
    removed = connection.execute(delete(AUDIT_PAYLOADS).where(AUDIT_PAYLOADS.c.entry_id.in_(entries)))
    connection.execute(delete(AUDIT_SUBJECTS).where(AUDIT_SUBJECTS.c.subject_ref == ref))
    if keys is not None:
        keys.forget(bytes(wrapped))
    return ErasedSubject(ref, removed.rowcount)


_ANY_WRAPPED = select(exists().where(AUDIT_SUBJECTS.c.master_id.is_not(None)))
_ON_SQLITE = "SELECT donor_id, subject_ref, key, master_id FROM audit_subjects WHERE donor_id IN"
_LOCKED = (
    select(
        AUDIT_SUBJECTS.c.donor_id,
        AUDIT_SUBJECTS.c.subject_ref,
        AUDIT_SUBJECTS.c.key,
        AUDIT_SUBJECTS.c.master_id,
    )
    .where(AUDIT_SUBJECTS.c.donor_id.in_(bindparam("donor_ids", expanding=True)))
    .order_by(AUDIT_SUBJECTS.c.donor_id)
    .with_for_update(key_share=True, read=True)
)
_TO_ERASE = (
    select(AUDIT_SUBJECTS.c.subject_ref, AUDIT_SUBJECTS.c.key)
    .where(AUDIT_SUBJECTS.c.donor_id == bindparam("of_donor"))
    .with_for_update()
)
