"""Add up the days that are over, and count outcomes once a day, so that no look at figures has to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from pydantic import ValidationError

from handlers.context import Context
from handlers.digests.figures import digest_shown, zone_of
from handlers.digests.whose_figures import is_too_small, team_of
from handlers.outcomes import DigestShown
from policy.digest import DigestKind
from policy.digest_periods import rolling_period
from storage.outcomes_counted import OutcomesShown
from storage.tallies import MATTER, scope_of
from storage.team import Team
from storage.transaction import Transaction

DAYS = (1, 7, 28, 91, 364)
"""Over how many days figures are offered."""
AT_ONCE = 8
ANEW_AFTER = timedelta(hours=23)
KEPT = timedelta(hours=26)
COUNTED_AT = "Outcomes are counted once a day; these were on {at:%A, %d %B at %H:%M}."

Teams = Mapping[str | None, Team | None]


async def add_up(context: Context) -> None:
    """Keep what is missing of the days that are over and of the outcomes, for everybody and each team."""
    teams = await _teams(context)
    while await context.database.write(partial(_keep_some, teams, context.clock.now())):
        continue
    for name, team in teams.items():
        for days in DAYS:
            now = context.clock.now()
            kept = await context.database.read(lambda tx, t=team, d=days: tx.counted.get(scope_of(t), d))  # type: ignore[misc]
            if kept is None or now - kept.counted_at >= ANEW_AFTER:
                await count_outcomes(name, days, context)


async def outcomes_lately(team: str | None, days: int, context: Context) -> DigestShown:
    """Return the outcomes as they were counted within a day, else count them."""
    if is_too_small(team, DigestKind.OUTCOMES, context.organisation):
        return await _count(team, days, context.clock.now(), context)
    scope = scope_of(await team_of(team, context))
    kept = await context.database.read(lambda tx: tx.counted.get(scope, days))
    shown = _read(kept, context.clock.now())
    return shown or await count_outcomes(team, days, context)


async def count_outcomes(team: str | None, days: int, context: Context) -> DigestShown:
    """Count the outcomes at this moment and keep them."""
    now = context.clock.now()
    scope = scope_of(await team_of(team, context))
    shown = await _count(team, days, now, context)
    counted = OutcomesShown(scope, days, now, shown.model_dump_json())

    def keep(tx: Transaction) -> None:
        tx.escalations.one_at_a_time(MATTER)
        tx.counted.keep(counted)

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


async def _teams(context: Context) -> Teams:
    names = sorted({person.team for person in context.organisation.people if person.team})
    large = [n for n in names if not is_too_small(n, DigestKind.OVERRIDE, context.organisation)]
    return {None: None} | {name: await team_of(name, context) for name in large}


def _keep_some(teams: Teams, now: datetime, tx: Transaction) -> int:
    tx.escalations.one_at_a_time(MATTER)
    tx.counted.forget_others([scope_of(team) for team in teams.values()])
    return tx.tallies.keep_some(now, list(teams.values()), AT_ONCE)
