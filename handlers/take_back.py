"""Take back in the CRM what was written: exactly, by making up for it, or not at all, and say which."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.admission import admit
from handlers.answering import answer
from handlers.context import Arrived, Context, Write, staff_names
from handlers.deciding import rule_on
from handlers.donor_search import read_donor
from handlers.effects import TakeBack, refresh_card
from handlers.escalation_view import execution_of, is_being_undone, requirement_of, undo_asked
from handlers.evidence import crm_actor, slack_actor
from handlers.evidence import record as write_down
from handlers.execute_action import effect_key, write_once
from handlers.obligations import Duties, duties_of
from handlers.outcomes import Notice, UndoShown
from handlers.overriding import count_override
from handlers.paused import go_on_unless_paused
from handlers.ports import DonorUnknown, OutcomeUnknown, Refused, StaleRecord, Unavailable
from handlers.publishing import publish_data
from policy.actions import UNDO, Action, UndoPromise
from policy.canonical import canonical_json
from policy.changes import describe
from policy.decision import GivenApproval, Outcome, open_approvals
from policy.donor import DonorRecord
from policy.escalation import EscalationState
from policy.events import PublishedEventType
from policy.override_reasons import GivenReason, Override
from policy.undoing import ChangedSince, Difference, TakenBack, compensation, leave_alone, opens_again
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState
OF_THE_DONOR = frozenset({"update_stage", "assign_owner", "add_to_segment", "remove_from_segment"})

WAITING = "The CRM does not answer at the moment. What was asked to be undone is taken back by itself later."
GONE = "It was no longer there: somebody had taken it back in the CRM already."
CHANGED = "Somebody changed the record since, so nothing was touched."
NO_DONOR = "The donor is no longer in the CRM, or is hidden from Countersign."
MERGED = "The donor's record was merged into another one. Put it right there."
GIVEN_UP = "Something went wrong on our side. IT finds what happened under the reference."
_REFUSALS = {
    "previous_owner_left": "The previous relationship owner is no longer on the staff.",
    "not_permitted": "Countersign may not see the record in the CRM any more.",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to undo: the decision as it was read, the donor as they are now if they can be read."""

    effect: TakeBack
    escalation: Escalation
    asked: UndoShown
    record: DonorRecord | None
    duties: Duties

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


def undo_given_up(tx: Transaction, arrived: Arrived, escalation_id: str) -> None:
    """Say on the card that the undo failed, so that it can be asked for again."""
    escalation = tx.escalations.get(escalation_id)
    asked = undo_asked(escalation) if escalation else None
    if escalation and asked:
        _refused(tx, arrived, escalation, asked, GIVEN_UP)


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
        objection = await _objection(attempt, context)
        if objection:
            return lambda tx: _refuse(tx, arrived, attempt, objection)
        if UNDO[escalation.action.kind] is UndoPromise.COMPENSATION:
            return await _make_up(attempt, arrived, context)
        return await _undo(attempt, arrived, context)
    except (OutcomeUnknown, StaleRecord):
        raise Unavailable("crm", "undo_not_confirmed") from None
    except DonorUnknown:
        return lambda tx: _refuse(tx, arrived, attempt, NO_DONOR)
    except Refused as refused:
        reason = _REFUSALS.get(refused.code, f"The CRM refused it ({refused.code}).")
        return lambda tx: _refuse(tx, arrived, attempt, reason)


async def _attempt(effect: TakeBack, escalation: Escalation, asked: UndoShown, context: Context) -> Attempt:
    try:
        record = await read_donor(escalation.donor_id, context)
    except DonorUnknown:
        record = None
    duties = duties_of(requirement_of(escalation).decision)
    return Attempt(effect, escalation, asked, record, duties)


async def _objection(attempt: Attempt, context: Context) -> str:
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


async def _ruled_out(action: Action, attempt: Attempt, record: DonorRecord, context: Context) -> str:
    """Ask the policy in force; the yes of whoever undoes counts like an approval, and only theirs."""
    colleague = await admit(attempt.effect.by_id, None, context)
    if isinstance(colleague, Notice):
        return colleague.text
    decision = (await rule_on(action, record, attempt.escalation, attempt.effect.by_id, context)).decision
    if decision.outcome is Outcome.DENY:
        return " ".join(decision.reasons) or "Policy does not allow it."
    roles = requirement_of(attempt.escalation).roles_of(
        colleague.email, context.organisation.roles_of(colleague.email)
    )
    given = [GivenApproval(person=colleague.id, role=role) for role in sorted(roles)]
    missing = open_approvals(decision, given)
    if missing:
        others = " and ".join(need.role.value for need in missing)
        return f"The rules ask for the agreement of {others} as well; it has to be decided in the CRM."
    return ""


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
        return lambda tx: _refuse(tx, arrived, attempt, NO_DONOR)
    instead = compensation(attempt.escalation.action, record, context.today())
    objection = leave_alone(record) if instead else "There is nothing that would make up for it."
    if instead and not objection:
        objection = await _ruled_out(instead, attempt, record, context)
    if instead is None or objection:
        return lambda tx: _refuse(tx, arrived, attempt, objection)
    receipt = await write_once(
        instead,
        key=f"{effect_key(attempt.escalation)}:instead",
        version=record.donor.version,
        actor=crm_actor(attempt.effect.by_name, attempt.escalation.correlation_id),
        context=context,
    )
    said = attempt.masked(describe(instead, staff_names(record)))
    return lambda tx: _undone(tx, arrived, attempt, TakenBack(changes=receipt.changes), said)


def _refuse(
    tx: Transaction, arrived: Arrived, attempt: Attempt, reason: str, changed: ChangedSince | None = None
) -> None:
    differences = tuple(_masked(each, attempt) for each in changed.differences) if changed else ()
    rest = changed.rest if changed else ""
    _refused(tx, arrived, attempt.escalation, attempt.asked, reason, differences, rest)
    notice = Notice(
        text=f"Not undone. {reason}",
        next_step="The card shows what is different." if changed else "Nothing was changed.",
        reference=arrived.reference,
    )
    answer(tx, arrived, notice, attempt.effect.reply_to)


def _refused(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    asked: UndoShown,
    reason: str,
    differences: tuple[Difference, ...] = (),
    rest: str = "",
) -> None:
    shown = asked.model_copy(
        update={"stage": "refused", "note": reason, "differences": differences, "rest": rest}
    )
    moved = _moved(tx, arrived, escalation, _S.EXECUTED, shown)
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "undo.refused",
        subject=moved.donor_id,
        actor=slack_actor(asked.by_user_id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        name=asked.by_name,
        reason=reason,
        differences=[each.model_dump(mode="json") for each in differences],
    )
    refresh_card(tx, arrived, moved)


def _undone(
    tx: Transaction, arrived: Arrived, attempt: Attempt, result: TakenBack, instead: str = ""
) -> None:
    asked = attempt.asked
    changes = tuple(attempt.duties.masked(each, attempt.record) for each in result.changes)
    note = GONE if result.gone else ""
    done = {"stage": "done", "at": arrived.now, "changes": changes, "note": note, "instead": instead}
    moved = _moved(tx, arrived, attempt.escalation, _S.UNDONE, asked.model_copy(update=done))
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "action.undone",
        subject=moved.donor_id,
        actor=slack_actor(asked.by_user_id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        name=asked.by_name,
        ref=moved.execution_ref,
        reason_code=asked.reason,
        instead=instead,
        note=note,
        changes=[change.model_dump(mode="json") for change in changes],
    )
    reason = GivenReason(code=asked.reason) if asked.reason else None
    count_override(tx, arrived, moved.id, Override.UNDO, reason, asked.by_user_id)
    data: dict[str, object] = {"action": moved.action.kind, "policy_version": moved.policy_version}
    publish_data(tx, arrived, PublishedEventType.ACTION_UNDONE, moved.id, data)
    refresh_card(tx, arrived, moved)


def _moved(
    tx: Transaction, arrived: Arrived, escalation: Escalation, to: EscalationState, shown: UndoShown
) -> Escalation | None:
    execution = execution_of(escalation)
    if execution is None:
        return None
    return tx.escalations.move(
        escalation.id,
        (_S.EXECUTED,),
        to,
        arrived.now,
        revision=escalation.revision,
        outcome=canonical_json(execution.model_copy(update={"undo": shown})),
    )


def _masked(difference: Difference, attempt: Attempt) -> Difference:
    return difference.model_copy(
        update={name: attempt.masked(getattr(difference, name)) for name in ("before", "written", "now")}
    )
