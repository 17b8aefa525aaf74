"""Put a decision off: it leaves the queue and comes back by itself, also after a restart."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.answering import answer
from handlers.commands import DeferralClicked, DeferralEnded
from handlers.context import Arrived, Context, Write
from handlers.deciding_person import Decider, decider_of
from handlers.effects import refresh_card
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.outcomes import Notice
from handlers.overriding import audited_reason, count_override, shown_reason
from handlers.standing import refuse_click, too_late
from handlers.waking import wake_at
from handlers.working_hours import working_time_of
from policy.escalation import EscalationState
from policy.override_reasons import Override
from policy.working_time import WorkingTime
from storage.transaction import Transaction

LONGEST = timedelta(days=366)
BAD_DAY = Notice(
    text="That day has passed or is more than a year away.",
    next_step="Choose a day from tomorrow on, within a year.",
)


async def defer_escalation(command: DeferralClicked, arrived: Arrived, context: Context) -> Write:
    """Move the decision to the morning of the chosen day, in the working time of whoever chose it."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    working = working_time_of(decider.colleague, context)
    until = deferred_until(command, arrived.now, working)
    if until is None:
        return lambda tx: answer(tx, arrived, BAD_DAY, command.reply_to)
    due_at = working.add_working_days(until, context.organisation.decision_days)
    return lambda tx: _defer(tx, command, arrived, decider, until, due_at)


def deferred_until(command: DeferralClicked, now: datetime, working: WorkingTime) -> datetime | None:
    """Return when the decision comes back (UTC), or None for a day that cannot be meant.

    It is the morning of a working day: a day that is not worked stands for the next one that is.
    """
    today = working.local_day(now)
    match command.preset:
        case "tomorrow" | "next_business_day":
            day = working.next_working_day(today)
        case "next_week":
            day = working.first_of_next_week(today)
        case "date":
            if command.day is None or not today < command.day <= today + LONGEST:
                return None
            day = working.first_working_day(command.day)
    return working.morning_of(day)


def _defer(
    tx: Transaction,
    command: DeferralClicked,
    arrived: Arrived,
    decider: Decider,
    until: datetime,
    due_at: datetime,
) -> None:
    moved = tx.escalations.move(
        command.escalation_id,
        (EscalationState.OPEN,),
        EscalationState.DEFERRED,
        arrived.now,
        deferred_until=until,
        decided_by=decider.colleague.id,
        decided_by_name=decider.colleague.name,
        decided_at=arrived.now,
        due_at=max(decider.escalation.due_at, due_at),
        **shown_reason(command.reason),
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    write_down(
        tx,
        arrived,
        "escalation.deferred",
        subject=moved.donor_id,
        actor=slack_actor(command.by.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        name=decider.colleague.name,
        until=until.isoformat(),
        **audited_reason(command.reason),
    )
    count_override(tx, arrived, moved.id, Override.DEFER, command.reason, command.by.id)
    ended = DeferralEnded(escalation_id=moved.id, revision=moved.revision)
    key = f"deferral:{moved.id}:{moved.revision}"
    wake_at(tx, arrived, until, ended, key=key, correlation_id=moved.correlation_id)
    refresh_card(tx, arrived, moved)
