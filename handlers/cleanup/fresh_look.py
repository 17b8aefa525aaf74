"""A record was put right: look again at what happened, and bring the decision back as a fresh card."""

from __future__ import annotations

from dataclasses import dataclass, replace

from handlers.answers.answering import answer
from handlers.answers.donor_search import read_donor
from handlers.cleanup.cleanup_queue import cleanup_of
from handlers.cleanup.tell_reporters import tell_reporters
from handlers.commands import FreshLookDue, ReplyAddress
from handlers.context import Arrived, Context, Write
from handlers.long_histories import donor_facts
from handlers.outcomes import Execution, Notice
from handlers.ports import DonorUnknown
from handlers.proposals.deciding import PROPOSING
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.folding import thanked_together
from handlers.proposals.happened import is_visible
from handlers.proposals.recommend_next_step import AskedBy, Weighed, consider, put_forward, weigh
from handlers.proposals.routing import place_of, to_reviewers, with_other_approvers
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_card, show_cleanup
from handlers.rules.paused import go_on_unless_paused
from policy.canonical import canonical_json
from policy.cleanup import CleanupState
from policy.decision import Outcome
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.organisation import Organisation
from policy.recommender import recommend
from storage.cleanup import CleanupItem
from storage.escalations import Escalation
from storage.transaction import Transaction

FRESH_CARD = "A fresh card has taken the place of the old one."
WAITS_ALREADY = "The same proposal already waits for a decision on another card."
NO_DONOR = "The donor is no longer in the CRM, so there is nothing left to decide."
NO_EVENT = "What this was about is no longer in the record, so there is nothing left to decide."
NO_PROPOSAL = "With the record as it is now, there is nothing to propose."
HELD = "With the record as it is now, policy does not allow the step: {reasons}"
CAME_BACK = (
    "Back from being put right. {asked_by} sent this back ({reason}{text}); {fixed_by} says it is fixed."
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The record that was put right, and the decision that waits for it."""

    item: CleanupItem
    escalation: Escalation


async def fresh_look(command: FreshLookDue, arrived: Arrived, context: Context) -> Write:
    """Read the donor again, and propose anew from what happened; say so when nothing comes of it."""
    waiting = await context.database.read(lambda tx: _waiting(tx, command.item_id))
    if waiting is None:
        return lambda tx: _finish_report(tx, arrived, command.item_id)
    await go_on_unless_paused(context, *PROPOSING)
    found = await _look(waiting, context)
    return lambda tx: _bring_back(tx, arrived, waiting, found, context.organisation)


def _finish_report(tx: Transaction, arrived: Arrived, item_id: str) -> None:
    """Tell whoever said that a text was wrong: no decision waits for that record."""
    item = tx.cleanup.get(item_id)
    if item is None or item.answer_id is None:
        return
    moved = tx.cleanup.move(item_id, CleanupState.LOOKING, CleanupState.FIXED)
    if moved is not None:
        show_cleanup(tx, arrived, moved)
        tell_reporters(tx, arrived, moved)


def _waiting(tx: Transaction, item_id: str) -> Waiting | None:
    item = tx.cleanup.get(item_id)
    escalation = tx.escalations.get(item.escalation_id) if item and item.escalation_id else None
    looking = item is not None and item.state is CleanupState.LOOKING
    return Waiting(item, escalation) if looking and item and escalation else None


async def _look(waiting: Waiting, context: Context) -> Weighed | str:
    """Return the proposal as it is now, or why there is none, in words for whoever sent it back."""
    event = _trigger(waiting.escalation)
    try:
        record = await read_donor(waiting.escalation.donor_id, context)
    except DonorUnknown:
        return NO_DONOR
    if event is not None and not is_visible(event, record):
        return NO_EVENT
    facts = await donor_facts(record, context)
    others = await context.database.read(lambda tx: tx.escalations.open_for_donor(record.donor.id))
    together = thanked_together((*others, waiting.escalation))
    proposal = recommend(record, facts, event, context.today(), together)
    if proposal is None:
        return NO_PROPOSAL
    asked = await _asked(waiting.escalation, context)
    considered = await consider(event, record, facts, proposal, context, others, asked)
    weighed = await weigh(replace(considered, came_back=_came_back(waiting.item)), context)
    return await _with_whom_it_was(weighed, waiting.escalation, context)


async def _with_whom_it_was(weighed: Weighed, before: Escalation, context: Context) -> Weighed:
    """Bring it back to whom it had been passed on: why it was passed on is no less true now."""
    requirement, found = requirement_of(before), weighed.destination
    if requirement.with_reviewers:
        there = to_reviewers("it had been passed on to whoever reviews", context)
    else:
        email = requirement.passed_to
        colleague = await context.chat.colleague_by_email(email) if email else None
        if colleague is None or not colleague.is_full_member or colleague.id in found.excluded:
            return weighed
        there = await place_of(colleague, context)
    allowed = replace(there, excluded=found.excluded)
    decision = weighed.ruling.decision
    return replace(weighed, destination=with_other_approvers(allowed, decision, context.organisation))


async def _asked(escalation: Escalation, context: Context) -> AskedBy | None:
    """Return who asked for it, if somebody did: they must not decide on the fresh card either."""
    user_id = requirement_of(escalation).requested_by
    colleague = await context.chat.colleague(user_id) if user_id else None
    return AskedBy(user_id, colleague.name if colleague else "A colleague") if user_id else None


def _trigger(escalation: Escalation) -> CrmEvent | None:
    """Return what happened, None where somebody asked for the next step.

    A decision from before it was kept is looked at as a change of the record.
    """
    if requirement_of(escalation).requested_by and not escalation.trigger:
        return None
    if escalation.trigger:
        return CrmEvent.model_validate_json(escalation.trigger)
    return CrmEvent(
        id=escalation.trigger_id or escalation.id,
        source="countersign",
        type=CrmEventType.DONOR_UPDATED,
        time=escalation.created_at,
        donor_id=escalation.donor_id,
    )


def _came_back(item: CleanupItem) -> str:
    shown = cleanup_of(item)
    text = f": “{shown.text}”" if shown.text else ""
    return CAME_BACK.format(
        asked_by=shown.asked_by, reason=shown.reason, text=text, fixed_by=shown.answered_by or "Somebody"
    )


def _bring_back(
    tx: Transaction, arrived: Arrived, waiting: Waiting, found: Weighed | str, organisation: Organisation
) -> None:
    opened = None if isinstance(found, str) else put_forward(tx, arrived, found, organisation)
    what = FRESH_CARD if opened else found if isinstance(found, str) else _why_not(found)
    item = tx.cleanup.move(waiting.item.id, CleanupState.LOOKING, CleanupState.FIXED, answer=what)
    if item is not None:
        show_cleanup(tx, arrived, item)
    moved = tx.escalations.move(
        waiting.escalation.id,
        (EscalationState.SENT_BACK,),
        EscalationState.SUPERSEDED,
        arrived.now,
        successor_id=opened.id if opened else None,
        outcome=canonical_json(Execution(problem=f"Put right and looked at again. {what}", at=arrived.now)),
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.came_back",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        successor_id=moved.successor_id,
        outcome=what,
    )
    refresh_card(tx, arrived, moved)
    if opened is None:
        _tell_sender(tx, arrived, waiting, what)


def _why_not(found: Weighed) -> str:
    decision = found.ruling.decision
    if decision.outcome is not Outcome.DENY:
        return WAITS_ALREADY
    return HELD.format(reasons=" ".join(decision.reasons) or "no rule allows it.")


def _tell_sender(tx: Transaction, arrived: Arrived, waiting: Waiting, what: str) -> None:
    """Tell whoever sent it back, in direct messages: they wait for a card that does not come."""
    card = card_of(waiting.escalation)
    notice = Notice(
        text=f"You sent back the proposal for {card.donor.name}, and the record was put right. {what}",
        next_step="There is nothing for you to do. The old card is closed.",
        reference=card.reference,
    )
    to = ReplyAddress(channel_id="", user_id=waiting.item.asked_by)
    answer(tx, arrived, notice, to, donor_id=waiting.escalation.donor_id)
