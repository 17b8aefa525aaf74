"""Post the card of a drill, or say that it was one when it is over."""

from __future__ import annotations

from handlers.absence.working_hours import working_time_of
from handlers.context import Arrived, Context, Write
from handlers.decisions.put_off_days import put_off_days
from handlers.effects import ShowDrill
from handlers.outcomes import DrillOver
from handlers.ports import MessageRef, Refused, Unavailable
from handlers.practice.drill_card import OPEN, drill_card, scenario_of
from handlers.refreshing import refresh_homes
from policy.drills import Drill, Member
from storage.transaction import Transaction

GONE = frozenset({"message_not_found", "channel_not_found", "is_archived", "not_in_channel"})


async def show_drill(effect: ShowDrill, arrived: Arrived, context: Context) -> Write:
    """Show it as it stands; a place that is gone needs no drill."""
    drill = await context.database.read(lambda tx: tx.drills.get(effect.drill_id))
    if drill is None:
        return lambda _tx: None
    member = await context.database.read(lambda tx: tx.drills.member(drill.person))
    try:
        if drill.state == "open":
            return await _post(drill, member, arrived, context)
        await _reveal(drill, member, context)
    except Refused as refused:
        if refused.code not in GONE:
            raise
    return lambda _tx: None


async def _post(drill: Drill, member: Member | None, arrived: Arrived, context: Context) -> Write:
    scenario = scenario_of(drill, context)
    if member is None or scenario is None or drill.channel_id is None:
        return lambda tx: _nobody_asked(tx, drill, arrived)
    colleague = await context.chat.colleague(drill.person)
    days = put_off_days(context.clock.now(), working_time_of(colleague, context)) if colleague else ()
    card = drill_card(drill, member, scenario, context).model_copy(update={"put_off": days})
    marker = f"card:{drill.id}"
    card_shown = await context.chat.show_card(card, OPEN, None, drill.channel_id, marker, arrived.retry_since)
    shown = card_shown.at
    try:
        address = await context.chat.permalink(shown)
    except (Refused, Unavailable):
        address = None

    def write(tx: Transaction) -> None:
        tx.drills.remember_message(drill.id, shown.channel_id, shown.ts, address)
        refresh_homes(tx, arrived)

    return write


def _nobody_asked(tx: Transaction, drill: Drill, arrived: Arrived) -> None:
    tx.drills.end(drill.id, arrived.now)


async def _reveal(drill: Drill, member: Member | None, context: Context) -> None:
    if drill.channel_id and drill.message_ts:
        name = member.name if member else ""
        await context.chat.replace(DrillOver(name=name), MessageRef(drill.channel_id, drill.message_ts))
