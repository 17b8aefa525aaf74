"""Take back in the CRM what was written: exactly, by making up for it, or not at all, and say which."""

from __future__ import annotations

from dataclasses import dataclass, field

from handlers.answers.answering import answer
from handlers.answers.donor_search import read_donor
from handlers.context import Arrived, Context, NotBefore, Write, staff_names
from handlers.decisions.ask_again import LOOK_AT_ONCE, MOVED_ON
from handlers.effects import AskToAgree, TakeBack
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.execution.execute_action import effect_key, write_once
from handlers.execution.publishing import publish_data
from handlers.execution.undo_action import named
from handlers.execution.undo_rules import OthersToo, ruled_out, spelled
from handlers.execution.undo_stands import undo_refused, undo_stands
from handlers.outcomes import UNDO_UNSURE, Notice, UndoShown
from handlers.ports import DonorUnknown, OutcomeUnknown, Refused, StaleRecord, Unavailable
from handlers.proposals.escalation_view import is_being_undone, requirement_of, undo_asked
from handlers.proposals.obligations import Duties, duties_of
from handlers.proposals.ruling import Ruling
from handlers.record.evidence import crm_actor, slack_actor
from handlers.record.evidence import record as write_down
from handlers.record.rulings import note_ruling
from handlers.refreshing import refresh_card
from handlers.rules.paused import go_on_unless_paused
from policy.actions import UNDO, Action, UndoPromise
from policy.changes import describe
from policy.donor import DonorRecord
from policy.escalation import EscalationState
from policy.events import PublishedEventType
from policy.undoing import ChangedSince, Difference, TakenBack, compensation, leave_alone, opens_again
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState
OF_THE_DONOR = frozenset({"update_stage", "assign_owner", "add_to_segment", "remove_from_segment"})

WAITING = "The CRM does not answer at the moment. What was asked to be undone is taken back by itself later."
WAITS = "The rules ask for the agreement of {needs} as well."
ASKED = "They are asked now. Nothing is undone before; the card shows how it stands."
GONE = "It was no longer there: somebody had taken it back in the CRM already."
CHANGED = "Somebody changed the record since, so nothing was touched."
NO_DONOR = "The donor is no longer in the CRM, or is hidden from Countersign."
MERGED = "The donor's record was merged into another one. Put it right there."
LOOK_THERE = "Please look in the CRM. Asking for it again finds out, and takes back what is left."
_REFUSALS = {
    "previous_owner_left": "The previous relationship owner is no longer on the staff.",
    "not_permitted": "Countersign may not see the record in the CRM any more.",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to undo: the decision as it was read, the donor as they are now if they can be read.

    *rulings* is what the rules said when they were asked about it.
    """

    effect: TakeBack
    escalation: Escalation
    asked: UndoShown
    record: DonorRecord | None
    duties: Duties
    rulings: list[Ruling] = field(default_factory=list)

    def masked(self, text: str) -> str:
        """Return *text* as it may be shown."""
        return self.duties.masked_text(text, self.record)


async def take_back(effect: TakeBack, arrived: Arrived, context: Context) -> Write:
    """Undo what was written under the action's key; a second time finds it gone and agrees."""
    try:
        return await _take_back(effect, arrived, context)
    except Unavailable:
        if arrived.attempts > 1:
            await context.database.write(lambda tx: _say_it_waits(tx, arrived, effect.escalation_id))
        raise


def undo_given_up(tx: Transaction, arrived: Arrived, effect: TakeBack) -> None:
    """Say that nobody knows whether it was taken back, so that it can be asked for again."""
    escalation = tx.escalations.get(effect.escalation_id)
    asked = undo_asked(escalation) if escalation else None
    if escalation and asked:
        undo_refused(tx, arrived, escalation, asked, UNDO_UNSURE)
        told = Notice(text=UNDO_UNSURE, next_step=LOOK_THERE, reference=arrived.reference)
        answer(tx, arrived, told, effect.reply_to)


def _say_it_waits(tx: Transaction, arrived: Arrived, escalation_id: str) -> None:
    escalation = tx.escalations.get(escalation_id)
    if escalation and is_being_undone(escalation):
        refresh_card(tx, arrived, escalation, note=WAITING)


async def _take_back(effect: TakeBack, arrived: Arrived, context: Context) -> Write:
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    asked = undo_asked(escalation) if escalation else None
    if escalation is None or asked is None:
        return lambda _tx: None
    await go_on_unless_paused(context, "execute")
    attempt = await _attempt(effect, escalation, asked, context)
    try:
        write = await _attempted(attempt, arrived, context)
    except (OutcomeUnknown, StaleRecord):
        raise Unavailable("crm", "undo_not_confirmed") from None
    except DonorUnknown:
        write = _refusing(arrived, attempt, NO_DONOR)
    except Refused as refused:
        reason = _REFUSALS.get(refused.code, f"The CRM refused it ({refused.code}).")
        write = _refusing(arrived, attempt, reason)
    return _with_rulings(arrived, attempt, write)


async def _attempted(attempt: Attempt, arrived: Arrived, context: Context) -> Write:
    objection = await _objection(attempt, context)
    if isinstance(objection, OthersToo):
        return _ask_others(arrived, attempt, objection)
    if objection:
        return _refusing(arrived, attempt, objection)
    if UNDO[attempt.escalation.action.kind] is UndoPromise.COMPENSATION:
        return await _make_up(attempt, arrived, context)
    return await _undo(attempt, arrived, context)


def _with_rulings(arrived: Arrived, attempt: Attempt, write: Write) -> Write:
    """Return *write*, with what the rules said written down before it where they were asked."""
    record = attempt.record
    if record is None or not attempt.rulings:
        return write

    def complete(tx: Transaction) -> None:
        for ruling in attempt.rulings:
            note_ruling(
                tx,
                arrived,
                "undo.decided",
                ruling,
                subject=attempt.escalation.donor_id,
                owner_id=record.donor.owner_id,
                actor=slack_actor(attempt.asked.by_user_id),
                correlation_id=attempt.escalation.correlation_id,
                escalation_id=attempt.escalation.id,
                name=attempt.asked.by_name,
            )
        write(tx)

    return complete


async def _attempt(effect: TakeBack, escalation: Escalation, asked: UndoShown, context: Context) -> Attempt:
    try:
        record = await read_donor(escalation.donor_id, context)
    except DonorUnknown:
        record = None
    duties = duties_of(requirement_of(escalation).decision)
    return Attempt(effect, escalation, asked, record, duties)


async def _objection(attempt: Attempt, context: Context) -> str | OthersToo:
    """Return what stands against undoing this now; policy is asked where undoing reaches the donor again."""
    action, record = attempt.escalation.action, attempt.record
    if action.kind in OF_THE_DONOR:
        if record is None:
            return NO_DONOR
        if record.donor.id != attempt.escalation.donor_id:
            return MERGED
    opening = opens_again(action)
    if opening is None or record is None:
        return ""
    return await _ruled_out(opening, attempt, record, context)


async def _ruled_out(
    action: Action, attempt: Attempt, record: DonorRecord, context: Context
) -> str | OthersToo:
    heard = attempt.rulings.append
    return await ruled_out(action, attempt.escalation, attempt.asked, record, context, heard)


def _ask_others(arrived: Arrived, attempt: Attempt, others: OthersToo) -> Write:
    """Have the undo wait until everybody has agreed whom the rules want asked."""

    def write(tx: Transaction) -> None:
        waiting = attempt.asked.model_copy(update={"stage": "waiting", "needs": others.needs})
        moved = undo_stands(tx, arrived, attempt.escalation, _S.EXECUTED, waiting)
        if moved is None:
            return
        write_down(
            tx,
            arrived,
            "undo.waits",
            subject=moved.donor_id,
            actor=slack_actor(waiting.by_user_id),
            correlation_id=moved.correlation_id,
            escalation_id=moved.id,
            needs=spelled(others.needs),
            **named(waiting),
        )
        refresh_card(tx, arrived, moved)
        ask = AskToAgree(escalation_id=moved.id)
        key = f"agree:{moved.id}:{moved.revision}"
        enqueue(tx, ask, key=key, order=f"card:{moved.id}", arrived=arrived, priority=PEOPLE_FIRST)
        told = Notice(text=WAITS.format(needs=spelled(others.needs)), next_step=ASKED)
        answer(tx, arrived, told, attempt.effect.reply_to)

    return write


async def _undo(attempt: Attempt, arrived: Arrived, context: Context) -> Write:
    escalation, effect = attempt.escalation, attempt.effect
    result = await context.crm.undo(
        escalation.action,
        key=effect_key(escalation),
        ref=escalation.execution_ref or "",
        actor=crm_actor(effect.by_name, escalation.correlation_id),
        rest=effect.rest,
    )
    if isinstance(result, ChangedSince):
        return lambda tx: _refuse(tx, arrived, attempt, CHANGED, result)
    return lambda tx: _undone(tx, arrived, attempt, result)


async def _make_up(attempt: Attempt, arrived: Arrived, context: Context) -> Write:
    """What cannot be taken back is made up for by a further change, under a key of its own."""
    record = attempt.record
    if record is None:
        return _refusing(arrived, attempt, NO_DONOR)
    instead = compensation(attempt.escalation.action, record, context.today())
    objection = leave_alone(record) if instead else "There is nothing that would make up for it."
    if instead and not objection:
        found = await _ruled_out(instead, attempt, record, context)
        if isinstance(found, OthersToo):
            return _ask_others(arrived, attempt, found)
        objection = found
    if instead is None or objection:
        return _refusing(arrived, attempt, objection)
    receipt = await write_once(
        instead,
        key=f"{effect_key(attempt.escalation)}:instead",
        version=record.donor.version,
        actor=crm_actor(attempt.effect.by_name, attempt.escalation.correlation_id),
        context=context,
    )
    said = attempt.masked(describe(instead, staff_names(record)))
    return lambda tx: _undone(tx, arrived, attempt, TakenBack(changes=receipt.changes), said)


def _refusing(arrived: Arrived, attempt: Attempt, reason: str) -> Write:
    return lambda tx: _refuse(tx, arrived, attempt, reason)


def _refuse(
    tx: Transaction, arrived: Arrived, attempt: Attempt, reason: str, changed: ChangedSince | None = None
) -> None:
    differences = tuple(_masked(each, attempt) for each in changed.differences) if changed else ()
    rest = changed.rest if changed else ""
    undo_refused(tx, arrived, attempt.escalation, attempt.asked, reason, differences, rest)
    notice = Notice(
        text=f"Not undone. {reason}",
        next_step="The card shows what is different." if changed else "Nothing was changed.",
        reference=arrived.reference,
    )
    answer(tx, arrived, notice, attempt.effect.reply_to)


def _undone(
    tx: Transaction, arrived: Arrived, attempt: Attempt, result: TakenBack, instead: str = ""
) -> None:
    asked = attempt.asked
    changes = tuple(attempt.duties.masked(each, attempt.record) for each in result.changes)
    note = GONE if result.gone else ""
    done = {"stage": "done", "at": arrived.now, "changes": changes, "note": note, "instead": instead}
    moved = undo_stands(tx, arrived, attempt.escalation, _S.UNDONE, asked.model_copy(update=done))
    if moved is None:  # whoever looks again finds it gone, and says so
        raise NotBefore(arrived.now + LOOK_AT_ONCE, MOVED_ON)
    write_down(
        tx,
        arrived,
        "action.undone",
        subject=moved.donor_id,
        actor=slack_actor(asked.by_user_id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        ref=moved.execution_ref,
        agreed=list(asked.agreed),
        **named(asked),
        reason_code=asked.reason,
        instead=instead,
        note=note,
        changes=[change.model_dump(mode="json") for change in changes],
    )
    tx.judgements.retract(moved.id)
    data: dict[str, object] = {"action": moved.action.kind, "policy_version": moved.policy_version}
    publish_data(tx, arrived, PublishedEventType.ACTION_UNDONE, moved.id, data)
    refresh_card(tx, arrived, moved)


def _masked(difference: Difference, attempt: Attempt) -> Difference:
    return difference.model_copy(
        update={name: attempt.masked(getattr(difference, name)) for name in ("before", "written", "now")}
    )
