"""The CRM names another relationship owner, or theirs has left: what is open moves with the relationship."""

from __future__ import annotations

from dataclasses import dataclass, replace

from handlers.absence.show_to_stand_in import involve_stand_in
from handlers.answers.answering import post
from handlers.answers.donor_search import read_donor
from handlers.commands import OwnerLooked
from handlers.context import Arrived, Context, Write
from handlers.decisions.deadline import watch_deadline
from handlers.decisions.fresh_facts import FreshFacts, as_of
from handlers.effects import RemindDecider
from handlers.enqueueing import enqueue
from handlers.outcomes import Notice
from handlers.ports import DonorUnknown
from handlers.proposals.card_places import moved_to
from handlers.proposals.escalation_view import Requirement, requirement_of
from handlers.proposals.obligations import duties_of
from handlers.proposals.routing import Route, route, with_other_approvers, without_own_approval
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.record.rulings import ruled
from handlers.refreshing import refresh_card
from handlers.waking import waits, wake_at
from policy.canonical import canonical_json
from policy.donor import DonorRecord
from policy.escalation import EscalationState
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

ANOTHER_OWNER = "The CRM names another relationship owner, so this decision moved with the relationship."
YOURS = "You are the relationship owner now, so this decision is yours."
OF_REVIEWERS = "The donor has no relationship owner in Slack any more, so a reviewer decides."


@dataclass(frozen=True, slots=True)
class Reassigned:
    """One open decision with where it belongs now."""

    escalation: Escalation
    destination: Route
    fresh: FreshFacts
    owner_id: str | None
    days: int


def look_at_owner(tx: Transaction, arrived: Arrived, donor_id: str) -> None:
    """Have it looked whether what is open about the donor still belongs to whoever has it.

    A look that waits already will do: it reads the donor when it comes to its turn, and an import that
    changes a record a hundred times asks the CRM for it once.
    """
    if not any(each.state is EscalationState.OPEN for each in tx.escalations.open_for_donor(donor_id)):
        return
    if not waits(tx, OwnerLooked(donor_id=donor_id)):
        key = f"owner:{arrived.ids.new()}"  # which outlives the donor, as every such key does
        looked = OwnerLooked(donor_id=donor_id)
        wake_at(tx, arrived, arrived.now, looked, key=key, correlation_id=arrived.correlation_id)


async def follow_owner(command: OwnerLooked, arrived: Arrived, context: Context) -> Write:
    """Move each open decision whose owner is no longer the owner, unless it was passed on to somebody."""
    waiting = await context.database.read(lambda tx: tx.escalations.open_for_donor(command.donor_id))
    candidates = [each for each in waiting if _follows(each)]
    if not candidates:
        return lambda _tx: None
    try:
        record = await read_donor(command.donor_id, context)
    except DonorUnknown:
        return lambda _tx: None
    moving = [found for each in candidates if (found := await _reassigned(each, record, context))]

    def write(tx: Transaction) -> None:
        for reassigned in moving:
            _move(tx, arrived, reassigned)

    return write


def _follows(escalation: Escalation) -> bool:
    # Whoever passed a decision on must not find it again because they own the donor.
    # What the rules sent to somebody else than the owner is not the new owner's either.
    requirement = requirement_of(escalation)
    elsewhere = requirement.passed or duties_of(requirement.decision).route_to
    return escalation.state is EscalationState.OPEN and not elsewhere


async def _changed(escalation: Escalation, record: DonorRecord, context: Context) -> bool:
    """Say whether there is another owner than when it was opened, or theirs cannot be reached any more."""
    if record.donor.owner_id != escalation.owner_id:
        return True
    holder = requirement_of(escalation).owner_email or ""
    is_with_owner = record.owner is not None and record.owner.email.casefold() == holder.casefold()
    return is_with_owner and (await route(record, context)).decider_email is None


async def _reassigned(escalation: Escalation, record: DonorRecord, context: Context) -> Reassigned | None:
    requirement = requirement_of(escalation)
    if record.donor.id != escalation.donor_id or not await _changed(escalation, record, context):
        return None
    found = await without_own_approval(
        await route(record, context),
        escalation.action,
        requirement.decision,
        record,
        requirement.requested_by,
        context,
    )
    destination = with_other_approvers(found, requirement.decision, context.organisation)
    if (destination.decider_email or "").casefold() == (requirement.owner_email or "").casefold():
        return None
    fresh = await as_of(record, escalation, ANOTHER_OWNER, context, changed="")
    if fresh.again:
        destination = fresh.again.destination
    days = context.organisation.decision_days
    return Reassigned(escalation, destination, fresh, record.donor.owner_id, days)


def _move(tx: Transaction, arrived: Arrived, reassigned: Reassigned) -> None:
    before, destination = reassigned.escalation, reassigned.destination
    moved = tx.escalations.move(
        before.id,
        (EscalationState.OPEN,),
        EscalationState.OPEN,
        arrived.now,
        revision=before.revision,
        **_changes(tx, arrived, reassigned),
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.reassigned",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        before=requirement_of(before).owner_email,
        now=destination.decider_email,
        route=destination.why,
        due_at=moved.due_at.isoformat(),
        **ruled(reassigned.fresh.ruling),
    )
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    if moved.route != before.route:
        _say_where_it_went(tx, arrived, before, destination)
    refresh_card(tx, arrived, moved)
    text = YOURS if destination.decider_email else OF_REVIEWERS
    reminder = RemindDecider(escalation_id=moved.id, text=text)
    key = f"remind:{moved.id}:{moved.revision}"
    enqueue(tx, reminder, key=key, order=f"card:{moved.id}", arrived=arrived)
    involve_stand_in(tx, arrived, moved)


def _changes(tx: Transaction, arrived: Arrived, reassigned: Reassigned) -> Changes:
    """Return what changes; the approvals given so far were given on a record that reads differently now."""
    before, destination, fresh = reassigned.escalation, reassigned.destination, reassigned.fresh
    due_at = max(before.due_at, destination.working.add_working_days(arrived.now, reassigned.days))
    where = {"decider": destination.decider, "route": destination.why, "due_at": due_at}
    fresh = replace(fresh, card=fresh.card.model_copy(update=where))
    requirement = fresh.again.requirement if fresh.again else _for_new_owner(before, destination)
    changes = fresh.changes(tx, before, arrived.now) | Changes(
        owner_id=reassigned.owner_id,
        requires=canonical_json(requirement),
        due_at=due_at,
        for_person=destination.decider_email.casefold() if destination.decider_email else None,
    )
    if destination.channel == before.route:
        return changes
    return changes | moved_to(tx, before, destination.channel)


def _for_new_owner(escalation: Escalation, destination: Route) -> Requirement:
    update = {
        "owner_email": destination.decider_email,
        "excluded": destination.excluded,
        "granted": (),
    }
    return requirement_of(escalation).model_copy(update=update)


def _say_where_it_went(tx: Transaction, arrived: Arrived, before: Escalation, destination: Route) -> None:
    if before.channel_id is None or before.message_ts is None:
        return
    notice = Notice(
        text=f"This decision goes on with {destination.decider}: the CRM names another relationship owner.",
        next_step="This card follows it.",
    )
    place, thread = before.channel_id, before.message_ts
    post(tx, arrived, notice, place, by=SYSTEM, donor_id=before.donor_id, thread_ts=thread)
