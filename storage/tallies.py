"""What is kept added up of days that are over, so that nobody reads a year of interactions twice.

A day is added up once it has been over for a while, and once all days of a span are, the span is. What is not
kept is counted from the interactions themselves, so that a figure never depends on what is kept. Whoever
writes about a day that was added up, or erases something of it, drops what is kept of that day in the same
transaction. Days are of UTC, numbered from the epoch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, or_, select

from policy.interactions import BY_PEOPLE
from policy.tally import OVERRIDE_KINDS, WORTH_READING, Group, KeptTally, Override, Tally
from storage.columns import microseconds
from storage.conflict import insert_new
from storage.schema import INTERACTION_GROUPS, INTERACTIONS, TALLIES
from storage.team import Team, of_team

DAY, SPAN = 1, 28
EVERYBODY = ""
SETTLED = timedelta(hours=1)
"""How long a day has to be over: no transaction is open for as long."""
MATTER = "tallies"

_I, _G, _T = INTERACTIONS.c, INTERACTION_GROUPS.c, TALLIES.c
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days: *days* of them, from the one numbered *first* on."""

    first: int
    days: int

    @property
    def start(self) -> datetime:
        """When the first one begins."""
        return _EPOCH + self.first * _A_DAY

    @property
    def end(self) -> datetime:
        """When the last one is over."""
        return _EPOCH + (self.first + self.days) * _A_DAY


def day_of(at: datetime) -> int:
    """Return the number of the day that a moment is in."""
    return (at - _EPOCH) // _A_DAY


def scope_of(team: Team | None) -> str:
    """Name whose figures they are; a team with other people in it has another name."""
    if team is None:
        return EVERYBODY
    members = "\n".join((*sorted(team.people), "", *sorted(team.owners)))
    return hashlib.sha256(members.encode()).hexdigest()[:32]


class Tallies:
    """Interactions added up, from what is kept as far as possible, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def between(self, start: datetime, end: datetime, team: Team | None = None) -> Tally:
        """Add up what happened from *start* until before *end*."""
        added = Tally()
        at = start
        for stretch, kept in self._kept(start, end, scope_of(team)):
            self._count(added, at, stretch.start, team)
            added.add(kept)
            at = stretch.end
        self._count(added, at, end, team)
        return added

    def keep_some(self, until: datetime, teams: Collection[Team | None], most: int) -> int:
        """Add up at most so many stretches that were over for a while at *until*; return how many it were."""
        over = day_of(until - SETTLED)
        first = self._connection.execute(select(func.min(_I.at))).scalar_one()
        if first is None:
            return 0
        scopes = {scope_of(team): team for team in teams}
        self._connection.execute(delete(TALLIES).where(_T.scope.not_in(list(scopes))))
        done = 0
        for scope, team in scopes.items():
            for stretch in self._missing(scope, day_of(first), over):
                if done == most:
                    return done
                self._keep(scope, stretch, self.between(stretch.start, stretch.end, team))
                done += 1
        return done

    def drop(self, days: Collection[int]) -> None:
        """Forget what is kept of some days."""
        if days:
            self._connection.execute(DROP_DAYS, covering(days))

    def drop_of(self, donor_id: str) -> None:
        """Forget what is kept of every day on which something about a donor was counted."""
        query = select(_I.at).where(_I.donor_id == donor_id)
        self.drop({day_of(at) for at in self._connection.execute(query).scalars()})

    def _keep(self, scope: str, stretch: Stretch, tally: Tally) -> None:
        row = {"scope": scope, "days": stretch.days, "first_day": stretch.first}
        row |= {"counts": tally.kept().model_dump_json()}
        insert_new(self._connection, TALLIES, ("scope", "days", "first_day"), row)

    def _missing(self, scope: str, first: int, over: int) -> Iterator[Stretch]:
        """Yield the days before *over* that are not kept, and each span when its days are."""
        query = select(_T.days, _T.first_day).where(_T.scope == scope)
        known = {(row[0], row[1]) for row in self._connection.execute(query)}
        for begin in range(first - first % SPAN, over, SPAN):
            for day in range(max(begin, first), min(begin + SPAN, over)):
                if (DAY, day) not in known:
                    yield Stretch(day, DAY)
            if begin + SPAN <= over and (SPAN, begin) not in known:
                yield Stretch(begin, SPAN)

    def _kept(self, start: datetime, end: datetime, scope: str) -> Iterator[tuple[Stretch, KeptTally]]:
        """Yield what is kept of whole days between, in order: spans where there are, days around them."""
        first, last = day_of(start + _A_DAY - timedelta(microseconds=1)), day_of(end)
        if last <= first:
            return
        whole = (_T.scope == scope, _T.first_day >= first, _T.first_day + _T.days <= last)
        names = select(_T.days, _T.first_day).where(*whole).order_by(_T.first_day, _T.days.desc())
        chosen, covered = list[Stretch](), first
        for days, first_day in self._connection.execute(names):
            if first_day >= covered:
                chosen.append(Stretch(first_day, days))
                covered = first_day + days
        for stretch in chosen:
            one = select(_T.counts).where(
                _T.scope == scope, _T.days == stretch.days, _T.first_day == stretch.first
            )
            kept = self._connection.execute(one).scalar_one()
            yield stretch, KeptTally.model_validate_json(kept)

    def _count(self, added: Tally, start: datetime, end: datetime, team: Team | None) -> None:
        """Add what the interactions themselves say of some time."""
        if start >= end:
            return
        sums = _between(
            select(
                _I.group_id, func.count().label("n"), func.coalesce(func.sum(_I.amount), 0).label("amount")
            ),
            start,
            end,
        )
        summed = sums.group_by(_I.group_id).subquery()
        columns = [_G[name] for name in Group._fields[:-2]]
        query = select(*columns, summed.c.n, summed.c.amount).join_from(
            summed, INTERACTION_GROUPS, _G.id == summed.c.group_id
        )
        groups = self._connection.execute(of_team(query, team)).all()
        for row in groups:
            added.add_group(Group._make((*row[:-2], int(row[-2]), int(row[-1]))))
        if not groups:
            return
        self._count_minutes(added, start, end, team)
        added.add_overrides(self._overrides(start, end, team))

    def _count_minutes(self, added: Tally, start: datetime, end: datetime, team: Team | None) -> None:
        query = _joined(select(_I.amount, func.count()), start, end).where(
            _G.kind.in_(BY_PEOPLE), _I.amount.is_not(None)
        )
        for minutes, count in self._connection.execute(of_team(query, team).group_by(_I.amount)):
            added.add_minutes(minutes, count)

    def _overrides(self, start: datetime, end: datetime, team: Team | None) -> Iterator[Override]:
        query = (
            _joined(select(_G.confidence, _I.at, _I.entry_id, _I.number), start, end)
            .where(_G.kind.in_(OVERRIDE_KINDS))
            .order_by(_G.confidence.desc(), _I.at.desc(), _I.entry_id, _I.number)
            .limit(WORTH_READING)
        )
        for confidence, at, entry_id, number in self._connection.execute(of_team(query, team)):
            yield Override(confidence, microseconds(at), entry_id, number)


def covering(days: Collection[int]) -> dict[str, list[int]]:
    """Return the first days of whatever can be kept of some days, as `DROP_DAYS` wants them."""
    return {"singly": sorted(days), "in_spans": sorted({day - day % SPAN for day in days})}


DROP_DAYS = delete(TALLIES).where(
    or_(
        and_(_T.days == DAY, _T.first_day.in_(bindparam("singly", expanding=True))),
        and_(_T.days == SPAN, _T.first_day.in_(bindparam("in_spans", expanding=True))),
    )
)


def _between(query: Select[Any], start: datetime, end: datetime) -> Select[Any]:
    return query.where(_I.at >= start, _I.at < end)


def _joined(query: Select[Any], start: datetime, end: datetime) -> Select[Any]:
    joined = query.join_from(INTERACTIONS, INTERACTION_GROUPS, _I.group_id == _G.id)
    return _between(joined, start, end)
