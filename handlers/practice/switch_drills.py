"""`/donor practice drills on|off`: made-up cards among the real ones, for whoever asks for them."""

from __future__ import annotations

from handlers.absence.working_hours import working_time_of
from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import DrillsSwitched
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.ports import Colleague
from handlers.practice.answer_drill import end
from handlers.practice.give_drill import plan_drill
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.drills import Member
from storage.transaction import Transaction

ON = Notice(
    text="Now and then, about once a week, a made-up card will appear where your decisions do.",
    next_step=(
        "It looks like any other, its donor does not exist, and whatever you press writes nothing. "
        "You alone learn how you did. /donor practice drills off ends it."
    ),
)
OFF = Notice(text="You get no more made-up cards.", next_step="/donor practice goes on as before.")


async def switch_drills(command: DrillsSwitched, arrived: Arrived, context: Context) -> Write:
    """Keep what somebody wants; nobody can ask for another."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    return lambda tx: _switch(tx, command, arrived, colleague, context)


def _switch(
    tx: Transaction, command: DrillsSwitched, arrived: Arrived, colleague: Colleague, context: Context
) -> None:
    if not command.wanted:
        tx.drills.leave(colleague.id)
        for drill in tx.drills.of(colleague.id):
            end(tx, drill, arrived)
    elif tx.drills.member(colleague.id) is None:
        member = Member(
            person=colleague.id,
            email=colleague.email,
            name=colleague.name,
            turn=arrived.ids.new(),
            since=arrived.now,
        )
        tx.drills.join(member)
        plan_drill(tx, arrived, member, working_time_of(colleague, context))
    write_down(
        tx,
        arrived,
        "drills.switched",
        subject=None,
        actor=slack_actor(command.by.id),
        wanted=command.wanted,
    )
    answer(tx, arrived, ON if command.wanted else OFF, command.reply_to)
