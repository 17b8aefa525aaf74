"""What is kept added up of days that are over, so that nobody reads a year of interactions twice.

A day is added up once it has been over for a while, once all days of a week are, the week is, and of four
weeks a span. What is not kept is counted from the interactions themselves, so that a figure never depends on
what is kept. Whoever writes about a day that was added up, or erases something of it, drops what is kept of
that day in the same transaction.

Adding up takes longer than a writer may be held, so it is done while reading, between two short
transactions: the first claims the days, the second keeps what they came to. Whoever drops a day drops the
claim with it, and then what was counted meanwhile is not kept. Days are of UTC, numbered from the epoch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select

from policy.tally import KeptTally, Tally
from storage.adding_up import AddingUp
from storage.conflict import insert_new
from storage.schema import INTERACTIONS, TALLIES
from storage.team import Team

DAY, WEEK, SPAN = 1, 7, 28
EVERYBODY = ""
SETTLED = timedelta(hours=1)
"""How long a day has to be over: no transaction is open for as long."""
MATTER = "tallies"
MOST_COUNTED = 10_000
"""How many interactions of days that could be kept are counted while somebody waits."""
CLAIM_LASTS = timedelta(minutes=2)
_CLAIM = "claimed by "

_I, _T = INTERACTIONS.c, TALLIES.c
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


def _first_whole_day(start: datetime) -> int:
    """Return the number of the first day that begins at *start* or later."""
    return -((_EPOCH - start) // _A_DAY)


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
        self._interactions = AddingUp(connection)

    def between(self, start: datetime, end: datetime, team: Team | None = None) -> Tally:
        """Add up what happened from *start* until before *end*."""
        added = Tally()
        at = start
        for stretch, kept in self._kept(start, end, scope_of(team)):
            self._interactions.add(added, at, stretch.start, team)
            added.add(kept)
            at = stretch.end
        self._interactions.add(added, at, end, team)
        return added

    def among(self, stretch: Stretch, teams: Mapping[str, Team | None]) -> dict[str, Tally]:
        """Add a stretch up for several teams by their scopes; the interactions of a day are read once."""
        if stretch.days > DAY:
            return {scope: self.between(stretch.start, stretch.end, team) for scope, team in teams.items()}
        return self._interactions.of_each(stretch.start, stretch.end, teams)

    def missing(self, until: datetime, scopes: Collection[str]) -> Iterator[tuple[Stretch, list[str]]]:
        """Yield the stretches over for a while at *until* and not kept for some scopes, the newest first.

        A week is missing once all its days are kept, and a span once its weeks are.
        """
        first, over = self._first_day(), day_of(until - SETTLED)
        if first is None:
            return
        known = self._known(scopes)

        def lacking(stretch: Stretch) -> Iterator[tuple[Stretch, list[str]]]:
            if left := [
                scope for scope in scopes if scope not in known.get((stretch.days, stretch.first), ())
            ]:
                yield stretch, left

        for span in range(over - over % SPAN, first - SPAN, -SPAN):
            is_whole = span + SPAN <= over
            for week in range(span + SPAN - WEEK, span - WEEK, -WEEK):
                days = range(min(week + WEEK, over) - 1, max(week, first) - 1, -1)
                found = [each for day in days for each in lacking(Stretch(day, DAY))]
                if not found and days and week + WEEK <= over:
                    found = list(lacking(Stretch(week, WEEK)))
                is_whole = is_whole and not found
                yield from found
            if is_whole:
                yield from lacking(Stretch(span, SPAN))

    def forget_others(self, scopes: Collection[str]) -> None:
        """Forget what is kept of teams that are no more."""
        gone = and_(_T.scope.not_in(list(scopes)), ~_T.scope.startswith(_CLAIM))
        self._connection.execute(delete(TALLIES).where(gone))

    def claim(self, by: str, stretches: Collection[Stretch], now: datetime) -> bool:
        """Claim stretches for whoever adds them up; False while somebody else has claimed any."""
        until, is_claim = f"{now + CLAIM_LASTS:%Y-%m-%dT%H:%M:%S}", _T.scope.startswith(_CLAIM)
        living = select(_T.first_day).where(is_claim, _T.counts > f"{now:%Y-%m-%dT%H:%M:%S}").limit(1)
        if self._connection.execute(living).first():
            return False
        self._connection.execute(delete(TALLIES).where(is_claim))
        rows = [
            {"scope": _CLAIM + by, "days": each.days, "first_day": each.first, "counts": until}
            for each in stretches
        ]
        self._connection.execute(insert(TALLIES), rows)
        return True

    def keep(self, by: str, found: Mapping[Stretch, Mapping[str, Tally]]) -> int:
        """Keep what stretches came to, unless their claim was dropped meanwhile; return how many it was."""
        kept = 0
        for stretch, tallies in found.items():
            mine = (_T.first_day == stretch.first, _T.days == stretch.days, _T.scope == _CLAIM + by)
            if self._connection.execute(delete(TALLIES).where(*mine)).rowcount:
                kept += 1
                for scope, tally in tallies.items():
                    row = {"scope": scope, "days": stretch.days, "first_day": stretch.first}
                    row |= {"counts": tally.kept().spelled()}
                    insert_new(self._connection, TALLIES, ("scope", "days", "first_day"), row)
        self._connection.execute(delete(TALLIES).where(_T.scope == _CLAIM + by))
        return kept

    def days_missing(self, until: datetime) -> int:
        """Return how many days that were over for a while at *until* are not kept for everybody."""
        first, over = self._first_day(), day_of(until - SETTLED)
        if first is None or first >= over:
            return 0
        kept = select(func.count()).where(
            _T.scope == EVERYBODY, _T.days == DAY, _T.first_day >= first, _T.first_day < over
        )
        return over - first - int(self._connection.execute(kept).scalar_one())

    def is_much_missing(self, start: datetime, end: datetime, now: datetime, team: Team | None) -> bool:
        """Say whether more than MOST_COUNTED interactions of whole days between are not in what is kept."""
        settled = min(end, _EPOCH + day_of(now - SETTLED) * _A_DAY)
        left, at = MOST_COUNTED, start
        for stretch in (*self._chosen(start, end, scope_of(team)), None):
            first, over = _first_whole_day(at), day_of(min(stretch.start, settled) if stretch else settled)
            if first < over:
                gap = Stretch(first, over - first)
                left -= self._interactions.at_most(gap.start, gap.end, left + 1)
            if left < 0:
                return True
            at = stretch.end if stretch else at
        return False

    def drop(self, days: Collection[int]) -> None:
        """Forget what is kept of some days."""
        if days:
            self._connection.execute(DROP_DAYS, covering(days))

    def drop_of(self, donor_id: str) -> None:
        """Forget what is kept of every day on which something about a donor was counted."""
        query = select(_I.at).where(_I.donor_id == donor_id)
        self.drop({day_of(at) for at in self._connection.execute(query).scalars()})

    def _first_day(self) -> int | None:
        first = self._connection.execute(select(func.min(_I.at))).scalar_one()
        return None if first is None else day_of(first)

    def _known(self, scopes: Collection[str]) -> dict[tuple[int, int], set[str]]:
        query = select(_T.days, _T.first_day, _T.scope).where(_T.scope.in_(list(scopes)))
        known = dict[tuple[int, int], set[str]]()
        for days, first_day, scope in self._connection.execute(query):
            known.setdefault((days, first_day), set()).add(scope)
        return known

    def _chosen(self, start: datetime, end: datetime, scope: str) -> list[Stretch]:
        """Return what is kept of whole days between, in order: the longest where there are any."""
        first, last = _first_whole_day(start), day_of(end)
        if last <= first:
            return []
        whole = (_T.scope == scope, _T.first_day >= first, _T.first_day + _T.days <= last)
        names = select(_T.days, _T.first_day).where(*whole).order_by(_T.first_day, _T.days.desc())
        chosen, covered = list[Stretch](), first
        for days, first_day in self._connection.execute(names):
            if first_day >= covered:
                chosen.append(Stretch(first_day, days))
                covered = first_day + days
        return chosen

    def _kept(self, start: datetime, end: datetime, scope: str) -> Iterator[tuple[Stretch, KeptTally]]:
        """Yield what is kept of whole days between, in order."""
        chosen = self._chosen(start, end, scope)
        if not chosen:
            return
        by_length = [
            and_(_T.days == days, _T.first_day.in_([each.first for each in chosen if each.days == days]))
            for days in sorted({each.days for each in chosen})
        ]
        query = select(_T.days, _T.first_day, _T.counts).where(_T.scope == scope, or_(*by_length))
        for days, first_day, counts in self._connection.execute(query.order_by(_T.first_day)):
            yield Stretch(first_day, days), KeptTally.read(counts)


def covering(days: Collection[int]) -> dict[str, list[int]]:
    """Return the first days of whatever can be kept of some days, as `DROP_DAYS` wants them."""
    return {
        "singly": sorted(days),
        "in_weeks": sorted({day - day % WEEK for day in days}),
        "in_spans": sorted({day - day % SPAN for day in days}),
    }


DROP_DAYS = delete(TALLIES).where(
    or_(
        and_(_T.days == DAY, _T.first_day.in_(bindparam("singly", expanding=True))),
        and_(_T.days == WEEK, _T.first_day.in_(bindparam("in_weeks", expanding=True))),
        and_(_T.days == SPAN, _T.first_day.in_(bindparam("in_spans", expanding=True))),
    )
)
