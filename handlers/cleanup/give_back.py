"""Cannot be fixed: the decision goes back to whoever has it, with the note and the record as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.absence.working_hours import working_time_by_email
from handlers.answers.answering import answer
from handlers.answers.donor_header import donor_header
from handlers.answers.donor_search import read_donor
from handlers.cleanup.cleanup_answers import answered_already, refuse_answer, who_answers, write_down_answer
from handlers.cleanup.tell_reporters import tell_reporters
from handlers.commands import CleanupGivenUp, ReplyAddress
from handlers.context import Arrived, Context, Write, staff_names
from handlers.decisions.deadline import watch_deadline
from handlers.effects import RemindDecider
from handlers.enqueueing import enqueue
from handlers.outcomes import EscalationCard, Execution, Notice
from handlers.ports import Colleague, DonorUnknown, Unavailable
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.obligations import duties_of, shown_changes
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_card, show_cleanup
from policy.canonical import canonical_json
from policy.cleanup import CleanupState
from policy.escalation import EscalationState
from storage.cleanup import CleanupItem
from storage.escalations import NOT_DECIDED, Changes, Escalation
from storage.transaction import Transaction

NO_DONOR = "The donor is no longer in the CRM, so there is nothing left to decide."
MERGED = "The donor's record was merged into another one, so this proposal is closed."
NOTE = "The record could not be put right. {who}: “{note}”"
BACK = "This decision is back: the record could not be put right."
_BACK_FROM = (EscalationState.SENT_BACK,)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The decision that waits, with its card brought up to date and until when it can be made then.

    *over* says why there is nothing left to decide.
    """

    escalation: Escalation
    card: EscalationCard
    due_at: datetime
    over: str = ""


async def give_back(command: CleanupGivenUp, arrived: Arrived, context: Context) -> Write:
    """Open the decision again with the note of whoever could not put the record right."""
    who = await who_answers(command, context)
    if isinstance(who, Notice):
        return refuse_answer(command, arrived, who)
    waiting = await _waiting(command.item_id, context)
    return lambda tx: _give_back(tx, command, arrived, who, waiting)


async def _waiting(item_id: str, context: Context) -> Waiting | None:
    escalation = await context.database.read(lambda tx: _escalation(tx, item_id))
    if escalation is None:
        return None
    working = await working_time_by_email(requirement_of(escalation).holder, context)
    due_at = working.add_working_days(context.clock.now(), context.organisation.decision_days)
    card = card_of(escalation).model_copy(update={"due_at": due_at})
    try:
        return await _up_to_date(Waiting(escalation, card, due_at), context)
    except Unavailable:
        # Nobody has to wait for that: before anything is written, the record is read again anyway.
        return Waiting(escalation, card, due_at)


def _escalation(tx: Transaction, item_id: str) -> Escalation | None:
    item = tx.cleanup.get(item_id)
    return tx.escalations.get(item.escalation_id) if item and item.escalation_id else None


async def _up_to_date(waiting: Waiting, context: Context) -> Waiting:
    escalation = waiting.escalation
    try:
        record = await read_donor(escalation.donor_id, context)
    except DonorUnknown:
        return Waiting(escalation, waiting.card, waiting.due_at, NO_DONOR)
    if record.donor.id != escalation.donor_id:
        return Waiting(escalation, waiting.card, waiting.due_at, MERGED)
    duties = duties_of(requirement_of(escalation).decision)
    fresh = {
        "donor": donor_header(record, context.organisation),
        "changes": shown_changes(escalation.action, record, staff_names(record), duties),
    }
    return Waiting(escalation, waiting.card.model_copy(update=fresh), waiting.due_at)


def _give_back(
    tx: Transaction, command: CleanupGivenUp, arrived: Arrived, who: Colleague, waiting: Waiting | None
) -> None:
    item = tx.cleanup.move(
        command.item_id,
        CleanupState.OPEN,
        CleanupState.NOT_FIXED,
        answered_by=who.id,
        answered_by_name=who.name,
        answered_at=arrived.now,
        answer=command.note,
    )
    if item is None:
        answered_already(tx, command, arrived)
        return
    write_down_answer(tx, arrived, item, who, "cleanup.not_fixed", text=command.note)
    show_cleanup(tx, arrived, item)
    if item.answer_id is not None:
        tell_reporters(tx, arrived, item)
    if waiting is None:
        return
    if waiting.over:
        _close(tx, arrived, item, waiting)
    else:
        _open_again(tx, arrived, waiting, NOTE.format(who=who.name, note=command.note))


def _open_again(tx: Transaction, arrived: Arrived, waiting: Waiting, note: str) -> None:
    requirement = requirement_of(waiting.escalation)
    if waiting.card.changes != card_of(waiting.escalation).changes:
        # Whoever had agreed already agreed to something else than the card shows now.
        requirement = requirement.model_copy(update={"granted": ()})
    changes = NOT_DECIDED | Changes(
        card=canonical_json(waiting.card),
        requires=canonical_json(requirement),
        due_at=waiting.due_at,
        outcome=canonical_json(Execution(problem=note, at=arrived.now)),
    )
    moved = tx.escalations.move(
        waiting.escalation.id,
        _BACK_FROM,
        EscalationState.OPEN,
        arrived.now,
        **changes,
    )
    if moved is None:
        return
    _write_down(tx, arrived, moved, "escalation.given_back", note)
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    refresh_card(tx, arrived, moved)
    reminder = RemindDecider(escalation_id=moved.id, text=BACK)
    key = f"remind:{moved.id}:{moved.revision}"
    enqueue(tx, reminder, key=key, order=f"card:{moved.id}", arrived=arrived)


def _close(tx: Transaction, arrived: Arrived, item: CleanupItem, waiting: Waiting) -> None:
    moved = tx.escalations.move(
        waiting.escalation.id,
        _BACK_FROM,
        EscalationState.SUPERSEDED,
        arrived.now,
        outcome=canonical_json(Execution(problem=waiting.over, at=arrived.now)),
    )
    if moved is None:
        return
    _write_down(tx, arrived, moved, "escalation.came_back", waiting.over)
    refresh_card(tx, arrived, moved)
    notice = Notice(
        text=f"You sent back the proposal for {waiting.card.donor.name}. {waiting.over}",
        next_step="There is nothing for you to do. The card is closed.",
        reference=waiting.card.reference,
    )
    to = ReplyAddress(channel_id="", user_id=item.asked_by)
    answer(tx, arrived, notice, to, donor_id=moved.donor_id)


def _write_down(tx: Transaction, arrived: Arrived, moved: Escalation, kind: str, note: str) -> None:
    write_down(
        tx,
        arrived,
        kind,
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        outcome=note,
    )
