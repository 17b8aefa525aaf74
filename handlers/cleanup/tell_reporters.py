"""Tell whoever said that a text was wrong what became of its record."""

from __future__ import annotations

from handlers.answers.answering import answer
from handlers.cleanup.cleanup_queue import cleanup_of
from handlers.commands import ReplyAddress
from handlers.context import Arrived
from handlers.outcomes import Notice
from policy.feedback import ABOUT_THE_RECORD, FEEDBACK_WORDS, FeedbackReason
from storage.cleanup import CleanupItem
from storage.transaction import Transaction

YOU_SAID = "You said of a text about {donor}: “{reason}”. "
FIXED = "{who} says that the record is put right now."
AS_IT_IS_NOW = "/donor summary {donor} shows it as it is now. If it is still wrong, say so there again."
NOT_FIXED = "{who} could not put the record right: “{note}”"
NOTHING_TO_DO = "There is nothing for you to do."


def tell_reporters(tx: Transaction, arrived: Arrived, item: CleanupItem) -> None:
    """Tell everybody who said so what became of it, each once, in direct messages."""
    shown = cleanup_of(item)
    fixed = not item.answer
    done = FIXED if fixed else NOT_FIXED
    next_step = AS_IT_IS_NOW.format(donor=shown.donor.name) if fixed else NOTHING_TO_DO
    who = item.answered_by_name or "Somebody"
    texts = dict.fromkeys((item.answer_id or "", *(each.answer_id for each in shown.also)))
    told = set[str]()
    for opinion in (each for text in texts for each in tx.feedback.of(text)):
        if opinion.reason not in ABOUT_THE_RECORD or opinion.user_id in told:
            continue
        told.add(opinion.user_id)
        said = YOU_SAID.format(donor=shown.donor.name, reason=FEEDBACK_WORDS[FeedbackReason(opinion.reason)])
        notice = Notice(
            text=said + done.format(who=who, note=item.answer or ""),
            next_step=next_step,
            reference=shown.reference,
        )
        to = ReplyAddress(channel_id="", user_id=opinion.user_id)
        answer(tx, arrived, notice, to, donor_id=item.donor_id)
