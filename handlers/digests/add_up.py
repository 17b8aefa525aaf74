"""Add up the days that are over, and count outcomes once a day, so that no look at figures has to wait.

It is done in small steps, the newest days first, and by one replica at a time. Counting happens while
reading, so that a step holds the writer only to claim a few days and to keep what they came to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from pydantic import ValidationError

from handlers.context import Context
from handlers.digests.figures import digest_shown, zone_of
from handlers.digests.whose_figures import is_too_small, team_of
from handlers.outcomes import DigestShown, Notice
from policy.digest import DigestKind
from policy.digest_outcomes import WINDOWS
from policy.digest_periods import rolling_period
from policy.digest_words import counted
from storage.outcomes_counted import OutcomesShown
from storage.tallies import MATTER, Stretch, scope_of
from storage.team import Team
from storage.transaction import Transaction

DAYS = (1, 7, 28, 91, 364)
"""Over how many days figures are offered."""
AT_ONCE = 4
"""How many stretches are added up in a step."""
STEP_EVERY_S = 2
ANEW_AFTER = timedelta(hours=23)
KEPT = timedelta(hours=26)
MOST_DECISIONS = 20_000
"""Outcomes of more decisions than that are not counted while somebody waits."""
NOT_COUNTED = "Outcomes are counted once a day, and are being counted now."
STILL = "These figures are not ready: {days} still being added up, the newest first."
LOOK_AGAIN = "Look again at {at:%H:%M}."
COUNTED_AT = "Outcomes are counted once a day; these were on {at:%A, %d %B at %H:%M}."

Teams = Mapping[str | None, Team | None]
Missing = list[tuple[Stretch, list[str]]]


async def add_up(context: Context) -> None:
    """Keep all that is missing, for everybody and each team."""
    while await add_up_some(context):
        continue


async def add_up_some(context: Context) -> bool:
    """Take one step: add a few days up, or count the outcomes of one page; False when nothing is missing.

    False also while another replica is at it.
    """
    teams = await _teams(context)
    scopes = {scope_of(team): team for team in teams.values()}
    now = context.clock.now()
    missing = await context.database.read(lambda tx: list(islice(tx.tallies.missing(now, scopes), AT_ONCE)))
    if missing:
        return await _add_up(missing, scopes, context)
    await context.database.write(partial(_forget_others, list(scopes)))
    for name, team in teams.items():
        for days in DAYS:
            kept = await context.database.read(lambda tx, t=team, d=days: tx.counted.get(scope_of(t), d))  # type: ignore[misc]
            if kept is None or now - kept.counted_at >= ANEW_AFTER:
                await count_outcomes(name, days, context)
                return True
    return False


def _forget_others(scopes: list[str], tx: Transaction) -> None:
    tx.one_at_a_time(MATTER)
    tx.tallies.forget_others(scopes)
    tx.counted.forget_others(scopes)


async def _add_up(missing: Missing, scopes: Mapping[str, Team | None], context: Context) -> bool:
    now, by, stretches = context.clock.now(), context.ids.new(), [stretch for stretch, _ in missing]

    def claim(tx: Transaction) -> bool:
        tx.one_at_a_time(MATTER)
        return tx.tallies.claim(by, stretches, now)

    if not await context.database.write(claim):
        return False
    found = {}
    for stretch, lacking in missing:
        teams = {scope: scopes[scope] for scope in lacking}
        found[stretch] = await context.database.read(lambda tx, s=stretch, t=teams: tx.tallies.among(s, t))  # type: ignore[misc]

    def keep(tx: Transaction) -> None:
        tx.one_at_a_time(MATTER)
        tx.tallies.keep(by, found)

    await context.database.write(keep)
    return True


async def still_adding_up(
    team: str | None, start: datetime, end: datetime, context: Context
) -> Notice | None:
    """Say when to look again, while more of a time is missing than can be counted while somebody waits."""
    if is_too_small(team, DigestKind.OVERRIDE, context.organisation):
        return None
    now, whose = context.clock.now(), await team_of(team, context)

    def read(tx: Transaction) -> int:
        if not tx.tallies.is_much_missing(start, end, now, whose):
            return 0
        return sum(stretch.days == 1 for stretch, _ in tx.tallies.missing(now, [scope_of(whose)]))

    left = await context.database.read(read)
    if not left:
        return None
    needed = timedelta(seconds=(left // AT_ONCE + 1) * STEP_EVERY_S, minutes=2)
    again = (now + needed).astimezone(zone_of(None, context.organisation))
    days = counted(left, "day is", "days are")
    return Notice(text=STILL.format(days=days), next_step=LOOK_AGAIN.format(at=again))


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


async def _teams(context: Context) -> Teams:
    names = sorted({person.team for person in context.organisation.people if person.team})
    large = [n for n in names if not is_too_small(n, DigestKind.OVERRIDE, context.organisation)]
    return {None: None} | {name: await team_of(name, context) for name in large}
