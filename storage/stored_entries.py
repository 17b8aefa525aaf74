"""Reading the audit log as it is stored, quickly enough for a million entries in seconds."""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from types import NoneType
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects import sqlite

from storage import leaf
from storage.appending import read_stored
from storage.columns import moment_of
from storage.keys import SubjectKey
from storage.schema import AUDIT_LOG, AUDIT_PAYLOADS

PAGE = 512
_ANY = 2**63 - 1
_FIRST_MOMENT, _LAST_MOMENT = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first and the last microsecond of the calendar, from 1970."""

Row = tuple[Any, ...]
"""The fields of a StoredEntry, in its order."""
_TYPES: tuple[type | tuple[type, ...], ...] = (
    *(int, bytes, bytes, bytes, bytes),
    *(str, (int, datetime), str, str, (str, NoneType), str, str),
)


class StoredEntry(NamedTuple):
    """A row of the log and, where they were asked for, its payload; *at* is as the database holds it."""

    seq: int
    prev_hash: bytes
    hash: bytes
    leaf: bytes
    leaf_hash: bytes
    id: str
    at: int | datetime
    kind: str
    correlation_id: str
    subject_ref: str | None
    actor: str
    commitment: str
    alg: str | None = None
    payload: bytes | None = None

    @property
    def moment(self) -> datetime:
        """When it happened, in UTC."""
        return moment_of(self.at)

    def says_its_leaf(self) -> bool:
        """Say whether the readable columns are those of the leaf, and the leaf's hash is its own."""
        if not _is_as_written(self[3:12], _TYPES[3:]) or not _is_a_moment(self.at):
            return False
        envelope = leaf.Envelope(
            id=self.id,
            at=self.moment,
            kind=self.kind,
            correlation_id=self.correlation_id,
            subject_ref=self.subject_ref,
            actor=self.actor,
            commitment=self.commitment,
        )
        spelled = envelope.leaf(leaf.version_of(self.leaf))
        return spelled == self.leaf and leaf.leaf_hash(self.leaf) == self.leaf_hash

    def is_linked(self) -> bool:
        """Say whether the entry's hash is made of the hash before and the leaf's."""
        prev_hash: object = self.prev_hash
        return isinstance(prev_hash, bytes) and leaf.chain_hash(prev_hash, self.leaf_hash) == self.hash

    def commits_to(self, key: SubjectKey, subject_ref: str) -> bool:
        """Say whether the commitment in the leaf is to the stored payload."""
        payload = self.read(key, subject_ref)
        if payload is None:
            return False
        return hmac.compare_digest(leaf.commitment(self.commitment_key(key), payload), self.commitment)

    def commitment_key(self, key: SubjectKey) -> bytes:
        """Return what this entry's commitment was made with."""
        return key.secret if leaf.version_of(self.leaf) == 1 else key.commitment_key(self.id)

    def read(self, key: SubjectKey, subject_ref: str) -> bytes | None:
        """Return the payload's canonical bytes; None when there is none or it is not what was stored."""
        if not isinstance(self.payload, bytes) or self.alg is None:
            return None
        return read_stored(key, self.alg, self.payload, self.id, subject_ref)


_AT = StoredEntry._fields.index("at")
_COLUMNS = [AUDIT_LOG.c[name] for name in StoredEntry._fields[:-2]]
_ENTRIES = select(*_COLUMNS)
_WITH_PAYLOADS = select(*_COLUMNS, AUDIT_PAYLOADS.c.alg, AUDIT_PAYLOADS.c.payload).outerjoin(
    AUDIT_PAYLOADS, AUDIT_PAYLOADS.c.entry_id == AUDIT_LOG.c.id
)


# Spelled for the driver: for a million entries it is asked two thousand times.
_SQLITE_ENTRIES = str(_ENTRIES.compile(dialect=sqlite.dialect()))
_SQLITE_WITH_PAYLOADS = str(_WITH_PAYLOADS.compile(dialect=sqlite.dialect()))
_SQLITE_PAGE = f" WHERE audit_log.seq > ? AND audit_log.seq <= ? ORDER BY audit_log.seq LIMIT {PAGE}"
# A blob of the same bytes would hide an entry from whoever searches; JSON holds none, and SQLite says so.
_SQLITE_LIKELY = """SELECT seq, prev_hash, hash, leaf, leaf_hash, at, actor,
    json_object('commitment', commitment, 'correlation_id', correlation_id, 'id', id, 'kind', kind,
        'subject_ref', subject_ref, 'v', 2)
    FROM audit_log"""
LIKELY_FIELDS = 8
"""How many fields a row of `entries_to_verify` has that SQLite spelled."""


def entries_in_order(
    connection: Connection, *, with_payloads: bool, first: int | None = None, last: int | None = None
) -> Iterator[list[Row]]:
    """Yield the sealed entries by their number in the chain, a page at a time, from *first* to *last*."""
    base = _SQLITE_WITH_PAYLOADS if with_payloads else _SQLITE_ENTRIES
    return _pages(connection, base, first, last, with_payloads=with_payloads)


def entries_to_verify(
    connection: Connection, *, with_payloads: bool, first: int | None = None, last: int | None = None
) -> Iterator[list[Row]]:
    """Yield the same to be counted by `chain_check.count_right_of`; without payloads only what that needs.

    What follows the actor in a leaf then comes as one text that SQLite spells: making an object of every
    column would cost a million entries most of a second. A page it cannot spell comes whole.
    """
    base = _SQLITE_WITH_PAYLOADS if with_payloads else _SQLITE_LIKELY
    return _pages(connection, base, first, last, with_payloads=with_payloads)


def whole_entries(connection: Connection, page: Sequence[Row]) -> list[Row]:
    """Return the entries of a page with all their fields."""
    if len(page[0]) != LIKELY_FIELDS:
        return list(page)
    return _page(connection, _SQLITE_ENTRIES, page[0][0] - 1, page[-1][0], with_payloads=False)


def _pages(
    connection: Connection, base: str, first: int | None, last: int | None, *, with_payloads: bool
) -> Iterator[list[Row]]:
    after, until = (-_ANY if first is None else first - 1), (_ANY if last is None else last)
    while True:
        page = _page(connection, base, after, until, with_payloads=with_payloads)
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _page(connection: Connection, base: str, after: int, until: int, *, with_payloads: bool) -> list[Row]:
    if connection.dialect.name == "sqlite":
        try:
            return _from_sqlite(connection, base + _SQLITE_PAGE, (after, until))
        except sqlite3.OperationalError:
            if base != _SQLITE_LIKELY:
                raise
            return _from_sqlite(connection, _SQLITE_ENTRIES + _SQLITE_PAGE, (after, until))
    query = _WITH_PAYLOADS if with_payloads else _ENTRIES
    query = query.where(AUDIT_LOG.c.seq > after, AUDIT_LOG.c.seq <= until)
    return [tuple(row) for row in connection.execute(query.order_by(AUDIT_LOG.c.seq).limit(PAGE))]


def unsealed_entries(connection: Connection, *, with_payloads: bool) -> Iterator[StoredEntry]:
    """Yield the entries that have no place in the chain yet."""
    base = _WITH_PAYLOADS if with_payloads else _ENTRIES
    query = base.where(AUDIT_LOG.c.seq.is_(None)).order_by(AUDIT_LOG.c.position)
    yield from (StoredEntry(*row) for row in _rows(connection, query))


def entries_of_kinds(connection: Connection, kinds: Sequence[str]) -> Iterator[StoredEntry]:
    """Yield every entry of those kinds with its payload, in order."""
    query = _WITH_PAYLOADS.where(AUDIT_LOG.c.kind.in_(kinds)).order_by(AUDIT_LOG.c.position)
    yield from (StoredEntry(*row) for row in _rows(connection, query))


def entries_with_ids(connection: Connection, ids: Collection[str]) -> Iterator[StoredEntry]:
    """Yield the entries with these ids and their payloads."""
    wanted = list(ids)
    for start in range(0, len(wanted), PAGE):
        query = _WITH_PAYLOADS.where(AUDIT_LOG.c.id.in_(wanted[start : start + PAGE]))
        yield from (StoredEntry(*row) for row in _rows(connection, query))


def entry_with_hash(connection: Connection, sought: bytes) -> int | None:
    """Return the number of the entry that is hashed so."""
    query = select(AUDIT_LOG.c.seq).where(AUDIT_LOG.c.hash == sought)
    return connection.execute(query).scalars().first()


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """Return rows as the driver does: types are converted where they are looked at, which is seldom."""
    if connection.dialect.name == "sqlite":
        compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        return _from_sqlite(connection, str(compiled))
    return [tuple(row) for row in connection.execute(query)]


def _from_sqlite(connection: Connection, query: str, values: tuple[int, ...] = ()) -> list[Row]:
    """Ask the driver; a text that somebody made unreadable comes with marks in place of what is wrong."""
    driver: Any = connection.connection.driver_connection
    try:
        rows: list[Row] = driver.execute(query, values).fetchall()
    except sqlite3.OperationalError:
        usual, driver.text_factory = driver.text_factory, _with_marks
        try:
            rows = driver.execute(query, values).fetchall()
        finally:
            driver.text_factory = usual
    return rows


def _with_marks(text: bytes) -> str:
    return text.decode(errors="replace")


def is_stored_as_written(row: Row) -> bool:
    """Say whether every value is of the type it was written with, which SQLite itself does not insist on."""
    return _is_as_written(row, _TYPES) and _is_a_moment(row[_AT])


def _is_as_written(values: Row, types: Sequence[type | tuple[type, ...]]) -> bool:
    return all(isinstance(value, each) for value, each in zip(values, types, strict=False))


def _is_a_moment(at: int | datetime) -> bool:
    return not isinstance(at, int) or _FIRST_MOMENT <= at <= _LAST_MOMENT
