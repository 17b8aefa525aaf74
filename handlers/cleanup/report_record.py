"""Somebody says that a text about a donor is wrong: its record joins the queue of records to put right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.absence.working_hours import working_time_by_email
from handlers.cleanup.cleanup_queue import cleanup_channel, steward
from handlers.cleanup.remind_steward import watch_cleanup
from handlers.context import Arrived, Context
from handlers.outcomes import AlsoReported, CleanupShown, FollowUpShown, NextStepShown, SummaryShown
from handlers.ports import Colleague
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import show_cleanup
from policy.canonical import canonical_json
from policy.feedback import FEEDBACK_WORDS, FeedbackReason
from storage.answers import Answer
from storage.cleanup import CleanupItem
from storage.transaction import Transaction

TextShown = SummaryShown | NextStepShown | FollowUpShown


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
    """Put the record behind a text on the queue; one that waits there already gets one more reporter."""
    donor_id = stored.donor_id or shown.donor.id
    tx.one_at_a_time(f"report:{donor_id}")
    waiting = tx.cleanup.reported(donor_id)
    if waiting is not None:
        _fold(tx, arrived, waiting, stored, person, reason)
        return
    item = _item(arrived, stored, shown, person, reason, queue)
    tx.cleanup.add(item)
    _write_report(tx, arrived, item, stored, person, reason)
    watch_cleanup(tx, arrived, item, queue.too_long)
    show_cleanup(tx, arrived, item)


def _fold(
    tx: Transaction,
    arrived: Arrived,
    waiting: CleanupItem,
    stored: Answer,
    person: Colleague,
    reason: FeedbackReason,
) -> None:
    """Name another reporter on the item that waits; who is on it already is not named twice."""
    card = CleanupShown.model_validate_json(waiting.card)
    if person.id in (card.asked_by_user_id, *(each.user_id for each in card.also)) and stored.id in (
        waiting.answer_id,
        *(each.answer_id for each in card.also if each.user_id == person.id),
    ):
        return
    another = AlsoReported(
        user_id=person.id,
        name=person.name,
        at=arrived.now,
        reason=FEEDBACK_WORDS[reason],
        answer_id=stored.id,
    )
    changed = card.model_copy(update={"also": (*card.also, another)})
    item = tx.cleanup.set_card(waiting.id, canonical_json(changed))
    if item is None:
        return
    _write_report(tx, arrived, item, stored, person, reason)
    show_cleanup(tx, arrived, item)


def _write_report(
    tx: Transaction,
    arrived: Arrived,
    item: CleanupItem,
    stored: Answer,
    person: Colleague,
    reason: FeedbackReason,
) -> None:
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
