"""What a candidate policy would have decided beside the one in force; it names no donor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from storage.schema import POLICY_SHADOW


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDecision:
    """One decision by both versions; *candidate_outcome* is None when the candidate gave no answer.

    *details* is JSON with the differences: rule ids and roles, nothing about the donor.
    """

    id: str
    at: datetime
    candidate: str
    in_force: str
    outcome: str
    candidate_outcome: str | None
    agrees: bool
    details: bytes
    correlation_id: str


class Shadow:
    """The shadow decisions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, decision: ShadowDecision) -> None:
        """Store one comparison."""
        self._connection.execute(insert(POLICY_SHADOW).values(asdict(decision)))

    def forget(self, before: datetime) -> int:
        """Delete what was compared before a moment; return how much that was."""
        return self._connection.execute(delete(POLICY_SHADOW).where(POLICY_SHADOW.c.at < before)).rowcount

    def disagreements(self, candidate: str, limit: int) -> list[ShadowDecision]:
        """Return where *candidate* would have decided differently, the latest first."""
        table = POLICY_SHADOW.c
        query = select(POLICY_SHADOW).where(table.candidate == candidate, table.agrees.is_(False))
        rows = self._connection.execute(query.order_by(table.at.desc(), table.id.desc()).limit(limit))
        return [ShadowDecision(**row) for row in rows.mappings()]

    def counts(self, candidate: str) -> dict[tuple[str, str | None], int]:
        """Return how often each pair of outcomes, in force and of *candidate*, came up."""
        table = POLICY_SHADOW.c
        pair = (table.outcome, table.candidate_outcome)
        query = select(*pair, func.count()).where(table.candidate == candidate).group_by(*pair)
        return {(row[0], row[1]): row[2] for row in self._connection.execute(query)}

    def disagreed(self, candidate: str) -> int:
        """Return how many decisions of *candidate* differ in any way."""
        table = POLICY_SHADOW.c
        query = select(func.count()).where(table.candidate == candidate, table.agrees.is_(False))
        return int(self._connection.execute(query).scalar_one())
