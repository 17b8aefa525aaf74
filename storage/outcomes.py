"""What came after decisions, added up by household in the database: acted on beside not acted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Interval,
    Select,
    and_,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
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
_GIVEN = "given"
_SUMS = 16
"""How many sums over households `Compared` is made of."""

_ROOM_TO_GROUP = select(func.set_config("work_mem", "32MB", true()))
"""For this transaction: households that do not fit are put aside into files, which costs a tenth more."""


@dataclass(frozen=True, slots=True)
class Window:
    """Decisions concluded from *start* until before *end*, each followed for *within* for what is in *cames*.

    "retained" counts only decisions about somebody who had just given; it stands alone.
    """

    cames: tuple[Came, ...]
    start: datetime
    end: datetime
    within: timedelta


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came after decisions, and what households gave in all; *given* only where gifts are followed."""

    followed: dict[Came, list[Followed]]
    given: list[GivenAfter]


class Outcomes:
    """What came after decisions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def followed(self, windows: Sequence[Window], team: Team | None = None) -> Outcome:
        """Return what came after the decisions of some windows; gifts also by how much they came to.

        Whoever asks takes windows that end so early that all decisions were followed for the whole time. All
        of them come first, then those of each kind of action. Windows that overlap are read at once.
        """
        if self._dialect == "postgresql":
            self._connection.execute(_ROOM_TO_GROUP)
        found, given = dict[Came, dict[str, Compared]](), dict[tuple[str, int], list[int]]()
        for several in _overlapping(windows):
            for came, by, *of in self._connection.execute(self._following(several, team)):
                if came == _GIVEN:
                    was_acted, total, households, *_ = map(int, of)
                    given.setdefault((by, was_acted), []).extend([total] * households)
                else:
                    found.setdefault(came, {})[by] = _pair(tuple(of))
        return Outcome(
            {
                came: [
                    Followed(action_kind=by, pair=pair) for by, pair in sorted(found.get(came, {}).items())
                ]
                for window in windows
                for came in window.cames
            },
            [
                GivenAfter(currency=currency, acted=bool(was_acted), totals=tuple(sorted(totals)))
                for (currency, was_acted), totals in sorted(given.items())
            ],
        )

    def _following(self, windows: Sequence[Window], team: Team | None) -> CompoundSelect[Any]:
        """Add up each household once for all windows; the sums over households are made of that."""
        first, last = min(each.start for each in windows), max(each.end for each in windows)
        columns = [
            column
            for at, window in enumerate(windows)
            for column in self._sums(at, window, alone=len(windows) == 1)
        ]
        query = select(_R.action_kind.label("by"), _R.cluster, *columns).where(
            _R.concluded_at >= first, _R.concluded_at < last
        )
        # By the number first: comparing it decides nearly always, and is quicker than comparing words.
        kinds = _of(query, team).group_by(_R.cluster, _R.action_kind).cte("kinds")
        rows = list[Select[Any]]()
        with_gifts = next((each for each in windows if "gifts" in each.cames), None)
        if with_gifts:
            gifts = _of(self._gifts(with_gifts), team).cte("gifts")
            kinds = _beside(kinds, gifts)
            rows += [_given(gifts, acted=acted) for acted in (True, False)]
        names = [column.name for column in kinds.c if column.name not in {"by", "cluster"}]
        every = select(
            literal("").label("by"), kinds.c.cluster, *(_sum(kinds.c[name], name) for name in names)
        )
        homes = every.group_by(kinds.c.cluster).cte("homes")
        rows += [
            _added(each, came, at)
            for at, window in enumerate(windows)
            for came in window.cames
            for each in (homes, kinds)
        ]
        return union_all(*rows)

    def _sums(self, at: int, window: Window, *, alone: bool) -> Iterator[ColumnElement[Any]]:
        """Yield how many decisions of one window a household has, and after how many something came."""
        of: list[ColumnElement[bool]] = [_R.after_gift] if "retained" in window.cames else []
        if not alone:
            of += [_R.concluded_at >= window.start, _R.concluded_at < window.end]
        yield _count(f"n_{at}", *of)
        yield _count(f"n1_{at}", *of, _ACTED)
        for came in window.cames:
            if came != "gifts":
                response = _R.replied_at if came == "replied" else _R.gave_at
                hit = (*of, _within(response, window.within, self._dialect))
                yield _count(f"x_{came}", *hit)
                yield _count(f"x1_{came}", *hit, _ACTED)

    def _gifts(self, window: Window) -> Select[Any]:
        """Add up the gifts that came in time after a decision, by household, currency and kind of action.

        Gifts are added up by themselves: beside every decision they would have to be looked for.
        """
        known = _G.amount_minor.is_not(None)
        amounts = [
            type_coerce(func.coalesce(func.sum(_G.amount_minor).filter(which), 0), BigInteger).label(name)
            for name, which in (("minor", ~_ACTED), ("minor1", _ACTED))
        ]
        return (
            select(_R.action_kind.label("by"), _R.cluster, _G.currency)
            .add_columns(_count("x_gifts"), _count("x1_gifts", _ACTED))
            .add_columns(_count("known", known, ~_ACTED), _count("known1", known, _ACTED), *amounts)
            .join_from(GIFTS_AFTER, RECOMMENDATIONS, _R.entry_id == _G.recommendation_id)
            .where(
                _G.at >= window.start,
                _G.at < window.end + window.within,
                _R.concluded_at >= window.start,
                _R.concluded_at < window.end,
                _G.at > _R.concluded_at,
                _within(_G.at, window.within, self._dialect),
            )
            .group_by(_R.cluster, _R.action_kind, _G.currency)
        )

    def are_more_than(self, most: int, start: datetime, end: datetime) -> bool:
        """Say whether more than so many decisions were concluded."""
        some = select(_R.concluded_at).where(_R.concluded_at >= start, _R.concluded_at < end)
        query = select(func.count()).select_from(some.limit(most + 1).subquery())
        return int(self._connection.execute(query).scalar_one()) > most

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
        during = during.add_columns(_R.campaign_id, *_counts(_R.gave_at < over.c.ends_at))
        of = _of(during, team).group_by(_R.campaign_id, _R.cluster).cte("of_campaigns").c
        sums = _over_households(of.campaign_id, "gave", (of.n1, of.n - of.n1), (of.x1, of.x - of.x1))
        rows = self._connection.execute(sums)
        found = {row[1]: _pair(tuple(row[2:])) for row in rows}
        told = select(_C.campaign_id, _C.campaign_name, _C.ends_at).where(_C.campaign_id.in_(list(found)))
        return [
            CampaignFollowed(name=name, ended_at=ended_at, pair=found[campaign_id])
            for campaign_id, name, ended_at in self._connection.execute(told.order_by(_C.ends_at.desc()))
        ]

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name


def _overlapping(windows: Sequence[Window]) -> list[list[Window]]:
    """Put windows together that overlap, except one that leaves most decisions out."""
    found = list[list[Window]]()
    for window in sorted(windows, key=lambda each: (_is_narrow(each), each.start)):
        last = found[-1] if found and not _is_narrow(window) else []
        if any(window.start < each.end for each in last):
            last.append(window)
        else:
            found.append([window])
    return found


def _is_narrow(window: Window) -> bool:
    return "retained" in window.cames


def _of(query: Select[Any], team: Team | None) -> Select[Any]:
    query = query.where(_R.conclusion.in_(sorted({*ACTED, *NOT_ACTED})))
    return query if team is None else query.where(_R.owner.in_(team.owners))


def _beside(kinds: CTE, gifts: CTE) -> CTE:
    """Put beside the decisions about each household how many gifts came after them."""
    names = ("x_gifts", "x1_gifts")
    query = select(gifts.c.by, gifts.c.cluster, *(_sum(gifts.c[name], name) for name in names))
    whole = query.group_by(gifts.c.cluster, gifts.c.by).cte("whole_gifts")
    same = and_(whole.c.cluster == kinds.c.cluster, whole.c.by == kinds.c.by)
    found = [func.coalesce(whole.c[name], 0).label(name) for name in names]
    return select(*kinds.c, *found).join_from(kinds, whole, same, isouter=True).cte("kinds_with_gifts")


def _given(gifts: CTE, *, acted: bool) -> Select[Any]:
    """Say how many households gave each sum in all; what is told of outcomes has more columns."""
    known, minor = (gifts.c[f"{name}{'1' if acted else ''}"] for name in ("known", "minor"))
    totals = select(gifts.c.currency, _sum(minor, "total")).group_by(gifts.c.currency, gifts.c.cluster)
    each = totals.having(func.sum(known) > 0).subquery()
    columns = [literal_column(str(int(acted))), each.c.total, func.count()]
    columns += [literal_column("0")] * (_SUMS - len(columns))
    query = select(literal(_GIVEN).label("came"), each.c.currency.label("by"), *columns)
    return query.group_by(each.c.currency, each.c.total)


def _added(households: CTE, came: Came, at: int) -> Select[Any]:
    """Add up, over the households, what `Compared` is made of."""
    n, n1, x, x1 = (households.c[name] for name in (f"n_{at}", f"n1_{at}", f"x_{came}", f"x1_{came}"))
    return _over_households(households.c.by, came, (n1, n - n1), (x1, x - x1))


def _over_households(
    by: ColumnElement[Any], came: str, n: tuple[ColumnElement[Any], ...], x: tuple[ColumnElement[Any], ...]
) -> Select[Any]:
    (n1, n0), (x1, x0) = n, x
    sums = [
        part
        for n, x in ((n1, x1), (n0, x0))
        for part in (func.count().filter(n > 0), *(func.sum(p) for p in (n, x, x * x, x * n, n * n)))
    ]
    sums += [func.sum(product) for product in (x1 * x0, x1 * n0, n1 * x0, n1 * n0)]
    query = select(literal(came).label("came"), by.label("by"), *sums)
    return query.group_by(by).having(func.sum(n1 + n0) > 0)


def _pair(row: tuple[Any, ...]) -> Compared:
    sums = [int(each) for each in row]
    return Compared(Arm(*sums[:6]), Arm(*sums[6:12]), *sums[12:])


def _count(name: str, *which: ColumnElement[bool]) -> ColumnElement[Any]:
    return (func.count().filter(and_(*which)) if which else func.count()).label(name)


def _counts(hit: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    return _count("n"), _count("n1", _ACTED), _count("x", hit), _count("x1", hit, _ACTED)


def _sum(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return cast(func.sum(column), BigInteger).label(name)


def _within(response: ColumnElement[Any], within: timedelta, dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return response <= _R.concluded_at + literal(within, Interval())
    concluded = type_coerce(_R.concluded_at, BigInteger)
    return type_coerce(response, BigInteger) <= concluded + within // timedelta(microseconds=1)
