"""Show a private summary to the channel it was asked for in, when its reader says so."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer, post
from handlers.commands import SummaryShared
from handlers.context import Arrived, Context, Write
from handlers.outcomes import OUTCOME, Notice, SummaryShown
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from storage.transaction import Transaction

GONE = Notice(
    text="That summary is no longer stored.",
    next_step="Ask for it again with /donor summary, then share it.",
)
NOT_YOURS = Notice(
    text="Only the person who asked for a summary can share it.",
    next_step="Ask for your own with /donor summary.",
)
ALREADY = Notice(text="This summary has already been shared in this channel.")


async def share_summary(command: SummaryShared, arrived: Arrived, context: Context) -> Write:
    """Post the stored summary, exactly as its reader saw it, to the channel."""
    reader = await admit(command.by.id, command.reply_to, context, for_everybody=True)
    if isinstance(reader, Notice):
        return lambda tx: answer(tx, arrived, reader, command.reply_to)
    stored = await context.database.read(lambda tx: tx.answers.get(command.answer_id))
    shown = OUTCOME.validate_json(stored.body) if stored else None
    if stored is None or not isinstance(shown, SummaryShown):
        return lambda tx: answer(tx, arrived, GONE, command.reply_to)
    if stored.asked_by != command.by.id:
        return lambda tx: answer(tx, arrived, NOT_YOURS, command.reply_to)

    def write(tx: Transaction) -> None:
        channel = command.reply_to.channel_id
        if not tx.answers.mark_shared(stored.id, channel):
            answer(tx, arrived, ALREADY, command.reply_to)
            return
        by = slack_actor(command.by.id)
        write_down(tx, arrived, "summary.shared", subject=stored.donor_id, actor=by, answer_id=stored.id)
        public = shown.model_copy(update={"shared_by": command.by.id})
        post(tx, arrived, public, channel, by=command.by.id, donor_id=stored.donor_id)

    return write
