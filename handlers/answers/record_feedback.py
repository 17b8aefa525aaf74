"""Keep what people say about an AI text; it is what trust is measured by."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer, post
from handlers.commands import FeedbackGiven
from handlers.context import Arrived, Context, Write
from handlers.outcomes import OUTCOME, FeedbackAsked, LinkShown, Notice, SummaryShown
from handlers.ports import Colleague
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.feedback import ABOUT_THE_RECORD, FEEDBACK_WORDS, FeedbackReason
from storage.answers import Answer, Feedback
from storage.transaction import Transaction

THANKS = {
    "useful": Notice(text="Thank you. Noted as useful."),
}
NOT_USEFUL = "Thank you. Noted as not useful."
WHY = "What was it? If a figure is wrong, the CRM has it so: the summary is computed from there."
WHY_NOTED = "Thank you. Noted why."
FROM = "Reference {ref}"
REPORTED = "{who} says of a text about {donor}: “{what}”. Please look at the record, and correct it there."
TOLD = "Whoever looks after the records has been told, with a link to this one."


async def record_feedback(command: FeedbackGiven, arrived: Arrived, context: Context) -> Write:
    """Store one opinion per person and answer; a second one replaces the first."""
    person = await admit(command.by.id, None, context)
    stored, opinions = await context.database.read(
        lambda tx: (tx.answers.get(command.answer_id), tx.feedback.of(command.answer_id))
    )
    before = any(o.reason in ABOUT_THE_RECORD for o in opinions)

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
        reason = FeedbackReason(command.reason) if command.reason in set(FeedbackReason) else None
        _note(tx, command, arrived, stored, reason)
        reported = (
            reason in ABOUT_THE_RECORD
            and not before
            and _report(tx, arrived, stored, person, reason, context)
        )
        if command.reply_to:
            answer(tx, arrived, _thanks(command, reason, reported=reported), command.reply_to)

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


def _report(
    tx: Transaction,
    arrived: Arrived,
    stored: Answer | None,
    person: Colleague,
    reason: FeedbackReason | None,
    context: Context,
) -> bool:
    """Have whoever looks after the records look at this one; False where it cannot be told which it is."""
    shown = OUTCOME.validate_json(stored.body) if stored and stored.donor_id else None
    if stored is None or reason is None or not isinstance(shown, SummaryShown):
        return False
    said = REPORTED.format(who=person.name, donor=shown.donor.name, what=FEEDBACK_WORDS[reason])
    link = LinkShown(
        text=said,
        url=shown.donor.record_url or "",
        label="Open the record",
        note=FROM.format(ref=shown.reference),
    )
    organisation = context.organisation
    place = organisation.data_channel or organisation.review_channel
    post(tx, arrived, link, place, by=person.id, donor_id=stored.donor_id)
    write_down(
        tx,
        arrived,
        "record.reported",
        subject=stored.donor_id,
        actor=slack_actor(person.id),
        answer_id=stored.id,
        reason_code=reason.value,
    )
    return True
