"""Removing payloads of the audit whose time is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select

from policy.retention import matches
from storage.schema import AUDIT_LOG, AUDIT_PAYLOADS, EXPLAINING


@dataclass(frozen=True, slots=True)
class Expiry:
    """Payloads of *kinds*, *but* not of these, from before a moment are over."""

    kinds: tuple[str, ...]
    but: tuple[str, ...]
    before: datetime


class Retention:
    """Old payloads, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def remove(self, expiries: Sequence[Expiry], kept: Collection[str]) -> int:
        """Remove what is over, but for subjects in *kept*; return how many payloads that was."""
        removed = 0
        for expiry in expiries:
            over = select(AUDIT_LOG.c.id).where(*self._over(expiry, kept))
            gone = delete(AUDIT_PAYLOADS).where(AUDIT_PAYLOADS.c.entry_id.in_(over))
            removed += self._connection.execute(gone).rowcount
        return removed

    def stored(self, expiry: Expiry) -> tuple[int, datetime | None]:
        """Return how many payloads a rule is about, and when the oldest was written."""
        kinds = self._kinds(expiry)
        query = (
            select(func.count(), func.min(AUDIT_LOG.c.at))
            .join(AUDIT_PAYLOADS, AUDIT_PAYLOADS.c.entry_id == AUDIT_LOG.c.id)
            .where(AUDIT_LOG.c.kind.in_(kinds))
        )
        count, oldest = self._connection.execute(query).one()
        return count, oldest

    def _over(self, expiry: Expiry, kept: Collection[str]) -> list[ColumnElement[bool]]:
        ref = AUDIT_LOG.c.subject_ref
        held = or_(ref.is_(None), ref.not_in(kept))
        return [AUDIT_LOG.c.at < expiry.before, AUDIT_LOG.c.kind.in_(self._kinds(expiry)), held]

    def _kinds(self, expiry: Expiry) -> list[str]:
        """Return the kinds in the log that are meant: there are a few dozen, so they are looked through.

        What explains a gap is never over: without it the gap would look like tampering.
        """
        every = self._connection.execute(select(AUDIT_LOG.c.kind).distinct()).scalars()
        return [kind for kind in every if expiry_names(expiry, kind) and kind not in EXPLAINING]


def expiry_names(expiry: Expiry, kind: str) -> bool:
    """Say whether *kind* is one of those the rule is about."""
    meant = any(matches(pattern, kind) for pattern in expiry.kinds)
    return meant and not any(matches(pattern, kind) for pattern in expiry.but)
