"""Bring a deferred decision back: on its day, when what it waited for happened, or because somebody asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from handlers.absence.show_to_stand_in import involve_stand_in
from handlers.absence.working_hours import working_time_by_email
from handlers.answers.answering import answer
from handlers.answers.donor_search import read_donor
from handlers.commands import BringBackClicked, DeferralEnded
from handlers.context import Arrived, Context, Write
from handlers.decisions.deadline import watch_deadline
from handlers.decisions.deciding_person import decider_of
from handlers.decisions.fresh_facts import FreshFacts, fresh_facts
from handlers.decisions.standing import refuse_click, too_late
from handlers.effects import RemindDecider
from handlers.enqueueing import enqueue
from handlers.outcomes import Notice
from handlers.ports import DonorUnknown
from handlers.proposals.escalation_view import requirement_of
from handlers.proposals.happened import happened
from handlers.record.evidence import SYSTEM, slack_actor
from handlers.record.evidence import record as write_down
from handlers.record.rulings import ruled
from handlers.refreshing import refresh_card
from handlers.waking import wake_at
from policy.awaited_events import ENDED, brought_by
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.working_time import WorkingTime
from storage.awaited_events import Awaited
from storage.escalations import NOT_DECIDED, Changes, Escalation
from storage.transaction import Transaction

ON_ITS_DAY = "This decision is back from being put off."
SOMETHING_HAPPENED = "This decision is back: what it waited for has happened."
BACK = Notice(text="The decision is back.", next_step="The card shows the facts as they are now.")


@dataclass(frozen=True, slots=True)
class Return:
    """How a decision comes back: with which facts, and in whose time it is decided."""

    actor: str
    fresh: FreshFacts
    working: WorkingTime
    named: Mapping[str, str] = field(default_factory=dict)


async def reopen_deferred(command: DeferralEnded, arrived: Arrived, context: Context) -> Write:
    """Open the decision again, unless it was decided or put off anew in the meantime."""
    escalation, awaited = await context.database.read(
        lambda tx: (tx.escalations.get(command.escalation_id), tx.awaited.get(command.escalation_id))
    )
    if not _is_put_off(escalation) or escalation.revision != command.revision:
        return lambda _tx: None
    why = plainly = ON_ITS_DAY
    if command.because:
        found = await _awaited_happened(command.because, awaited, escalation, context)
        if found is None:
            return lambda _tx: None
        why, plainly = found, SOMETHING_HAPPENED
    back = await _return(escalation, why, plainly, SYSTEM, arrived, context)

    def write(tx: Transaction) -> None:
        _reopen(tx, arrived, escalation, back, context)

    return write


async def bring_back(command: BringBackClicked, arrived: Arrived, context: Context) -> Write:
    """Open the decision again because somebody who may decide it does not want to wait."""
    decider = await decider_of(command.escalation_id, command.by.id, context, state=EscalationState.DEFERRED)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    for_whom = f" for {decider.in_place_of}" if decider.in_place_of else ""
    why = f"{decider.colleague.name} brought this decision back{for_whom}."
    back = await _return(decider.escalation, why, why, slack_actor(command.by.id), arrived, context)
    back = replace(back, named=decider.named())

    def write(tx: Transaction) -> None:
        if _reopen(tx, arrived, decider.escalation, back, context):
            answer(tx, arrived, BACK, command.reply_to)
        else:
            too_late(tx, command, arrived)

    return write


def wake_awaiting(tx: Transaction, arrived: Arrived, event: CrmEvent) -> None:
    """Have what waited for such an event look whether it may come back."""
    found = brought_by(event)
    for awaited in tx.awaited.of(*found) if found else ():
        ended = DeferralEnded(escalation_id=awaited.escalation_id, revision=awaited.revision, because=event)
        key = f"deferral:{awaited.escalation_id}:{awaited.revision}:{event.source}:{event.id}"
        wake_at(tx, arrived, arrived.now, ended, key=key, correlation_id=arrived.correlation_id)


def _is_put_off(escalation: Escalation | None) -> TypeGuard[Escalation]:
    return escalation is not None and escalation.state is EscalationState.DEFERRED


async def _awaited_happened(
    event: CrmEvent, awaited: Awaited | None, escalation: Escalation, context: Context
) -> str | None:
    """Say what happened, as the CRM has it; None when it is not yet what was waited for."""
    if awaited is None or awaited.revision != escalation.revision or event.time < awaited.since:
        return None
    if event.type is CrmEventType.CAMPAIGN_STATUS_CHANGED:
        campaign = await context.crm.campaign(awaited.subject_id)
        if campaign is None or campaign.status not in ENDED:
            return None
        return f"This decision is back: the campaign {campaign.name} is {campaign.status}."
    try:
        record = await read_donor(escalation.donor_id, context)
    except DonorUnknown:
        return SOMETHING_HAPPENED
    return f"This decision is back: {happened(event, record)}"


async def _return(
    escalation: Escalation, why: str, plainly: str, actor: str, arrived: Arrived, context: Context
) -> Return:
    fresh = await fresh_facts(escalation, why, plainly, arrived, context)
    holder = requirement_of(escalation).holder
    if fresh.again:
        return Return(actor, fresh, fresh.again.destination.working)
    return Return(actor, fresh, await working_time_by_email(holder, context))


def _reopen(
    tx: Transaction, arrived: Arrived, escalation: Escalation, back: Return, context: Context
) -> Escalation | None:
    due_at = back.working.add_working_days(arrived.now, context.organisation.decision_days)
    changes = back.fresh.changes(tx, escalation, arrived.now) | NOT_DECIDED
    changes |= Changes(deferred_until=None, due_at=due_at)
    moved = tx.escalations.move(
        escalation.id,
        (EscalationState.DEFERRED,),
        EscalationState.OPEN,
        arrived.now,
        revision=escalation.revision,
        **changes,
    )
    if moved is None:
        return None
    tx.awaited.drop(moved.id)
    write_down(
        tx,
        arrived,
        "escalation.reopened",
        subject=moved.donor_id,
        actor=back.actor,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        why=back.fresh.why,
        note=back.fresh.note,
        policy_version=moved.policy_version,
        **back.named,
        **ruled(back.fresh.ruling),
    )
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    refresh_card(tx, arrived, moved)
    reminder = RemindDecider(escalation_id=moved.id, text=back.fresh.why)
    key = f"remind:{moved.id}:{moved.revision}"
    enqueue(tx, reminder, key=key, order=f"card:{moved.id}", arrived=arrived)
    involve_stand_in(tx, arrived, moved)
    return moved
