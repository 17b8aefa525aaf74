"""A press on a drill's card, or the end of its time: the card says what it was, and nothing is written."""

from __future__ import annotations

from handlers.answers.answering import answer
from handlers.commands import DrillEnded, DrillPressed
from handlers.context import Arrived, Context, Write
from handlers.effects import ShowDrill
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.outcomes import DrillVerdict, Notice
from handlers.practice.drill_card import scenario_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import refresh_homes
from policy.drills import Drill, caught
from policy.practice import Scenario
from storage.transaction import Transaction

NOT_YOURS = Notice(
    text="This card is for somebody else to decide.",
    next_step="Nothing was changed.",
)
OVER = Notice(text="This card is closed.", next_step="Nothing was changed.")


async def answer_drill(command: DrillPressed, arrived: Arrived, context: Context) -> Write:
    """Keep what they pressed, tell them alone how it was, and have the card say that it was a drill."""
    drill = await context.database.read(lambda tx: tx.drills.get(command.drill_id))
    if drill is None or drill.person != command.by.id:
        return lambda tx: _refuse(tx, command, arrived, OVER if drill is None else NOT_YOURS)
    scenario = scenario_of(drill, context)
    if scenario is None:
        return lambda tx: end(tx, drill, arrived)
    return lambda tx: answer_open_drill(tx, command, arrived, drill, scenario)


async def end_drill(command: DrillEnded, arrived: Arrived, context: Context) -> Write:
    """End a drill nobody answered: it counts neither as caught nor as missed."""
    drill = await context.database.read(lambda tx: tx.drills.get(command.drill_id))
    return lambda tx: end(tx, drill, arrived)


def _refuse(tx: Transaction, command: DrillPressed, arrived: Arrived, why: Notice) -> None:
    write_down(tx, arrived, "click.refused", subject=None, actor=slack_actor(command.by.id), reason=why.text)
    answer(tx, arrived, why, command.reply_to)


def answer_open_drill(
    tx: Transaction, command: DrillPressed, arrived: Arrived, drill: Drill, scenario: Scenario
) -> None:
    """Keep an answer and tell whoever gave it, them alone, how it was; nothing is ever written to the CRM."""
    right = scenario.accepts(command.choice)
    answered = tx.drills.answer(drill.id, command.choice, arrived.now, right=right)
    if answered is None:
        _refuse(tx, command, arrived, OVER)
        return
    # What somebody pressed is theirs: the audit says that there was a drill, not how it went.
    write_down(
        tx, arrived, "drill.answered", subject=None, actor=slack_actor(command.by.id), drill_id=drill.id
    )
    _turn_over(tx, arrived, answered)
    verdict = DrillVerdict(
        scenario=scenario, choice=command.choice, right=right, caught=caught(tx.drills.of(drill.person))
    )
    answer(tx, arrived, verdict, command.reply_to)


def end(tx: Transaction, drill: Drill | None, arrived: Arrived) -> None:
    """End a drill that is still open; its card says what it was."""
    if drill and tx.drills.end(drill.id, arrived.now):
        write_down(tx, arrived, "drill.ended", subject=None, drill_id=drill.id)
        _turn_over(tx, arrived, drill)


def _turn_over(tx: Transaction, arrived: Arrived, drill: Drill) -> None:
    refresh_homes(tx, arrived)
    enqueue(
        tx,
        ShowDrill(drill_id=drill.id),
        key=f"drill_over:{drill.id}",
        order=f"drill:{drill.id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )
