"""What came after decisions, added up by household in the database: acted on beside not acted on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Interval,
    Select,
    Subquery,
    case,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)

from policy.clustered import Arm, Compared
from policy.digest_material import Came, CampaignFollowed, Followed
from policy.interactions import ACTED, NOT_ACTED
from storage.schema import CAMPAIGNS_COUNTED, GIFTS_AFTER, RECOMMENDATIONS
from storage.team import Team

_R, _C, _G = RECOMMENDATIONS.c, CAMPAIGNS_COUNTED.c, GIFTS_AFTER.c
_ARMS = ("n1", "x1", "n0", "x0")
_ACTED = _R.conclusion.in_(sorted(ACTED))


class Outcomes:
    """What came after decisions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def followed(
        self, came: Came, start: datetime, end: datetime, within: timedelta, team: Team | None = None
    ) -> list[Followed]:
        """Return what came within that time after the decisions concluded from *start* until *end*.

        Whoever asks takes an *end* so early that all of them were followed for the whole time. All of them
        come first, then those of each kind of action.
        """
        query, hits = self._hits(came, start, end, within)
        query = query.where(_R.concluded_at >= start, _R.concluded_at < end)
        if came == "retained":
            query = query.where(_R.after_gift)
        kinds = _by_household(_of(query, team), _R.action_kind, hits).cte("kinds")
        every = select(literal("").label("by"), kinds.c.cluster, *(_sum(kinds.c[arm], arm) for arm in _ARMS))
        rows = union_all(_added(every.group_by(kinds.c.cluster).subquery()), _added(kinds))
        found = {row[0]: _pair(tuple(row[1:])) for row in self._connection.execute(rows)}
        return [Followed(action_kind=by, pair=found[by]) for by in sorted(found)]

    def campaigns(
        self, ended_from: datetime, ended_until: datetime, team: Team | None = None
    ) -> list[CampaignFollowed]:
        """Return, of each campaign that ended then, what came until its end after decisions in its time."""
        over = select(CAMPAIGNS_COUNTED).where(_C.ends_at >= ended_from, _C.ends_at < ended_until).subquery()
        during = select().join_from(RECOMMENDATIONS, over, over.c.campaign_id == _R.campaign_id)
        during = during.where(_R.concluded_at >= over.c.starts_at, _R.concluded_at < over.c.ends_at)
        hits = case((_R.gave_at < over.c.ends_at, 1), else_=0)
        query = _added(_by_household(_of(during, team), _R.campaign_id, hits).subquery())
        found = {row[0]: _pair(tuple(row[1:])) for row in self._connection.execute(query)}
        told = select(_C.campaign_id, _C.campaign_name, _C.ends_at).where(_C.campaign_id.in_(list(found)))
        return [
            CampaignFollowed(name=name, ended_at=ended_at, pair=found[campaign_id])
            for campaign_id, name, ended_at in self._connection.execute(told.order_by(_C.ends_at.desc()))
        ]

    def _hits(
        self, came: Came, start: datetime, end: datetime, within: timedelta
    ) -> tuple[Select[Any], ColumnElement[Any]]:
        dialect = self._connection.dialect.name
        if came != "gifts":
            first = _R.replied_at if came == "replied" else _R.gave_at
            inside = case((_within(first, within, dialect), 1), else_=0)
            return select().select_from(RECOMMENDATIONS), inside
        gifts = (
            select(_G.recommendation_id, func.count().label("gifts"))
            .join_from(GIFTS_AFTER, RECOMMENDATIONS, _R.entry_id == _G.recommendation_id)
            .where(_G.at >= start, _G.at < end + within, _R.concluded_at >= start, _R.concluded_at < end)
            .where(_G.at > _R.concluded_at, _within(_G.at, within, dialect))
            .group_by(_G.recommendation_id)
            .subquery()
        )
        joined = select().join_from(
            RECOMMENDATIONS, gifts, gifts.c.recommendation_id == _R.entry_id, isouter=True
        )
        return joined, func.coalesce(gifts.c.gifts, 0)


def _of(query: Select[Any], team: Team | None) -> Select[Any]:
    query = query.where(_R.conclusion.in_(sorted({*ACTED, *NOT_ACTED})))
    return query if team is None else query.where(_R.owner.in_(team.owners))


def _by_household(query: Select[Any], by: ColumnElement[Any], hits: ColumnElement[Any]) -> Select[Any]:
    acted = case((_ACTED, 1), else_=0)
    columns = (acted, acted * hits, 1 - acted, (1 - acted) * hits)
    named = [_sum(column, name) for name, column in zip(_ARMS, columns, strict=True)]
    return query.add_columns(by.label("by"), _R.cluster, *named).group_by(by, _R.cluster)


def _added(households: FromClause | Subquery) -> Select[Any]:
    """Add up, over the households, what `Compared` is made of."""
    n1, x1, n0, x0 = (households.c[name] for name in _ARMS)
    sums = [
        part
        for n, x in ((n1, x1), (n0, x0))
        for part in (func.sum(case((n > 0, 1), else_=0)), *(func.sum(p) for p in (n, x, x * x, x * n, n * n)))
    ]
    sums += [func.sum(product) for product in (x1 * x0, x1 * n0, n1 * x0, n1 * n0)]
    return select(households.c.by, *sums).group_by(households.c.by)


def _pair(row: tuple[Any, ...]) -> Compared:
    sums = [int(each) for each in row]
    return Compared(Arm(*sums[:6]), Arm(*sums[6:12]), *sums[12:])


def _sum(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return type_coerce(func.sum(column), BigInteger).label(name)


def _within(response: ColumnElement[Any], within: timedelta, dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return response <= _R.concluded_at + literal(within, Interval())
    concluded = type_coerce(_R.concluded_at, BigInteger)
    return type_coerce(response, BigInteger) <= concluded + within // timedelta(microseconds=1)
