"""`/donor practice`: what it is, how somebody is doing, and a button to begin."""

from __future__ import annotations

from datetime import timedelta

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import PracticeRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice, PracticeShown
from handlers.ports import Colleague
from handlers.practice.progress import done_of
from policy.decision import Role
from policy.drills import caught, team_caught
from policy.practice import standing, team_standing

TEAM_DAYS = 90


async def offer_practice(command: PracticeRequested, arrived: Arrived, context: Context) -> Write:
    """Answer privately: somebody's own results are for them alone, a manager sees the team's as a whole."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    shown = await _shown(colleague, arrived, context)
    return lambda tx: answer(tx, arrived, shown, command.reply_to)


async def _shown(colleague: Colleague, arrived: Arrived, context: Context) -> PracticeShown:
    own, drills, member = await context.database.read(
        lambda tx: (tx.practice.of(colleague.id), tx.drills.of(colleague.id), tx.drills.member(colleague.id))
    )
    shown = PracticeShown(
        scenarios=len(context.practice.scenarios),
        done=done_of(own, context.practice),
        standing=standing(own),
        drills=member is not None,
        caught=caught(drills),
    )
    if Role.MANAGER not in context.organisation.roles_of(colleague.email):
        return shown
    since = arrived.now - timedelta(days=TEAM_DAYS)
    everybody, drilled = await context.database.read(
        lambda tx: (tx.practice.between(since, arrived.now), tx.drills.ended_between(since, arrived.now))
    )
    team, team_drilled = team_standing(everybody), team_caught(drilled)
    hidden = team is None and team_drilled is None
    return shown.model_copy(update={"team": team, "team_caught": team_drilled, "too_few": hidden})
