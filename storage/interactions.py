"""What is read of the counted interactions: the figures of two periods, and the decisions behind them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from policy.cells import Cells, Where
from policy.decided import Decided
from policy.digest_material import Overruled
from policy.digest_periods import Period
from policy.interactions import Kind
from policy.tally import By, Override
from storage.schema import CONSIDERATIONS, ESCALATIONS, INTERACTION_GROUPS, INTERACTIONS
from storage.tallies import Tallies
from storage.team import Team, of_team

_I, _G = INTERACTIONS.c, INTERACTION_GROUPS.c


class Interactions:
    """The counted interactions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tallies = Tallies(connection)

    def cells(self, period: Period, team: Team | None = None) -> Cells:
        """Return everything in a period and the one before, added up."""
        now, before = (
            self._tallies.between(start, end, team)
            for start, end in ((period.start, period.end), (period.before, period.start))
        )
        return Cells(now, before)

    def reading_words(self, start: datetime, end: datetime, team: Team | None = None) -> tuple[int, int]:
        """Return how many decisions were measured, and how many words their cards had in all."""
        table = CONSIDERATIONS.c
        query = select(func.count(), func.coalesce(func.sum(table.words), 0)).where(
            table.at >= start, table.at < end, table.words.is_not(None)
        )
        if team is not None:
            query = query.where(table.user_id.in_(team.people))
        found = self._connection.execute(query).one()
        return int(found[0]), int(found[1])

    def overruled(self, found: Sequence[Override]) -> list[Overruled]:
        """Return overrides with what there is to read of them, in the same order."""
        query = (
            select(_I.entry_id, _I.number, ESCALATIONS.c.permalink, *_TOLD)
            .join_from(INTERACTIONS, INTERACTION_GROUPS, _I.group_id == _G.id)
            .outerjoin(ESCALATIONS, ESCALATIONS.c.id == _I.escalation_id)
            .where(_I.entry_id.in_([each.entry_id for each in found]))
        )
        rows = self._connection.execute(query).mappings()
        told = {(row["entry_id"], row["number"]): row for row in rows}
        return [
            Overruled(**_told(row), permalink=row["permalink"])
            for each in found
            if (row := told.get((each.entry_id, each.number)))
        ]

    def decided(
        self,
        kinds: Collection[Kind],
        start: datetime,
        end: datetime,
        team: Team | None = None,
        *,
        limit: int,
        offset: int = 0,
        where: Where | None = None,
    ) -> list[Decided]:
        """Return what was done with proposals, the latest first; *where* names one action or one reason."""
        query = (
            select(*_TOLD)
            .join_from(INTERACTION_GROUPS, INTERACTIONS, _I.group_id == _G.id)
            .outerjoin(ESCALATIONS, ESCALATIONS.c.id == _I.escalation_id)
            .where(_G.kind.in_(kinds), _I.at >= start, _I.at < end, *_narrowed(where))
            .order_by(_I.at.desc(), _I.escalation_id)
            .limit(limit)
            .offset(offset)
        )
        rows = self._connection.execute(of_team(query, team)).mappings()
        return [Decided(**_told(row)) for row in rows]


_TOLD = (
    *(_I.at, _I.escalation_id, ESCALATIONS.c.correlation_id),
    *(_G.kind, _G.reason, _G.person, _G.action_kind, _G.stage, _G.confidence),
)


def _told(row: RowMapping) -> dict[str, Any]:
    """Read `_TOLD`; the reference is what cards show of a correlation id."""
    told = {column.name: row[column.name] for column in _TOLD}
    correlation_id = told.pop("correlation_id") or ""
    return told | {"kind": Kind(told["kind"]), "reference": correlation_id[-6:].lower()}


def _narrowed(where: Where | None) -> list[ColumnElement[bool]]:
    columns = {By.ACTION: _G.action_kind, By.REASON: _G.reason}
    return [columns[where.by] == where.value] if where else []
