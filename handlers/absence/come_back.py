"""Come back: the absence ends, and whoever was away hears in one message what was decided for them."""

from __future__ import annotations

from handlers.absence.absence_words import helpful
from handlers.admission import admit
from handlers.answers.answering import answer, post
from handlers.commands import AbsenceEnded, BackRequested
from handlers.context import Arrived, Context, Write
from handlers.decisions.decision_lists import decided_for
from handlers.outcomes import DecisionList, Notice
from handlers.proposals.routing import place_of
from handlers.record.evidence import SYSTEM, slack_actor
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_homes
from policy.delegation import Absence
from storage.transaction import Transaction

NOT_AWAY = "You are not away, so there is nothing to end."
CALLED_OFF = Notice(
    text="That absence is called off.",
    next_step="Decisions come to you alone again. What was decided meanwhile stays decided.",
)


async def come_back(command: BackRequested, arrived: Arrived, context: Context) -> Write:
    """End the present absence, or the one named; nobody but whoever is away can do it."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    own = await context.database.read(lambda tx: tx.absences.still_to_come(colleague.email, arrived.now))
    if command.absence_id:
        ending = [absence for absence in own if absence.id == command.absence_id]
    else:
        ending = [absence for absence in own if absence.starts_at <= arrived.now]
    if not ending:
        return lambda tx: answer(tx, arrived, helpful(NOT_AWAY), command.reply_to)

    def write(tx: Transaction) -> None:
        refresh_homes(tx, arrived)
        for absence in ending:
            if tx.absences.end(absence.id, arrived.now):
                actor = slack_actor(command.by.id)
                write_down(
                    tx, arrived, "absence.called_off", subject=None, actor=actor, absence_id=absence.id
                )
        shown = _missed(tx, ending[0], arrived) if ending[0].starts_at <= arrived.now else None
        answer(tx, arrived, shown or CALLED_OFF, command.reply_to)

    return write


async def end_absence(command: AbsenceEnded, arrived: Arrived, context: Context) -> Write:
    """Tell whoever is back what was decided for them."""
    absence = await context.database.read(lambda tx: tx.absences.get(command.absence_id))
    if absence is None or absence.ended_at:
        return lambda _tx: None
    colleague = await context.chat.colleague(absence.user_id)
    channel = (await place_of(colleague, context)).channel if colleague else None

    def write(tx: Transaction) -> None:
        write_down(tx, arrived, "absence.ended", subject=None, absence_id=absence.id)
        missed = _missed(tx, absence, arrived)
        if missed and channel:
            post(tx, arrived, missed.model_copy(update={"mentions": (absence.user_id,)}), channel, by=SYSTEM)

    return write


def _missed(tx: Transaction, absence: Absence, arrived: Arrived) -> DecisionList | None:
    items = decided_for(tx, absence, arrived.now)
    if not items:
        return None
    return DecisionList(
        title=f"Welcome back. While you were away, {_decisions(len(items))} for you:",
        items=items,
        next_step="The cards say who decided and what was written; Undo is there where it is possible.",
    )


def _decisions(count: int) -> str:
    return "one decision was made" if count == 1 else f"{count} decisions were made"
