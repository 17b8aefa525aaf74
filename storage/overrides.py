"""How often people overruled a proposal, in which way and why: codes only, so that they can be counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from policy.override_reasons import Override, OverrideReason
from storage.schema import OVERRIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideEntry:
    """One override by a Slack user; *reason* is None where none was given."""

    id: str
    escalation_id: str
    override: Override
    reason: OverrideReason | None
    by_user: str
    at: datetime


class Overrides:
    """All overrides, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entry: OverrideEntry) -> None:
        """Store one."""
        self._connection.execute(insert(OVERRIDES).values(asdict(entry)))

    def counts(self, start: datetime, end: datetime) -> dict[tuple[Override, OverrideReason | None], int]:
        """Return how often each override had each reason from *start* until before *end*."""
        table = OVERRIDES.c
        query = select(table.override, table.reason, func.count()).where(table.at >= start, table.at < end)
        rows = self._connection.execute(query.group_by(table.override, table.reason))
        return {
            (Override(override), OverrideReason(reason) if reason else None): count
            for override, reason, count in rows
        }
