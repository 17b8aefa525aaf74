"""What somebody has paused, until when and why: read at every decision, so that nothing can be stale."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, delete, select

from policy.decision_facts import Capability
from storage.conflict import insert_or_update
from storage.schema import PAUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """One paused capability. *by* is an actor such as "slack:U123", *until* None means until it is resumed.

    *change_id* names the act of pausing; several capabilities paused together share it. Times are UTC.
    """

    capability: Capability
    change_id: str
    by: str
    by_name: str
    reason: str
    since: datetime
    until: datetime | None = None


class Pauses:
    """The paused capabilities, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_force(self, now: datetime) -> tuple[Pause, ...]:
        """Return what is paused at *now*; a pause is over at the moment it lasts until."""
        rows = self._connection.execute(_ALL).mappings()
        pauses = (Pause(**{**row, "capability": cast("Capability", row["capability"])}) for row in rows)
        return tuple(pause for pause in pauses if pause.until is None or pause.until > now)

    def put(self, pause: Pause) -> None:
        """Pause a capability, or replace the pause it has."""
        insert_or_update(self._connection, PAUSES, ("capability",), asdict(pause))

    def lift(self, capability: Capability, *, change_id: str | None = None) -> bool:
        """End the pause of a capability, only the one of *change_id* if given; False when there is none."""
        gone = delete(PAUSES).where(PAUSES.c.capability == capability)
        if change_id is not None:
            gone = gone.where(PAUSES.c.change_id == change_id)
        return self._connection.execute(gone).rowcount == 1


_ALL = select(PAUSES).order_by(PAUSES.c.capability)
