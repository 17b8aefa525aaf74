"""Payloads of the audit about others that name somebody who was erased: found, and rewritten without them.

A payload that was rewritten is no longer what its entry committed to; an entry of the kind "payload.redacted"
commits to what it is now, and `verify` holds it to that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from policy.canonical import canonical_json
from storage import leaf
from storage.appending import AES_GCM
from storage.keys import NONCE_BYTES, KeyRing, SubjectKey
from storage.mentions import Mentions
from storage.schema import AUDIT_PAYLOADS, AUDIT_SUBJECTS, NOBODY
from storage.stored_entries import StoredEntry, entries_in_order, entries_with_ids, unsealed_entries
from storage.subjects import Subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entry about *donor_id* (None for nobody) whose payload names the person.

    *surely* means by an id, an address or a number; a name alone may be somebody else's too.
    """

    entry_id: str
    kind: str
    donor_id: str | None
    surely: bool


@dataclass(frozen=True, slots=True)
class Struck:
    """An entry whose payload was rewritten, and the commitment to what it says now."""

    entry_id: str
    donor_id: str | None
    commitment: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How a person is called: *sure* ids, addresses and numbers, and *names* that others may bear as well."""

    sure: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, donor_id: str, called: Collection[str]) -> Terms:
        """Tell addresses and numbers from names."""
        sure = {each for each in called if "@" in each or any(letter.isdigit() for letter in each)}
        return cls(frozenset({donor_id, *sure}), frozenset(set(called) - sure))

    @property
    def all(self) -> frozenset[str]:
        """Every term."""
        return self.sure | self.names


class Redaction:
    """Finds and rewrites payloads, in the caller's transaction."""

    def __init__(self, connection: Connection, entropy: Callable[[int], bytes], keys: KeyRing | None) -> None:
        self._connection = connection
        self._entropy = entropy
        self._subjects = Subjects(connection, entropy, keys)

    def naming(
        self, terms: Terms, besides: str, *, after: int = 0, progress: Callable[[int], None] | None = None
    ) -> list[Named]:
        """Return the entries from number *after* on whose payloads name the person, but for their own.

        *progress* hears how many entries were looked at. Those that are not sealed yet are looked at too.
        """
        every, sure = self._mentions(terms.all), self._mentions(terms.sure)
        keys, donors, found = self._subjects.all_keys(), self._donors(), []
        for count, (entry, ref) in enumerate(self._entries(after), start=1):
            if progress is not None and count % 512 == 0:
                progress(count)
            key, donor_id = keys.get(ref), donors.get(ref)
            payload = entry.read(key, ref) if key and donor_id != besides else None
            if payload is None or not every.are_in(payload):
                continue
            about = None if donor_id == NOBODY else donor_id
            surely = sure.are_in(payload)
            found.append(Named(entry_id=entry.id, kind=entry.kind, donor_id=about, surely=surely))
        return found

    def strike_out(self, entry_ids: Collection[str], terms: Terms) -> list[Struck]:
        """Rewrite these payloads without the person, encrypted with the keys they had."""
        every, keys, donors = self._mentions(terms.all), self._subjects.all_keys(), self._donors()
        nobody, struck = self._subjects.nobody() or "", []
        for entry in entries_with_ids(self._connection, entry_ids):
            ref = entry.subject_ref or nobody
            key, donor_id = keys.get(ref), donors.get(ref)
            payload = entry.read(key, ref) if key else None
            if key is None or payload is None or not every.are_in(payload):
                continue
            without = canonical_json(json.loads(every.struck_out(payload) or b"{}"))
            self._store(entry, ref, key, without)
            committed = leaf.commitment(entry.commitment_key(key), without)
            struck.append(Struck(entry.id, None if donor_id == NOBODY else donor_id, committed))
        return struck

    def _store(self, entry: StoredEntry, ref: str, key: SubjectKey, payload: bytes) -> None:
        if entry.alg == AES_GCM:
            payload = key.encrypt(payload, self._entropy(NONCE_BYTES), entry.id, ref)
        this = AUDIT_PAYLOADS.c.entry_id == entry.id
        self._connection.execute(update(AUDIT_PAYLOADS).where(this).values(payload=payload))

    def _entries(self, after: int) -> Iterator[tuple[StoredEntry, str]]:
        nobody = self._subjects.nobody() or ""
        for page in entries_in_order(self._connection, with_payloads=True, first=after + 1):
            for row in page:
                entry = StoredEntry(*row)
                yield entry, entry.subject_ref or nobody
        for entry in unsealed_entries(self._connection, with_payloads=True):
            yield entry, entry.subject_ref or nobody

    def _donors(self) -> dict[str, str]:
        query = select(AUDIT_SUBJECTS.c.subject_ref, AUDIT_SUBJECTS.c.donor_id)
        return {row.subject_ref: row.donor_id for row in self._connection.execute(query)}

    def _mentions(self, terms: Collection[str]) -> Mentions:
        return Mentions(self._connection.dialect.name, terms)
