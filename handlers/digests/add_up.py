"""Add up the days that are over, and then count outcomes, so that no look at figures has to wait.

It is done in small steps, the newest days first, and by one replica at a time. Counting happens while
reading, so that a step holds the writer only to claim a few days and to keep what they came to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from handlers.context import Context
from handlers.digests.count_outcomes import count_overdue
from handlers.digests.figures import LOOK_AGAIN, zone_of
from handlers.digests.whose_figures import is_too_small, team_of
from handlers.outcomes import Notice
from policy.digest import DigestKind
from policy.digest_words import counted
from storage.tallies import MATTER, Stretch, scope_of
from storage.team import Team
from storage.transaction import Transaction

AT_ONCE = 4
"""How many stretches are added up in a step."""
STEP_EVERY_S = 2
STILL = "These figures are not ready: {days} still being added up, the newest first."

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
        return await _add_stretches(missing, scopes, context)
    await context.database.write(partial(_forget_others, list(scopes)))
    return await count_overdue(teams, context)


def _forget_others(scopes: list[str], tx: Transaction) -> None:
    tx.one_at_a_time(MATTER)
    tx.tallies.forget_others(scopes)
    tx.counted.forget_others(scopes)


async def _add_stretches(missing: Missing, scopes: Mapping[str, Team | None], context: Context) -> bool:
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


async def _teams(context: Context) -> Teams:
    names = sorted({person.team for person in context.organisation.people if person.team})
    large = [n for n in names if not is_too_small(n, DigestKind.OVERRIDE, context.organisation)]
    return {None: None} | {name: await team_of(name, context) for name in large}
