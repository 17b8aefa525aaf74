"""Somebody says that a text about a donor is wrong: its record joins the queue of records to put right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.absence.working_hours import working_time_by_email
from handlers.answers.answering import answer
from handlers.cleanup.cleanup_queue import cleanup_channel, cleanup_of, steward
from handlers.cleanup.remind_steward import watch_cleanup
from handlers.commands import ReplyAddress
from handlers.context import Arrived, Context
from handlers.effects import show_cleanup
from handlers.outcomes import CleanupShown, FollowUpShown, NextStepShown, Notice, SummaryShown
from handlers.ports import Colleague
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.canonical import canonical_json
from policy.feedback import ABOUT_THE_RECORD, FEEDBACK_WORDS, FeedbackReason
from storage.answers import Answer
from storage.cleanup import CleanupItem
from storage.transaction import Transaction

TextShown = SummaryShown | NextStepShown | FollowUpShown
YOU_SAID = "You said of a text about {donor}: “{reason}”. "
FIXED = "{who} says that the record is put right now."
AS_IT_IS_NOW = "/donor summary {donor} shows it as it is now. If it is still wrong, say so there again."
NOT_FIXED = "{who} could not put the record right: “{note}”"
NOTHING_TO_DO = "There is nothing for you to do."


@dataclass(frozen=True, slots=True)
class Queue:
    """Where records to put right go, who looks after them, and when one has waited too long."""

    channel: str
    steward_id: str | None
    too_long: datetime


async def queue_for_records(now: datetime, context: Context) -> Queue:
    """Return where a record goes that is reported *now*."""
    looks_after = await steward(context)
    working = await working_time_by_email(context.organisation.data_steward, context)
    too_long = working.add_working_days(now, context.organisation.cleanup_days)
    return Queue(cleanup_channel(context.organisation), looks_after.id if looks_after else None, too_long)


def report_record(
    tx: Transaction,
    arrived: Arrived,
    stored: Answer,
    shown: TextShown,
    person: Colleague,
    reason: FeedbackReason,
    queue: Queue,
) -> None:
    """Put the record behind a text on the queue, unless it waits there for that text already."""
    if tx.cleanup.is_reported(stored.id):
        return
    item = _item(arrived, stored, shown, person, reason, queue)
    tx.cleanup.add(item)
    write_down(
        tx,
        arrived,
        "record.reported",
        subject=item.donor_id,
        actor=slack_actor(person.id),
        answer_id=stored.id,
        cleanup_id=item.id,
        reason_code=reason.value,
    )
    watch_cleanup(tx, arrived, item, queue.too_long)
    show_cleanup(tx, arrived, item)


def tell_reporters(tx: Transaction, arrived: Arrived, item: CleanupItem) -> None:
    """Tell everybody who said so of that text what became of it, in direct messages."""
    shown = cleanup_of(item)
    fixed = item.answer is None or not item.answer
    done = FIXED if fixed else NOT_FIXED
    next_step = AS_IT_IS_NOW.format(donor=shown.donor.name) if fixed else NOTHING_TO_DO
    who = item.answered_by_name or "Somebody"
    for opinion in tx.feedback.of(item.answer_id or ""):
        if opinion.reason not in ABOUT_THE_RECORD:
            continue
        said = YOU_SAID.format(donor=shown.donor.name, reason=FEEDBACK_WORDS[FeedbackReason(opinion.reason)])
        notice = Notice(
            text=said + done.format(who=who, note=item.answer or ""),
            next_step=next_step,
            reference=shown.reference,
        )
        to = ReplyAddress(channel_id="", user_id=opinion.user_id)
        answer(tx, arrived, notice, to, donor_id=item.donor_id)


def _item(
    arrived: Arrived,
    stored: Answer,
    shown: TextShown,
    person: Colleague,
    reason: FeedbackReason,
    queue: Queue,
) -> CleanupItem:
    item_id = arrived.ids.new()
    card = CleanupShown(
        item_id=item_id,
        donor=shown.donor,
        reason=FEEDBACK_WORDS[reason],
        waiting="",
        asked_by_user_id=person.id,
        asked_by=person.name,
        asked_at=arrived.now,
        steward_user_id=queue.steward_id,
        reference=shown.reference,
    )
    return CleanupItem(
        id=item_id,
        donor_id=stored.donor_id or shown.donor.id,
        card=canonical_json(card),
        asked_by=person.id,
        asked_at=arrived.now,
        route=queue.channel,
        correlation_id=arrived.correlation_id,
        answer_id=stored.id,
    )
