"""What the dashboard shows: the digests' figures of any period, and how the service is at this moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.digests.add_up import still_adding_up
from handlers.digests.count_outcomes import outcomes_lately
from handlers.digests.figures import digest_shown
from handlers.digests.whose_figures import Whose, whose_figures
from handlers.outcomes import DigestShown, Notice
from handlers.ports import Colleague
from handlers.record.last_checks import REPLAYED
from policy.digest import DigestKind
from policy.digest_periods import rolling_period
from storage.transaction import Transaction

KEPT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who may look, and whose figures."""

    colleague: Colleague
    whose: Whose


@dataclass(frozen=True, slots=True)
class Now:
    """How the service is at this moment: rows in the queues by status, what is paused, the last replay."""

    queues: tuple[tuple[str, str, int], ...]
    paused: tuple[str, ...]
    replay: str


Key = tuple[DigestKind, str | None, int]


class Figures:
    """Figures counted in the last minute, so that a page which is looked at again is there at once."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[datetime, DigestShown]] = {}
        self._counting: dict[Key, asyncio.Lock] = {}

    async def of(
        self, kind: DigestKind, team: str | None, days: int, context: Context
    ) -> DigestShown | Notice:
        """Count the figures of the last *days*, or return those counted within a minute."""
        key = (kind, team, days)
        async with self._counting.setdefault(key, asyncio.Lock()):
            now = context.clock.now()
            kept = self._kept.get(key)
            if kept and now - kept[0] < KEPT:
                return kept[1]
            shown = await counted(kind, team, days, context)
            if isinstance(shown, DigestShown):
                self._kept[key] = (now, shown)
            return shown


async def counted(kind: DigestKind, team: str | None, days: int, context: Context) -> DigestShown | Notice:
    """Count the figures of the last *days* up to this moment; outcomes as they were counted within a day.

    While more of the days is missing than can be counted at once, it is said when to look again.
    """
    if kind is DigestKind.OUTCOMES:
        return await outcomes_lately(team, days, context)
    period, zone = rolling_period(days, context.clock.now()), ZoneInfo(context.organisation.time_zone)
    whose = None if kind is DigestKind.OPERATIONS else team
    return await still_adding_up(whose, period.before, period.end, context) or await digest_shown(
        kind, team, period, zone, context
    )


async def viewer(user_id: str, context: Context) -> Viewer | None:
    """Return who looks, by their roles at this moment; None for who may not."""
    colleague = await context.chat.colleague(user_id)
    if colleague is None or not colleague.is_full_member:
        return None
    whose = whose_figures(colleague, context.organisation)
    return Viewer(colleague, whose) if whose else None


def team_chosen(viewer: Viewer, wanted: str | None, context: Context) -> str | Notice | None:
    """Return the team to show: a manager's own, and for everybody else the one they want, if there is one."""
    if viewer.whose.team is not None:
        return viewer.whose.team
    if not wanted:
        return None
    if not context.organisation.team(wanted):
        return Notice(text="There is no team of that name.")
    return wanted


def how_it_is(tx: Transaction, now: datetime) -> Now:
    """Read how the service is."""
    queues = [
        (name, status, count)
        for name, queue in (("Waiting to be read", tx.inbox), ("Waiting to be sent", tx.outbox))
        for status, count in sorted(queue.counts().items())
        if count and status != "done"
    ]
    replay = tx.settings.get(REPLAYED)
    said = "not yet run"
    if isinstance(replay, dict):
        said = f"{replay.get('same')} the same, {replay.get('differ')} different"
    return Now(tuple(queues), tuple(sorted({p.capability for p in tx.pauses.in_force(now)})), said)
