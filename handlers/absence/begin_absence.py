"""An absence begins: whoever decides meanwhile gets one message with what waits, and the cards themselves."""

from __future__ import annotations

from handlers.absence.owner_part import OwnerPart, owner_part
from handlers.absence.show_to_stand_in import involve_stand_in
from handlers.answers.answering import post
from handlers.commands import AbsenceBegan
from handlers.context import Arrived, Context, Write
from handlers.decisions.decision_lists import held_by, waiting_lines
from handlers.outcomes import DecisionList
from handlers.proposals.routing import place_of
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from policy.delegation import Absence
from storage.transaction import Transaction

MOST_CARDS = 10


async def begin_absence(command: AbsenceBegan, arrived: Arrived, context: Context) -> Write:
    """Hand the open decisions to the attention of whoever decides now."""
    absence = await context.database.read(lambda tx: tx.absences.get(command.absence_id))
    if absence is None or absence.ended_at or absence.ends_at <= arrived.now:
        return lambda _tx: None
    part = await owner_part(absence.email, context)
    present = part.present
    channel = (await place_of(present, context)).channel if present else context.organisation.review_channel
    return lambda tx: _hand_over(tx, arrived, absence, part, channel)


def _hand_over(tx: Transaction, arrived: Arrived, absence: Absence, part: OwnerPart, channel: str) -> None:
    present, waiting = part.present, held_by(tx, absence.email)
    write_down(
        tx,
        arrived,
        "absence.began",
        subject=None,
        absence_id=absence.id,
        decides=present.email if present else "reviewers",
        waiting=[each.id for each in waiting],
    )
    if not waiting and present is None:
        return
    decides = "You decide" if present else "A manager decides"
    shown = DecisionList(
        title=f"{part.why}. {decides} meanwhile. {_waits(len(waiting))}",
        items=waiting_lines(waiting[:MOST_CARDS]),
        next_step=_next_step(len(waiting), absence),
        mentions=(present.id,) if present else (),
    )
    post(tx, arrived, shown, channel, by=SYSTEM)
    for each in waiting[:MOST_CARDS]:
        involve_stand_in(tx, arrived, each)


def _waits(count: int) -> str:
    if not count:
        return "Nothing waits at the moment."
    return "One decision waits:" if count == 1 else f"{count} decisions wait:"


def _next_step(count: int, absence: Absence) -> str:
    if count > MOST_CARDS:
        return f"The cards of the first {MOST_CARDS} follow; the others are in {absence.name}'s channel."
    if count:
        return "The cards follow here."
    return f"New cards for {absence.name} come here, too."
