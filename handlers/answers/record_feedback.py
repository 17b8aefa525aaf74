"""Keep what people say about an AI text; it is what trust is measured by."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.cleanup.report_record import TextShown, queue_for_records, report_record
from handlers.commands import FeedbackGiven
from handlers.context import Arrived, Context, Write
from handlers.outcomes import OUTCOME, FeedbackAsked, FollowUpShown, NextStepShown, Notice, SummaryShown
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.feedback import ABOUT_THE_RECORD, FeedbackReason
from storage.answers import Answer, Feedback
from storage.transaction import Transaction

THANKS = {
    "useful": Notice(text="Thank you. Noted as useful."),
}
NOT_USEFUL = "Thank you. Noted as not useful."
WHY = "What was it? If a figure is wrong, the CRM has it so: the summary is computed from there."
WHY_NOTED = "Thank you. Noted why."
TOLD = (
    "The record is on the list of those to put right, with its owner. You hear from me when it is done, "
    "or cannot be."
)


async def record_feedback(command: FeedbackGiven, arrived: Arrived, context: Context) -> Write:
    """Store one opinion per person and answer; a second one replaces the first."""
    person = await admit(command.by.id, None, context)
    stored = await context.database.read(lambda tx: tx.answers.get(command.answer_id))
    reason = FeedbackReason(command.reason) if command.reason in set(FeedbackReason) else None
    wrong = reason if reason in ABOUT_THE_RECORD else None
    shown = _text_of(stored) if wrong else None
    queue = await queue_for_records(arrived.now, context) if shown else None

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
        _note(tx, command, arrived, stored, reason)
        if wrong and stored and shown and queue:
            report_record(tx, arrived, stored, shown, person, wrong, queue)
        if command.reply_to:
            answer(tx, arrived, _thanks(command, reason, reported=shown is not None), command.reply_to)

    return write


def _note(
    tx: Transaction,
    command: FeedbackGiven,
    arrived: Arrived,
    stored: Answer | None,
    reason: FeedbackReason | None,
) -> None:
    write_down(
        tx,
        arrived,
        "feedback.reason_given" if reason else "feedback.given",
        subject=stored.donor_id if stored else None,
        actor=slack_actor(command.by.id),
        answer_id=command.answer_id,
        value=command.value,
        **({"reason_code": reason.value} if reason else {}),
    )


def _thanks(
    command: FeedbackGiven, reason: FeedbackReason | None, *, reported: bool
) -> Notice | FeedbackAsked:
    if reason:
        return Notice(text=WHY_NOTED, next_step=TOLD if reported else "")
    if command.value == "useful":
        return THANKS["useful"]
    return FeedbackAsked(answer_id=command.answer_id, text=NOT_USEFUL, question=WHY)


def _text_of(stored: Answer | None) -> TextShown | None:
    """Return the text about a donor that an opinion is about; None where it cannot be told whose it is."""
    if stored is None or stored.donor_id is None:
        return None
    shown = OUTCOME.validate_json(stored.body)
    return shown if isinstance(shown, SummaryShown | NextStepShown | FollowUpShown) else None
