"""A record waits too long to be put right: whoever looks after records is told once, in working hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers.absence.working_hours import working_time_by_email
from handlers.answers.answering import post
from handlers.cleanup.cleanup_queue import cleanup_of, steward
from handlers.commands import CleanupWaits
from handlers.context import Arrived, Context, Write
from handlers.outcomes import DecisionList, ListedDecision
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.waking import wake_at
from policy.cleanup import CleanupState
from policy.working_time import WorkingTime
from storage.cleanup import CleanupItem
from storage.transaction import Transaction

LOOKED_AT = 500
ONE_WAITS = "This record has waited for more than {days} to be put right."
SEVERAL_WAIT = "{count} records have waited for more than {days} to be put right."
STANDING = "{reason}, asked by {who}"
NEXT = "Somebody waits for each. /donor cleanup lists them all; “Cannot be fixed…” tells whoever asked why."
SAID_OF_A_TEXT = "Said of a text; no decision waits for it"


def watch_cleanup(tx: Transaction, arrived: Arrived, item: CleanupItem, due_at: datetime) -> None:
    """Have it looked, when a record has waited long enough, whether it still does."""
    _look_at(tx, arrived, item.id, due_at, item.correlation_id)


def _look_at(tx: Transaction, arrived: Arrived, item_id: str, moment: datetime, correlation_id: str) -> None:
    key = f"cleanup_waits:{item_id}:{int(moment.timestamp())}"
    due = CleanupWaits(item_id=item_id)
    wake_at(tx, arrived, moment, due, key=key, correlation_id=correlation_id)


async def remind_steward(command: CleanupWaits, arrived: Arrived, context: Context) -> Write:
    """Tell of everything in that channel that has waited too long, in one message and not too often."""
    item = await context.database.read(lambda tx: tx.cleanup.get(command.item_id))
    if item is None or not _is_owed(item):
        return lambda _tx: None
    working = await working_time_by_email(context.organisation.data_steward, context)
    if not working.is_working(arrived.now):
        later = working.next_working_instant(arrived.now)
        return lambda tx: _look_at(tx, arrived, item.id, later, item.correlation_id)
    looks_after = await steward(context)
    mentions = (looks_after.id,) if looks_after else ()
    days = context.organisation.cleanup_days
    pause = timedelta(minutes=context.organisation.reminders.at_most_every_minutes)

    def write(tx: Transaction) -> None:
        last = tx.cleanup.last_reminded(item.route)
        if last and last + pause > arrived.now:
            _look_at(tx, arrived, item.id, last + pause, item.correlation_id)
            return
        waiting = _waiting(tx, item.route, days, arrived.now, working)
        told = [each for each in waiting if tx.cleanup.note_reminded(each.id, arrived.now)]
        if told:
            _tell(tx, arrived, told, days, mentions)

    return write


def _is_owed(item: CleanupItem) -> bool:
    return item.state is CleanupState.OPEN and item.reminded_at is None


def _waiting(
    tx: Transaction, route: str, days: int, now: datetime, working: WorkingTime
) -> Sequence[CleanupItem]:
    unfinished = tx.cleanup.unfinished(LOOKED_AT)
    return [
        each
        for each in unfinished
        if each.route == route and _is_owed(each) and working.add_working_days(each.asked_at, days) <= now
    ]


def _tell(
    tx: Transaction, arrived: Arrived, told: Sequence[CleanupItem], days: int, mentions: tuple[str, ...]
) -> None:
    for each in told:
        write_down(
            tx,
            arrived,
            "cleanup.reminded",
            subject=each.donor_id,
            correlation_id=each.correlation_id,
            escalation_id=each.escalation_id,
            cleanup_id=each.id,
        )
    waited = "a working day" if days == 1 else f"{days} working days"
    words = ONE_WAITS if len(told) == 1 else SEVERAL_WAIT
    shown = DecisionList(
        title=words.format(days=waited, count=len(told)),
        items=tuple(_line(each) for each in told),
        next_step=NEXT,
        mentions=mentions,
    )
    [first, *others] = told
    if not others and first.channel_id and first.message_ts:
        place, thread = first.channel_id, first.message_ts
        post(tx, arrived, shown, place, by=SYSTEM, donor_id=first.donor_id, thread_ts=thread)
    else:
        post(tx, arrived, shown, first.route, by=SYSTEM)


def _line(item: CleanupItem) -> ListedDecision:
    shown = cleanup_of(item)
    return ListedDecision(
        donor_name=shown.donor.name,
        proposal=shown.waiting or SAID_OF_A_TEXT,
        standing=STANDING.format(reason=shown.reason, who=shown.asked_by),
    )
