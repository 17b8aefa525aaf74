"""Count what came after decisions once a day and keep it, since over many decisions it takes long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import ValidationError

from handlers.context import Context
from handlers.digests.figures import DAYS, LOOK_AGAIN, digest_shown, zone_of
from handlers.digests.whose_figures import is_too_small, team_of
from handlers.outcomes import DigestShown, Notice
from policy.digest import DigestKind
from policy.digest_outcomes import WINDOWS
from policy.digest_periods import rolling_period
from storage.outcomes_counted import OutcomesShown
from storage.tallies import MATTER, scope_of
from storage.team import Team
from storage.transaction import Transaction

ANEW_AFTER = timedelta(hours=23)
KEPT = timedelta(hours=26)
MOST_DECISIONS = 20_000
"""Outcomes of more decisions than that are not counted while somebody waits."""
NOT_COUNTED = "Outcomes are counted once a day, and are being counted now."
COUNTED_AT = "Outcomes are counted once a day; these were on {at:%A, %d %B at %H:%M}."


async def count_overdue(teams: Mapping[str | None, Team | None], context: Context) -> bool:
    """Count anew the first outcomes found that were counted a day ago; False when there are none."""
    now = context.clock.now()
    for name, team in teams.items():
        for days in DAYS:
            kept = await context.database.read(lambda tx, t=team, d=days: tx.counted.get(scope_of(t), d))  # type: ignore[misc]
            if kept is None or now - kept.counted_at >= ANEW_AFTER:
                await count_outcomes(name, days, context)
                return True
    return False


async def outcomes_lately(team: str | None, days: int, context: Context) -> DigestShown | Notice:
    """Return the outcomes as they were counted within a day, else count them, unless they are many."""
    if is_too_small(team, DigestKind.OUTCOMES, context.organisation):
        return await _count(team, days, context.clock.now(), context)
    scope = scope_of(await team_of(team, context))
    kept = await context.database.read(lambda tx: tx.counted.get(scope, days))
    now = context.clock.now()
    if shown := _read(kept, now):
        return shown
    earliest = rolling_period(days, now).before - timedelta(days=max(WINDOWS.values()))
    if await context.database.read(lambda tx: tx.outcomes.are_more_than(MOST_DECISIONS, earliest, now)):
        again = (now + timedelta(minutes=3)).astimezone(zone_of(None, context.organisation))
        return Notice(text=NOT_COUNTED, next_step=LOOK_AGAIN.format(at=again))
    return await count_outcomes(team, days, context)


async def count_outcomes(team: str | None, days: int, context: Context) -> DigestShown:
    """Count the outcomes at this moment and keep them."""
    now = context.clock.now()
    scope = scope_of(await team_of(team, context))
    shown = await _count(team, days, now, context)
    latest = OutcomesShown(scope, days, now, shown.model_dump_json())

    def keep(tx: Transaction) -> None:
        tx.one_at_a_time(MATTER)
        tx.counted.keep(latest)

    await context.database.write(keep)
    return shown


async def _count(team: str | None, days: int, now: datetime, context: Context) -> DigestShown:
    zone = zone_of(None, context.organisation)
    shown = await digest_shown(DigestKind.OUTCOMES, team, rolling_period(days, now), zone, context)
    when = COUNTED_AT.format(at=now.astimezone(zone))
    return shown.model_copy(update={"footnotes": (when, *shown.footnotes)}) if shown.figures else shown


def _read(kept: OutcomesShown | None, now: datetime) -> DigestShown | None:
    """Return what is kept, unless it is too old or another release wrote it another way."""
    if kept is None or now - kept.counted_at > KEPT:
        return None
    try:
        return DigestShown.model_validate_json(kept.shown)
    except ValidationError:
        return None
