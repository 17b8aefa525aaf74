"""Put a decision off: it leaves the queue and comes back by itself, also after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.absence.working_hours import working_time_of
from handlers.answers.answering import answer
from handlers.answers.donor_search import read_donor
from handlers.commands import DeferralClicked, DeferralEnded
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.overriding import overrule
from handlers.decisions.standing import refuse_click
from handlers.outcomes import Notice
from handlers.ports import DonorUnknown
from handlers.proposals.escalation_view import card_of
from handlers.refreshing import refresh_card
from handlers.waking import wake_at
from policy.awaited_events import AwaitedEvent
from policy.canonical import canonical_json
from policy.donor import Campaign, DonorRecord
from policy.escalation import EscalationState
from policy.events import CrmEvent
from policy.working_time import WorkingTime
from storage.awaited_events import Awaited
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

LONGEST = timedelta(days=366)
BAD_DAY = Notice(
    text="That day has passed or is more than a year away.",
    next_step="Choose a day from tomorrow on, within a year.",
)
NO_CAMPAIGN = Notice(
    text="No campaign of this donor is running, so there is no end to wait for.",
    next_step="Nothing was changed. Choose a day instead.",
)


@dataclass(frozen=True, slots=True)
class Deferral:
    """Until when a decision is put off, and until which event, about whom, and in which words."""

    until: datetime
    due_at: datetime
    event: AwaitedEvent | None = None
    subject_id: str = ""
    awaits: str = ""


async def defer_escalation(command: DeferralClicked, arrived: Arrived, context: Context) -> Write:
    """Move the decision to the morning of the chosen day, in the working time of whoever chose it."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    working = working_time_of(decider.colleague, context)
    until = deferred_until(command, arrived.now, working)
    if until is None:
        return lambda tx: _not_that_day(tx, command, arrived, decider)
    due_at = working.add_working_days(until, context.organisation.decision_days)
    deferral = await _with_event(command, decider.escalation, Deferral(until, due_at), context)
    if isinstance(deferral, Notice):
        return lambda tx: answer(tx, arrived, deferral, command.reply_to)
    return lambda tx: _defer(tx, command, arrived, decider, deferral)


def _not_that_day(tx: Transaction, command: DeferralClicked, arrived: Arrived, decider: Decider) -> None:
    """Say so, and have the card name the days that can be meant now: it may have stood there for a while."""
    answer(tx, arrived, BAD_DAY, command.reply_to)
    refresh_card(tx, arrived, decider.escalation, again=f":{arrived.item_id}")


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


async def _with_event(
    command: DeferralClicked, escalation: Escalation, deferral: Deferral, context: Context
) -> Deferral | Notice:
    """Add the event that brings the decision back before its day, if there is to be one."""
    name, until, due_at = card_of(escalation).donor.name, deferral.until, deferral.due_at
    match command.event:
        case AwaitedEvent.NEXT_GIFT:
            return Deferral(until, due_at, command.event, escalation.donor_id, f"the next gift of {name}")
        case AwaitedEvent.NEXT_REPLY:
            return Deferral(until, due_at, command.event, escalation.donor_id, f"the next reply of {name}")
        case AwaitedEvent.CAMPAIGN_END:
            campaign = await running_campaign(escalation, context)
            if campaign is None:
                return NO_CAMPAIGN
            words = f"the end of the campaign {campaign.name}"
            return Deferral(until, due_at, command.event, campaign.id, words)
        case _:
            return deferral


async def running_campaign(escalation: Escalation, context: Context) -> Campaign | None:
    """Return the running campaign this is about: that of the gift behind it, else the one that ends first."""
    try:
        record = await read_donor(escalation.donor_id, context)
    except DonorUnknown:
        return None
    running = sorted((c for c in record.campaigns if c.status == "active"), key=lambda c: (c.ends_on, c.id))
    own = _campaign_behind(escalation, record)
    return next((c for c in running if c.id == own), running[0] if running else None)


def _campaign_behind(escalation: Escalation, record: DonorRecord) -> str | None:
    if escalation.trigger is None:
        return None
    about = CrmEvent.model_validate_json(escalation.trigger).record_id
    return next((gift.campaign_id for gift in record.gifts if gift.id == about), None)


def _defer(
    tx: Transaction, command: DeferralClicked, arrived: Arrived, decider: Decider, deferral: Deferral
) -> None:
    card = card_of(decider.escalation).model_copy(update={"awaits": deferral.awaits, "came_back": ""})
    put_off = Changes(
        deferred_until=deferral.until,
        due_at=max(decider.escalation.due_at, deferral.due_at),
        card=canonical_json(card),
        outcome=None,
    )
    until = deferral.until.isoformat()
    moved = overrule(
        tx, command, arrived, decider, EscalationState.DEFERRED, put_off, until=until, awaits=deferral.awaits
    )
    if moved is None:
        return
    if deferral.event:
        tx.awaited.put(
            Awaited(
                escalation_id=moved.id,
                revision=moved.revision,
                kind=deferral.event,
                subject_id=deferral.subject_id,
                since=arrived.now,
            )
        )
    ended = DeferralEnded(escalation_id=moved.id, revision=moved.revision)
    key = f"deferral:{moved.id}:{moved.revision}"
    wake_at(tx, arrived, deferral.until, ended, key=key, correlation_id=moved.correlation_id)
    refresh_card(tx, arrived, moved)
