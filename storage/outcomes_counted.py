"""Outcomes as counted last: what came months after a decision need not be counted with every look."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.conflict import insert_or_update
from storage.schema import OUTCOMES_COUNTED

_ERASED = ("", 0)
_T = OUTCOMES_COUNTED.c


@dataclass(frozen=True, slots=True)
class OutcomesShown:
    """What was shown of so many days, as JSON, and when its counting began (UTC)."""

    scope: str
    days: int
    counted_at: datetime
    shown: str


class OutcomesCounted:
    """Outcomes as they were counted, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, scope: str, days: int) -> OutcomesShown | None:
        """Return what was counted last; None when nothing was, or something was erased since."""
        query = select(OUTCOMES_COUNTED).where(_T.scope == scope, _T.days == days)
        row = self._connection.execute(query).one_or_none()
        return OutcomesShown(row.scope, row.days, row.counted_at, row.shown) if row else None

    def keep(self, counted: OutcomesShown) -> None:
        """Keep what was counted, unless a donor was erased while it was."""
        erased = self.get(*_ERASED)
        if erased and erased.counted_at >= counted.counted_at:
            return
        values = {"counted_at": counted.counted_at, "shown": counted.shown}
        names = {"scope": counted.scope, "days": counted.days}
        insert_or_update(self._connection, OUTCOMES_COUNTED, ("scope", "days"), names | values)

    def forget_others(self, scopes: Collection[str]) -> None:
        """Forget what was counted for teams that are no more."""
        self._connection.execute(delete(OUTCOMES_COUNTED).where(_T.scope.not_in(list(scopes)), _T.days != 0))

    def forget(self, now: datetime) -> None:
        """Forget everything, and what is being counted at this moment: a donor is erased."""
        self._connection.execute(delete(OUTCOMES_COUNTED))
        scope, days = _ERASED
        gone = {"scope": scope, "days": days, "counted_at": now, "shown": ""}
        insert_or_update(self._connection, OUTCOMES_COUNTED, ("scope", "days"), gone)
