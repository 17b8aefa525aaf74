"""A drill is due: a made-up card goes where somebody's real ones go, and the next is planned."""

from __future__ import annotations

from handlers.absence.working_hours import working_time_of
from handlers.commands import DrillDue, DrillEnded
from handlers.context import Arrived, Context, Write
from handlers.effects import ShowDrill
from handlers.enqueueing import enqueue
from handlers.ports import Colleague
from handlers.proposals.routing import place_of
from handlers.record.evidence import record as write_down
from handlers.waking import wake_for
from policy.drills import CASE, DAYS_TO_ANSWER, Drill, Member, next_drill_at, scenario_for
from policy.working_time import WorkingTime
from storage.transaction import Transaction


async def give_drill(command: DrillDue, arrived: Arrived, context: Context) -> Write:
    """Give the drill, unless they no longer want any, have left, or are away."""
    colleague = await context.chat.colleague(command.person)
    member = await context.database.read(lambda tx: tx.drills.member(command.person))
    if colleague is None or member is None or member.turn != command.turn:
        return lambda _tx: None
    channel = (await place_of(colleague, context)).channel
    drill = await _drill(member, colleague, channel, arrived, context)

    def write(tx: Transaction) -> None:
        if tx.drills.member(member.person) != member:
            return
        working = working_time_of(colleague, context)
        plan_drill(tx, arrived, member, working)
        if drill:
            _give(tx, arrived, drill)

    return write


async def _drill(
    member: Member, colleague: Colleague, channel: str, arrived: Arrived, context: Context
) -> Drill | None:
    past, away = await context.database.read(
        lambda tx: (tx.drills.of(member.person), tx.absences.at(arrived.now))
    )
    is_away = any(each.email.casefold() == colleague.email.casefold() for each in away)
    scenario = scenario_for(context.practice, past, member.turn, arrived.now)
    # Outsiders could take it for real.
    private = await context.chat.is_shared_outside(channel) is False
    if is_away or not private or scenario is None or any(each.state == "open" for each in past):
        return None
    due_at = working_time_of(colleague, context).add_working_days(arrived.now, DAYS_TO_ANSWER)
    return Drill(
        id=f"{CASE}{arrived.ids.new()}",
        person=member.person,
        scenario_id=scenario.id,
        version=scenario.version,
        kind=scenario.kind,
        made_at=arrived.now,
        due_at=due_at,
        channel_id=channel,
    )


def _give(tx: Transaction, arrived: Arrived, drill: Drill) -> None:
    case = drill.id.removeprefix(CASE)
    tx.drills.add(drill)
    enqueue(
        tx, ShowDrill(drill_id=drill.id), key=f"drill:{drill.id}", order=f"drill:{drill.id}", arrived=arrived
    )
    ended = DrillEnded(drill_id=drill.id)
    wake_for(
        tx,
        arrived,
        drill.due_at,
        ended,
        key=f"drill_ended:{drill.id}",
        order=f"drill:{drill.id}",
        correlation_id=case,
    )
    told = {"drill_id": drill.id, "scenario_id": drill.scenario_id}
    write_down(tx, arrived, "drill.given", subject=None, correlation_id=case, **told)


def plan_drill(tx: Transaction, arrived: Arrived, member: Member, working: WorkingTime) -> None:
    """Plan somebody's next drill; asking anew begins another turn, and the timers of the old one end."""
    at = next_drill_at(arrived.now, working, member.turn)
    wake_for(
        tx,
        arrived,
        at,
        DrillDue(person=member.person, turn=member.turn),
        key=f"drill_due:{member.turn}:{at.isoformat()}",
        order=f"drills:{member.person}",
        correlation_id=arrived.correlation_id,
    )
