"""Interactions added up from themselves: what a tally says of a time of which nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select, true

from policy.tally import OVERRIDE_KINDS, WORTH_READING, Group, Override, Tally
from storage.columns import microseconds
from storage.schema import INTERACTION_GROUPS, INTERACTIONS
from storage.team import Team, of_team

_I, _G = INTERACTIONS.c, INTERACTION_GROUPS.c
_A_DAY = timedelta(days=1)
_AT_ONCE = timedelta(days=28)


class AddingUp:
    """Reads interactions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, added: Tally, start: datetime, end: datetime, team: Team | None) -> None:
        """Add what happened from *start* until before *end*, not too much of it at once."""
        while start < end:
            until = min(end, start + _AT_ONCE)
            self._add(added, self._cells(start, until, team), start, until)
            start = until

    def of_each(self, start: datetime, end: datetime, teams: Mapping[str, Team | None]) -> dict[str, Tally]:
        """Add up what happened in a short time for several teams by their scopes, reading it once."""
        cells = self._cells(start, end, None)
        found = {scope: Tally() for scope in teams}
        for scope, team in teams.items():
            self._add(found[scope], [cell for cell in cells if _is_of(cell, team)], start, end)
        return found

    def at_most(self, start: datetime, end: datetime, most: int) -> int:
        """Count the interactions of some time, but no more of them than *most*."""
        some = _between(select(_I.at), start, end).limit(most).subquery()
        return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())

    def _cells(self, start: datetime, end: datetime, team: Team | None) -> list[_Cell]:
        """Return how often each thing happened, and when it did last: one reading for all figures."""
        times, latest = func.count().label("times"), func.max(_I.at).label("latest")
        sums = _between(select(_I.group_id, _I.amount, times, latest), start, end)
        summed = sums.group_by(_I.group_id, _I.amount).subquery()
        columns = [_G[name] for name in Group._fields[:-2]]
        query = select(
            *columns, summed.c.amount, summed.c.times, summed.c.latest, summed.c.group_id, _G.owner
        ).join_from(summed, INTERACTION_GROUPS, _G.id == summed.c.group_id)
        few = self._connection.dialect.name == "postgresql" and end - start <= _A_DAY
        if few:
            self._connection.execute(_LOOK_EACH_UP)
        rows, size = self._connection.execute(of_team(query, team)), len(Group._fields)
        found = [_Cell(Group._make(row[:size]), *row[size:]) for row in rows]
        if few:
            self._connection.execute(_AS_IT_LIKES)
        return found

    def _add(self, added: Tally, cells: Sequence[_Cell], start: datetime, end: datetime) -> None:
        added.add_groups(cell.group for cell in cells)
        against = [cell for cell in cells if cell.group.kind in OVERRIDE_KINDS]
        if against:
            added.add_overrides(self._overrides(against, start, end))

    def _overrides(self, cells: list[_Cell], start: datetime, end: datetime) -> Iterator[Override]:
        """Yield the overrides of those groups among which the first to read are."""
        cells.sort(key=_worth, reverse=True)
        last = cells[:WORTH_READING][-1]
        found = {each.group_id: each.group.confidence for each in cells if _worth(each) >= _worth(last)}
        query = _between(select(_I.group_id, _I.at, _I.entry_id, _I.number), start, end)
        for group_id, at, entry_id, number in self._connection.execute(
            query.where(_I.group_id.in_(list(found)))
        ):
            yield Override(found[group_id], microseconds(at), entry_id, number)


_JOINS = ("enable_hashjoin", "enable_mergejoin")
_LOOK_EACH_UP = select(*(func.set_config(join, "off", true()) for join in _JOINS))
_AS_IT_LIKES = select(*(func.set_config(join, "on", true()) for join in _JOINS))
"""For the groups of a day PostgreSQL would read all groups there are, which takes three times as long."""


class _Cell(NamedTuple):
    """How often something happened, when it did last, the id of its group and whom it was asked of."""

    group: Group
    latest: datetime
    group_id: int
    owner: str


def _worth(cell: _Cell) -> tuple[int, datetime]:
    return cell.group.confidence, cell.latest


def _is_of(cell: _Cell, team: Team | None) -> bool:
    person = cell.group.person
    return team is None or person in team.people or (not person and cell.owner in team.owners)


def _between(query: Select[Any], start: datetime, end: datetime) -> Select[Any]:
    return query.where(_I.at >= start, _I.at < end)
