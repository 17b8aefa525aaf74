"""What is read of the counted interactions: the figures of two periods, and the decisions behind them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from policy.cells import Active, Cell, Cells
from policy.decided import Decided
from policy.digest_material import Overruled
from policy.digest_periods import Period
from policy.interactions import BY_PEOPLE, NO_CONFIDENCE, OVERRIDES, Kind
from storage.schema import CONSIDERATIONS, ESCALATIONS, INTERACTION_GROUPS, INTERACTIONS

_I, _G = INTERACTIONS.c, INTERACTION_GROUPS.c


@dataclass(frozen=True, slots=True)
class Team:
    """Whose figures: Slack user ids and e-mail addresses of the same people."""

    people: frozenset[str]
    owners: frozenset[str]


class Interactions:
    """The counted interactions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cells(self, period: Period, team: Team | None = None, kinds: Collection[Kind] | None = None) -> Cells:
        """Return everything, or what is of some *kinds*, in a period and the one before, added up."""
        sums = self._sums(period, team, kinds)
        columns = [func.sum(sums.c[name]) for name in _SUMS]
        by = [_G[name] for name in _BY]
        counted = select(literal("").label("person"), *by, *columns).group_by(*by)
        # Who acted is added up in the same statement, so that a million rows are read once and not twice.
        blank = [_G.kind, *(literal("") for _ in _BY[1:-1]), literal(NO_CONFIDENCE)]
        acted = select(_G.person, *blank, *columns).where(_G.person != "").group_by(_G.kind, _G.person)
        both = [
            each.join_from(sums, INTERACTION_GROUPS, _G.id == sums.c.group_id) for each in (counted, acted)
        ]
        cells, active = list[Cell](), list[Active]()
        for person, *row in self._connection.execute(union_all(*both)):
            cell = _cell(tuple(row))
            if person:
                active.append(Active(cell.kind, person, cell.now, cell.before))
            else:
                cells.append(cell)
        return Cells(cells, active)

    def _sums(self, period: Period, team: Team | None, kinds: Collection[Kind] | None) -> CTE:
        """Add each group up; its rows lie side by side in the index, so nothing needs sorting."""
        now = _I.at >= period.start
        query = select(
            _I.group_id,
            func.sum(case((now, 1), else_=0)).label("now"),
            func.count().label("every"),
            func.coalesce(func.sum(case((now, _I.amount))), 0).label("amount_now"),
            func.coalesce(func.sum(_I.amount), 0).label("amount_every"),
        ).where(_I.at >= period.before, _I.at < period.end)
        wanted = [_of(team)] if team is not None else []
        wanted += [_G.kind.in_(kinds)] if kinds is not None else []
        if wanted:
            query = query.where(_I.group_id.in_(select(_G.id).where(*wanted)))
        return query.group_by(_I.group_id).cte("sums")

    def amounts(
        self, kinds: Collection[Kind], start: datetime, end: datetime, team: Team | None = None
    ) -> dict[int, int]:
        """Return how often each amount occurs among interactions of those *kinds*."""
        query = (
            select(_I.amount, func.count())
            .join_from(INTERACTION_GROUPS, INTERACTIONS, _I.group_id == _G.id)
            .where(_G.kind.in_(kinds), _I.at >= start, _I.at < end, _I.amount.is_not(None))
            .group_by(_I.amount)
        )
        return {row[0]: row[1] for row in self._connection.execute(_within(query, team))}

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

    def overruled(
        self, start: datetime, end: datetime, limit: int, team: Team | None = None
    ) -> list[Overruled]:
        """Return the overrides most worth reading: against the highest confidence, the latest first."""
        query = (
            select(
                _I.at,
                _G.kind,
                _G.reason,
                _G.person,
                _G.action_kind,
                _G.stage,
                _G.confidence,
                _I.escalation_id,
                ESCALATIONS.c.permalink,
                ESCALATIONS.c.correlation_id,
            )
            .join_from(INTERACTION_GROUPS, INTERACTIONS, _I.group_id == _G.id)
            .outerjoin(ESCALATIONS, ESCALATIONS.c.id == _I.escalation_id)
            .where(_G.kind.in_(OVERRIDES), _I.at >= start, _I.at < end)
            .order_by(_G.confidence.desc(), _I.at.desc())
            .limit(limit)
        )
        rows = self._connection.execute(_within(query, team))
        return [
            Overruled(
                at=row[0],
                kind=Kind(row[1]),
                reason=row[2],
                person=row[3],
                action_kind=row[4],
                stage=row[5],
                confidence=row[6],
                escalation_id=row[7],
                permalink=row[8],
                reference=(row[9] or "")[-6:].lower(),
            )
            for row in rows
        ]

    def count(self, kinds: Collection[Kind], start: datetime, end: datetime, team: Team | None = None) -> int:
        """Return how many interactions of those *kinds* there were."""
        query = (
            select(func.count())
            .select_from(INTERACTION_GROUPS)
            .join(INTERACTIONS, _I.group_id == _G.id)
            .where(_G.kind.in_(kinds), _I.at >= start, _I.at < end)
        )
        return int(self._connection.execute(_within(query, team)).scalar_one())

    def decided(
        self,
        kinds: Collection[Kind],
        start: datetime,
        end: datetime,
        team: Team | None = None,
        *,
        limit: int,
        offset: int = 0,
    ) -> list[Decided]:
        """Return what was done with proposals, the latest first."""
        query = (
            select(
                _I.at,
                _G.kind,
                _G.reason,
                _G.person,
                _G.action_kind,
                _G.stage,
                _G.confidence,
                _I.escalation_id,
                ESCALATIONS.c.correlation_id,
            )
            .join_from(INTERACTION_GROUPS, INTERACTIONS, _I.group_id == _G.id)
            .outerjoin(ESCALATIONS, ESCALATIONS.c.id == _I.escalation_id)
            .where(_G.kind.in_(kinds), _I.at >= start, _I.at < end)
            .order_by(_I.at.desc(), _I.escalation_id)
            .limit(limit)
            .offset(offset)
        )
        return [
            Decided(
                at=row[0],
                kind=Kind(row[1]),
                reason=row[2],
                person=row[3],
                action_kind=row[4],
                stage=row[5],
                confidence=row[6],
                escalation_id=row[7],
                reference=(row[8] or "")[-6:].lower(),
            )
            for row in self._connection.execute(_within(query, team))
        ]

    def decision_minutes(self, start: datetime, end: datetime, team: Team | None = None) -> dict[int, int]:
        """Return how often people took how many minutes from the event to their decision."""
        return self.amounts(BY_PEOPLE, start, end, team)


def _within(query: Select[Any], team: Team | None) -> Select[Any]:
    return query if team is None else query.where(_of(team))


def _of(team: Team) -> ColumnElement[bool]:
    return or_(_G.person.in_(team.people), and_(_G.person == "", _G.owner.in_(team.owners)))


_BY = ("kind", "reason", "action_kind", "stage", "model", "prompt", "confidence")
_SUMS = ("now", "every", "amount_now", "amount_every")


def _cell(row: tuple[Any, ...]) -> Cell:
    now, every, amount, amount_every = (int(each) for each in row[len(_BY) :])
    told = dict(zip(_BY, row, strict=False)) | {"kind": Kind(row[0])}
    return Cell(**told, now=now, before=every - now, amount=amount, amount_before=amount_every - amount)
