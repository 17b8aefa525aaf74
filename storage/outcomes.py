"""What came after decisions, added up by household in the database: acted on beside not acted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Interval,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)

from policy.clustered import Arm, Compared
from policy.digest_material import Came, CampaignFollowed, Followed, GivenAfter
from policy.interactions import ACTED, NOT_ACTED
from storage.schema import CAMPAIGNS_COUNTED, GIFTS_AFTER, RECOMMENDATIONS
from storage.team import Team

_R, _C, _G = RECOMMENDATIONS.c, CAMPAIGNS_COUNTED.c, GIFTS_AFTER.c
_ACTED = _R.conclusion.in_(sorted(ACTED))


class Outcomes:
    """What came after decisions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def followed(
        self,
        cames: Sequence[Came],
        start: datetime,
        end: datetime,
        within: timedelta,
        team: Team | None = None,
    ) -> dict[Came, list[Followed]]:
        """Return what came within that time after the decisions concluded from *start* until *end*.

        Whoever asks takes an *end* so early that all of them were followed for the whole time. All of them
        come first, then those of each kind of action. *cames* are counted in one reading.
        """
        during = (_R.concluded_at >= start, _R.concluded_at < end)
        hits: dict[str, ColumnElement[Any]] = {c: self._hit(c, within) for c in cames if c != "gifts"}
        query = select().select_from(RECOMMENDATIONS).where(*during)
        if "retained" in cames:
            query = query.where(_R.after_gift)
        kinds = _by_household(_of(query, team), _R.action_kind, hits).cte("kinds")
        if "gifts" in cames:
            kinds = self._with_gifts(kinds, start, end, within, team)
        names = ("n1", "n0", *(f"{x}_{came}" for came in cames for x in ("x1", "x0")))
        sums = [_sum(kinds.c[name], name) for name in names]
        every = select(literal("").label("by"), kinds.c.cluster, *sums)
        homes = every.group_by(kinds.c.cluster).cte("homes")
        rows = [_added(each, came) for came in cames for each in (homes, kinds)]
        found = dict[Came, dict[str, Compared]]()
        for came, by, *of in self._connection.execute(union_all(*rows)):
            found.setdefault(came, {})[by] = _pair(tuple(of))
        return {
            came: [Followed(action_kind=by, pair=pair) for by, pair in sorted(found.get(came, {}).items())]
            for came in cames
        }

    def given(
        self, start: datetime, end: datetime, within: timedelta, team: Team | None = None
    ) -> list[GivenAfter]:
        """Return what households gave within that time after decisions, by currency and acted on or not."""
        acted = case((_ACTED, 1), else_=0).label("acted")
        total = type_coerce(func.sum(_G.amount_minor), BigInteger)
        query = (
            select(_G.currency, acted, total)
            .join_from(GIFTS_AFTER, RECOMMENDATIONS, _R.entry_id == _G.recommendation_id)
            .where(_G.amount_minor.is_not(None), *_came_within(start, end, within, self._dialect))
            .group_by(_G.currency, acted, _R.cluster)
        )
        found = dict[tuple[str, int], list[int]]()
        for currency, was_acted, minor in self._connection.execute(_of(query, team)):
            found.setdefault((currency, was_acted), []).append(int(minor))
        return [
            GivenAfter(currency=currency, acted=bool(was_acted), totals=tuple(sorted(totals)))
            for (currency, was_acted), totals in sorted(found.items())
        ]

    def lone_donors(self, start: datetime, end: datetime, team: Team | None = None) -> int:
        """Return how many decisions come from before households were counted."""
        query = select(func.count()).select_from(RECOMMENDATIONS)
        query = query.where(_R.concluded_at >= start, _R.concluded_at < end, _R.after_gift.is_(None))
        return int(self._connection.execute(_of(query, team)).scalar_one())

    def campaigns(
        self, ended_from: datetime, ended_until: datetime, team: Team | None = None
    ) -> list[CampaignFollowed]:
        """Return, of each campaign that ended then, what came until its end after decisions in its time."""
        over = select(CAMPAIGNS_COUNTED).where(_C.ends_at >= ended_from, _C.ends_at < ended_until).subquery()
        during = select().join_from(RECOMMENDATIONS, over, over.c.campaign_id == _R.campaign_id)
        during = during.where(_R.concluded_at >= over.c.starts_at, _R.concluded_at < over.c.ends_at)
        hits = case((_R.gave_at < over.c.ends_at, 1), else_=0)
        households = _by_household(_of(during, team), _R.campaign_id, {"gave": hits}).subquery()
        rows = self._connection.execute(_added(households, "gave"))
        found = {row[1]: _pair(tuple(row[2:])) for row in rows}
        told = select(_C.campaign_id, _C.campaign_name, _C.ends_at).where(_C.campaign_id.in_(list(found)))
        return [
            CampaignFollowed(name=name, ended_at=ended_at, pair=found[campaign_id])
            for campaign_id, name, ended_at in self._connection.execute(told.order_by(_C.ends_at.desc()))
        ]

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _hit(self, came: Came, within: timedelta) -> ColumnElement[Any]:
        first = _R.replied_at if came == "replied" else _R.gave_at
        return case((_within(first, within, self._dialect), 1), else_=0)

    def _with_gifts(
        self, kinds: CTE, start: datetime, end: datetime, within: timedelta, team: Team | None
    ) -> CTE:
        """Put beside the decisions about each household how many gifts came after them.

        Gifts are added up by themselves: beside every decision they would have to be looked for.
        """
        acted = case((_ACTED, 1), else_=0)
        names = ("x1_gifts", "x0_gifts")
        query = (
            select(_R.action_kind.label("by"), _R.cluster, _sum(acted, names[0]), _sum(1 - acted, names[1]))
            .join_from(GIFTS_AFTER, RECOMMENDATIONS, _R.entry_id == _G.recommendation_id)
            .where(*_came_within(start, end, within, self._dialect))
            .group_by(_R.action_kind, _R.cluster)
        )
        gifts = _of(query, team).cte("gifts")
        same = and_(gifts.c.by == kinds.c.by, gifts.c.cluster == kinds.c.cluster)
        found = [func.coalesce(gifts.c[name], 0).label(name) for name in names]
        return select(*kinds.c, *found).join_from(kinds, gifts, same, isouter=True).cte("kinds_with_gifts")


def _came_within(
    start: datetime, end: datetime, within: timedelta, dialect: str
) -> tuple[ColumnElement[bool], ...]:
    """Choose the gifts that came in time after a decision of a period."""
    return (
        _G.at >= start,
        _G.at < end + within,
        _R.concluded_at >= start,
        _R.concluded_at < end,
        _G.at > _R.concluded_at,
        _within(_G.at, within, dialect),
    )


def _of(query: Select[Any], team: Team | None) -> Select[Any]:
    query = query.where(_R.conclusion.in_(sorted({*ACTED, *NOT_ACTED})))
    return query if team is None else query.where(_R.owner.in_(team.owners))


def _by_household(
    query: Select[Any], by: ColumnElement[Any], hits: Mapping[str, ColumnElement[Any]]
) -> Select[Any]:
    acted = case((_ACTED, 1), else_=0)
    columns = [_sum(acted, "n1"), _sum(1 - acted, "n0")]
    for came, hit in hits.items():
        columns += [_sum(acted * hit, f"x1_{came}"), _sum((1 - acted) * hit, f"x0_{came}")]
    return query.add_columns(by.label("by"), _R.cluster, *columns).group_by(by, _R.cluster)


def _added(households: FromClause | Subquery, came: str) -> Select[Any]:
    """Add up, over the households, what `Compared` is made of."""
    n1, n0 = households.c.n1, households.c.n0
    x1, x0 = households.c[f"x1_{came}"], households.c[f"x0_{came}"]
    sums = [
        part
        for n, x in ((n1, x1), (n0, x0))
        for part in (func.sum(case((n > 0, 1), else_=0)), *(func.sum(p) for p in (n, x, x * x, x * n, n * n)))
    ]
    sums += [func.sum(product) for product in (x1 * x0, x1 * n0, n1 * x0, n1 * n0)]
    return select(literal(came).label("came"), households.c.by, *sums).group_by(households.c.by)


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
