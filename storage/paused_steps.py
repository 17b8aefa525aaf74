"""What would have been done unasked, and waits until people have decided about the same donor."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select

from storage.schema import PAUSED_STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedStep:
    """One step; *event* is the CRM event as JSON that it is to be considered anew from."""

    id: str
    donor_id: str
    household_id: str | None
    event: bytes
    correlation_id: str
    paused_at: datetime


class PausedSteps:
    """The waiting steps, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, step: PausedStep) -> None:
        """Remember a step."""
        self._connection.execute(insert(PAUSED_STEPS).values(asdict(step)))

    def around(self, donor_id: str, household_id: str | None) -> list[PausedStep]:
        """Return what waits for a donor or anybody in the household, the oldest first."""
        table = PAUSED_STEPS.c
        whose = table.donor_id == donor_id
        if household_id is not None:
            whose = or_(whose, table.household_id == household_id)
        rows = self._connection.execute(
            select(PAUSED_STEPS).where(whose).order_by(table.paused_at, table.id)
        ).mappings()
        return [PausedStep(**{field.name: row[field.name] for field in fields(PausedStep)}) for row in rows]

    def remove(self, step_id: str) -> bool:
        """Take a step up again; True for exactly one caller."""
        gone = delete(PAUSED_STEPS).where(PAUSED_STEPS.c.id == step_id)
        return self._connection.execute(gone).rowcount == 1
