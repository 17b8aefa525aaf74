"""Legal holds: donors whose records must be kept, whatever their time of retention."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.conflict import insert_new
from storage.schema import AUDIT_SUBJECTS, LEGAL_HOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """Why a donor's records must be kept, on whose word, since when (UTC)."""

    donor_id: str
    reason: str
    placed_by: str
    placed_at: datetime


class Holds:
    """The legal holds, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def place(self, hold: LegalHold) -> bool:
        """Place a hold; False when there is one already."""
        return insert_new(self._connection, LEGAL_HOLDS, ("donor_id",), asdict(hold))

    def release(self, donor_id: str) -> bool:
        """Release a hold; False when there is none."""
        released = delete(LEGAL_HOLDS).where(LEGAL_HOLDS.c.donor_id == donor_id)
        return self._connection.execute(released).rowcount == 1

    def of(self, donor_id: str) -> LegalHold | None:
        """Return the hold on one donor."""
        row = self._connection.execute(select(LEGAL_HOLDS).where(LEGAL_HOLDS.c.donor_id == donor_id))
        found = row.mappings().first()
        return LegalHold(**found) if found else None

    def all(self) -> list[LegalHold]:
        """Return every hold, the earliest first."""
        query = select(LEGAL_HOLDS).order_by(LEGAL_HOLDS.c.placed_at, LEGAL_HOLDS.c.donor_id)
        return [LegalHold(**row) for row in self._connection.execute(query).mappings()]

    def refs(self) -> list[str]:
        """Return the references by which the audit log knows the donors on hold."""
        query = select(AUDIT_SUBJECTS.c.subject_ref).join(
            LEGAL_HOLDS, LEGAL_HOLDS.c.donor_id == AUDIT_SUBJECTS.c.donor_id
        )
        return sorted(self._connection.execute(query).scalars())
