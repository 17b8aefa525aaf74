"""Show more of a drill's card in a window, as a real card would."""

from __future__ import annotations

from handlers.answers.answering import fill
from handlers.commands import DrillLookedAt
from handlers.context import Arrived, Context, Write
from handlers.outcomes import CardInFull, Window
from handlers.practice.answer_drill import NOT_YOURS, OVER
from handlers.practice.drill_card import drill_card, scenario_of


async def look_at_drill(command: DrillLookedAt, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window."""
    shown = await _shown(command, context)
    return lambda tx: fill(tx, arrived, shown, command.view_id, by=command.by.id)


async def _shown(command: DrillLookedAt, context: Context) -> Window:
    drill = await context.database.read(lambda tx: tx.drills.get(command.drill_id))
    if drill is None or drill.state != "open":
        return OVER
    member = await context.database.read(lambda tx: tx.drills.member(drill.person))
    scenario = scenario_of(drill, context)
    if drill.person != command.by.id:
        return NOT_YOURS
    return CardInFull(card=drill_card(drill, member, scenario, context)) if member and scenario else OVER
