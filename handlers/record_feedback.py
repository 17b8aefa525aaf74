"""Keep what people say about an AI text; it is what trust is measured by."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answering import answer
from handlers.commands import FeedbackGiven
from handlers.context import Arrived, Context, Write
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.outcomes import Notice
from storage.answers import Feedback
from storage.transaction import Transaction

THANKS = {
    "useful": Notice(text="Thank you. Noted as useful."),
    "not_useful": Notice(
        text="Thank you. Noted as not useful.",
        next_step="If a figure is wrong, please correct it in the CRM: the summary is computed from there.",
    ),
}


async def record_feedback(command: FeedbackGiven, arrived: Arrived, context: Context) -> Write:
    """Store one opinion per person and answer; a second one replaces the first."""
    person = await admit(command.by.id, None, context)
    stored = await context.database.read(lambda tx: tx.answers.get(command.answer_id))

    def write(tx: Transaction) -> None:
        if isinstance(person, Notice):
            if command.reply_to:
                answer(tx, arrived, person, command.reply_to)
            return
        tx.feedback.put(
            Feedback(
                subject_id=command.answer_id,
                user_id=command.by.id,
                value=command.value,
                reason=command.reason,
                at=arrived.now,
            )
        )
        write_down(
            tx,
            arrived,
            "feedback.given",
            subject=stored.donor_id if stored else None,
            actor=slack_actor(command.by.id),
            answer_id=command.answer_id,
            value=command.value,
        )
        if command.reply_to:
            answer(tx, arrived, THANKS[command.value], command.reply_to)

    return write
