"""Answer for a record that was sent back: it is fixed and looked at again, or it cannot be fixed."""

from __future__ import annotations

from datetime import datetime

from handlers.admission import admit
from handlers.answering import answer
from handlers.cleanup_queue import may_answer
from handlers.commands import CleanupFixed, CleanupGivenUp, FreshLookDue
from handlers.context import Arrived, Context, Write
from handlers.deadline import watch_deadline
from handlers.effects import RemindDecider, enqueue, refresh_card, show_cleanup
from handlers.escalation_view import requirement_of
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.outcomes import Execution, Notice
from handlers.ports import Colleague
from handlers.working_hours import working_time_by_email
from policy.canonical import canonical_json
from policy.cleanup import CleanupState
from policy.escalation import EscalationState
from storage.cleanup import CleanupItem
from storage.escalations import Escalation
from storage.queue import Received
from storage.transaction import Transaction

Answered = CleanupFixed | CleanupGivenUp

UNKNOWN_ITEM = Notice(
    text="I do not know this record. It may belong to another installation or to a replaced database.",
    next_step="Nothing was changed. Type /donor cleanup for the records that wait.",
)
NOT_YOURS = Notice(
    text="Records are put right by the data steward, or by a manager in their place.",
    next_step="Nothing was changed. Tell them in the thread of the card what you know.",
)
_STANDING = {
    CleanupState.LOOKING: "{who} already said that this is fixed; I am looking at the record again.",
    CleanupState.FIXED: "This is done already: {who} fixed it.",
    CleanupState.NOT_FIXED: "{who} already said that this cannot be fixed.",
}


async def cleanup_fixed(command: CleanupFixed, arrived: Arrived, context: Context) -> Write:
    """Take somebody's word that the record is right now, and have it looked at again."""
    who = await _who(command, context)
    if isinstance(who, Notice):
        return _refuse(command, arrived, who)
    return lambda tx: _look_again(tx, command, arrived, who)


async def cleanup_given_up(command: CleanupGivenUp, arrived: Arrived, context: Context) -> Write:
    """Give the decision back as it was, with the note of whoever could not put the record right."""
    who = await _who(command, context)
    if isinstance(who, Notice):
        return _refuse(command, arrived, who)
    due_at = await _due_at(command.item_id, context)
    return lambda tx: _give_back(tx, command, arrived, who, due_at)


async def _due_at(item_id: str, context: Context) -> datetime:
    """Return until when the decision that waited can be made: the full time, for whoever has it."""

    def decision(tx: Transaction) -> Escalation | None:
        item = tx.cleanup.get(item_id)
        return tx.escalations.get(item.escalation_id) if item else None

    escalation = await context.database.read(decision)
    email = requirement_of(escalation).holder if escalation else None
    working = await working_time_by_email(email, context)
    return working.add_working_days(context.clock.now(), context.organisation.decision_days)


async def _who(command: Answered, context: Context) -> Colleague | Notice:
    item = await context.database.read(lambda tx: tx.cleanup.get(command.item_id))
    if item is None:
        return UNKNOWN_ITEM
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return colleague
    return colleague if may_answer(colleague, context.organisation) else NOT_YOURS


def _refuse(command: Answered, arrived: Arrived, refusal: Notice) -> Write:
    def write(tx: Transaction) -> None:
        item = tx.cleanup.get(command.item_id)
        write_down(
            tx,
            arrived,
            "click.refused",
            subject=item.donor_id if item else None,
            actor=slack_actor(command.by.id),
            correlation_id=item.correlation_id if item else None,
            reason=refusal.text,
        )
        answer(tx, arrived, refusal, command.reply_to)

    return write


def _look_again(tx: Transaction, command: CleanupFixed, arrived: Arrived, who: Colleague) -> None:
    item = tx.cleanup.move(
        command.item_id,
        CleanupState.OPEN,
        CleanupState.LOOKING,
        answered_by=who.id,
        answered_by_name=who.name,
        answered_at=arrived.now,
    )
    if item is None:
        _too_late(tx, command, arrived)
        return
    _write_down(tx, arrived, item, who, "cleanup.fixed")
    due = FreshLookDue(item_id=item.id)
    tx.inbox.accept(
        Received(
            id=arrived.ids.new(),
            source="cleanup",
            dedupe_key=item.id,
            kind=due.type,
            # As events about this donor are: what it proposes is decided one after the other.
            entity_key=f"donor:{item.donor_id}",
            body=canonical_json(due),
            correlation_id=item.correlation_id,
            received_at=arrived.now,
        )
    )
    show_cleanup(tx, arrived, item)


def _give_back(
    tx: Transaction, command: CleanupGivenUp, arrived: Arrived, who: Colleague, due_at: datetime
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
        _too_late(tx, command, arrived)
        return
    _write_down(tx, arrived, item, who, "cleanup.not_fixed", text=command.note)
    show_cleanup(tx, arrived, item)
    note = f"The record could not be put right. {who.name}: “{command.note}”"
    moved = tx.escalations.move(
        item.escalation_id,
        (EscalationState.SENT_BACK,),
        EscalationState.OPEN,
        arrived.now,
        due_at=due_at,
        outcome=canonical_json(Execution(problem=note, at=arrived.now)),
        decided_by=None,
        decided_by_name=None,
        decided_at=None,
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.given_back",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        note=note,
    )
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    refresh_card(tx, arrived, moved)
    back = RemindDecider(
        escalation_id=moved.id, text="This decision is back: the record could not be put right."
    )
    enqueue(tx, back, key=f"remind:{moved.id}:{moved.revision}", order=f"card:{moved.id}", arrived=arrived)


def _write_down(
    tx: Transaction, arrived: Arrived, item: CleanupItem, who: Colleague, kind: str, **more: str
) -> None:
    write_down(
        tx,
        arrived,
        kind,
        subject=item.donor_id,
        actor=slack_actor(who.id),
        correlation_id=item.correlation_id,
        escalation_id=item.escalation_id,
        cleanup_id=item.id,
        name=who.name,
        **more,
    )


def _too_late(tx: Transaction, command: Answered, arrived: Arrived) -> None:
    item = tx.cleanup.get(command.item_id)
    if item is None:
        answer(tx, arrived, UNKNOWN_ITEM, command.reply_to)
        return
    standing = _STANDING[item.state].format(who=item.answered_by_name or "Somebody")
    told = Notice(text=standing, next_step="Nothing was changed by your click.")
    answer(tx, arrived, told, command.reply_to)
