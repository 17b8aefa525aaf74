"""Execute an approved action: the only place from which anything is written to the CRM.

Facts are read again and the policy in force is asked again first; afterwards the record is read back.
When the answer to a write was lost, the CRM is searched for the effect before anything is sent again.
"""

from __future__ import annotations

from datetime import timedelta

from handlers.answers.donor_search import read_donor
from handlers.context import Arrived, Context, NotBefore, Write, staff_names
from handlers.decisions.ask_again import LOOK_AT_ONCE, MOVED_ON, AskedAgain, reopen
from handlers.effects import ExecuteAction
from handlers.execution.publishing import publish_data
from handlers.execution.still_right import PAUSE, Ready, Stopped, still_right
from handlers.outcomes import Execution
from handlers.ports import (
    CrmReceipt,
    DonorUnknown,
    NotThere,
    OutcomeUnknown,
    Refused,
    StaleRecord,
    Unavailable,
)
from handlers.proposals.escalation_view import requirement_of
from handlers.proposals.held_back import human_decisions
from handlers.proposals.obligations import Duties, duties_of
from handlers.proposals.ruling import Ruling
from handlers.record.evidence import crm_actor
from handlers.record.evidence import record as write_down
from handlers.record.rulings import ruled
from handlers.refreshing import refresh_card
from handlers.rules.paused import wait_while_paused
from policy.actions import Action, FieldChange
from policy.canonical import canonical_json
from policy.donor import DonorRecord
from policy.escalation import EscalationState
from policy.events import PublishedEventType
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState
READY = (_S.APPROVED, _S.EXECUTING, _S.OUTCOME_UNKNOWN)
WAITING = "The CRM does not answer at the moment. The approval stands; it is tried again by itself."
GONE = "The CRM no longer has the record that was to be changed."
NOT_THERE = (
    "The CRM says each time that it has written this, and shows nothing of it afterwards. "
    "Look there before you enter it by hand, and tell whoever looks after the CRM."
)
DELETED = "It had been written already, and somebody has deleted it in the CRM since."
HAS_BEEN_DELETED = "http_410"
ENOUGH_LOOKS = (
    8  # with the pauses in between they take a minute: time enough for a CRM that shows things late
)
UNDER_WAY = timedelta(minutes=1)
"""So long may a write that was begun, and whose answer nobody heard, still reach the CRM."""
PAUSED = "This waits until the open decision about the donor is taken."


async def execute_action(effect: ExecuteAction, arrived: Arrived, context: Context) -> Write:
    """Carry the action out once, or give the decision back with what changed since."""
    try:
        return await _carry_out(effect, arrived, context)
    except Unavailable:
        if arrived.attempts > 1:
            await context.database.write(lambda tx: _say_it_waits(tx, arrived, effect.escalation_id))
        raise


def _say_it_waits(tx: Transaction, arrived: Arrived, escalation_id: str) -> None:
    """Have the card say, once, that the approval stands and that the CRM has to come back first."""
    escalation = tx.escalations.get(escalation_id)
    if escalation and escalation.state in (_S.APPROVED, _S.EXECUTING):
        refresh_card(tx, arrived, escalation, note=WAITING)


async def _carry_out(effect: ExecuteAction, arrived: Arrived, context: Context) -> Write:
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    if escalation is None or escalation.state not in READY:
        return lambda _tx: None
    key = effect_key(escalation)
    if escalation.state is not _S.APPROVED:
        found = await _find(escalation, key, context)
        if found:
            ready = await _as_it_may_be_shown(escalation, context)
            return lambda tx: _executed(tx, arrived, escalation, found, ready)
    await _wait_for_people(escalation, arrived, context)
    verdict = await still_right(escalation, context)
    if not isinstance(verdict, Ready):
        _let_come_what_is_under_way(escalation, context)
    if isinstance(verdict, AskedAgain):
        return lambda tx: reopen(tx, arrived, escalation, verdict)
    if isinstance(verdict, Stopped):
        return lambda tx: stop(tx, arrived, escalation, verdict.reason, verdict.ruling)
    begun = await _begin(escalation, verdict.ruling, arrived, context)
    if begun is None:
        # An attempt that had lost its lease may have begun meanwhile, and can settle nothing any more.
        raise NotBefore(context.clock.now() + LOOK_AT_ONCE, MOVED_ON)
    may_give_up = escalation.state is _S.OUTCOME_UNKNOWN and arrived.attempts >= ENOUGH_LOOKS
    return await _write(begun, key, verdict, arrived, context, may_give_up=may_give_up)


def _let_come_what_is_under_way(escalation: Escalation, context: Context) -> None:
    """Before anybody says that nothing was written, a write that was begun lately may still come.

    Whoever began it may only have been held up, or the CRM may take its time. Raises NotBefore until then.
    """
    if escalation.state is _S.APPROVED or escalation.moved_at is None:
        return
    over = escalation.moved_at + UNDER_WAY
    if context.clock.now() < over:
        raise NotBefore(over, "write_under_way")


async def _write(
    escalation: Escalation, key: str, ready: Ready, arrived: Arrived, context: Context, *, may_give_up: bool
) -> Write:
    """Send the write that was begun, and settle whatever comes of it."""
    try:
        receipt = await write_once(
            escalation.action,
            key=key,
            version=ready.record.donor.version,
            actor=_actor(escalation),
            context=context,
        )
    except Refused as refused:
        refusal = f"The CRM refused the change ({refused.code})."
        reason = DELETED if refused.code == HAS_BEEN_DELETED else refusal
        return lambda tx: stop(tx, arrived, escalation, reason)
    except DonorUnknown:
        return lambda tx: stop(tx, arrived, escalation, GONE)
    except OutcomeUnknown as unknown:
        if isinstance(unknown, NotThere) and may_give_up:
            return lambda tx: stop(tx, arrived, escalation, NOT_THERE)
        await _mark_unknown(escalation, arrived, context)
        raise Unavailable("crm", "outcome_unknown") from None
    except StaleRecord:
        raise Unavailable("crm", "record_changed_while_writing") from None
    return lambda tx: _executed(tx, arrived, escalation, receipt, (ready.record, ready.duties))


async def _wait_for_people(escalation: Escalation, arrived: Arrived, context: Context) -> None:
    """What policy lets through without a person is paused while a person decides about the same donor."""
    if escalation.decided_by is not None or escalation.state is not _S.APPROVED:
        return
    waiting = await context.database.read(
        lambda tx: human_decisions(tx, escalation.donor_id, escalation.household_id)
    )
    if waiting:
        await context.database.write(lambda tx: refresh_card(tx, arrived, escalation, note=PAUSED))
        raise NotBefore(context.clock.now() + PAUSE)


async def _as_it_may_be_shown(escalation: Escalation, context: Context) -> tuple[DonorRecord | None, Duties]:
    duties = duties_of(requirement_of(escalation).decision)
    try:
        return await read_donor(escalation.donor_id, context), duties
    except DonorUnknown:
        return None, duties


async def write_once(action: Action, *, key: str, version: str, actor: str, context: Context) -> CrmReceipt:
    """Send one write to the CRM; nothing else in the product does. Raises what `Crm.execute` raises."""
    return await context.crm.execute(action, key=key, version=version, actor=actor)


def effect_key(escalation: Escalation) -> str:
    """Return the idempotency key of the escalation's effect on the CRM; it never depends on the attempt."""
    return f"{escalation.id}:{escalation.action_digest[:16]}"


async def _find(escalation: Escalation, key: str, context: Context) -> CrmReceipt | None:
    try:
        return await context.crm.find(escalation.action, key=key)
    except DonorUnknown:
        return None


def _actor(escalation: Escalation) -> str:
    return crm_actor(escalation.decided_by_name or "policy", escalation.correlation_id)


async def _begin(
    escalation: Escalation, ruling: Ruling, arrived: Arrived, context: Context
) -> Escalation | None:
    """Say durably that the write may be on its way, so that a crash is followed by looking first.

    None when it has gone on since it was read: then whoever looks again finds out what is left to do.
    Raises NotBefore while executing is paused: asked last, in the transaction that begins the write.
    """
    now = context.clock.now()

    def write(tx: Transaction) -> Escalation | None:
        wait_while_paused(tx, now, "execute")
        if escalation.state is _S.EXECUTING:
            held = tx.escalations.get(escalation.id)
            return held if held and held.revision == escalation.revision else None
        ready = (_S.APPROVED, _S.OUTCOME_UNKNOWN)
        moved = tx.escalations.move(escalation.id, ready, _S.EXECUTING, now, revision=escalation.revision)
        if moved:
            write_down(
                tx,
                arrived,
                "action.begun",
                subject=moved.donor_id,
                correlation_id=moved.correlation_id,
                escalation_id=moved.id,
                **ruled(ruling),
            )
        return moved

    return await context.database.write(write)


async def _mark_unknown(escalation: Escalation, arrived: Arrived, context: Context) -> None:
    def write(tx: Transaction) -> None:
        now = context.clock.now()
        moved = tx.escalations.move(escalation.id, (_S.EXECUTING,), _S.OUTCOME_UNKNOWN, now)
        if moved:
            write_down(
                tx,
                arrived,
                "action.outcome_unknown",
                subject=moved.donor_id,
                correlation_id=moved.correlation_id,
                escalation_id=moved.id,
            )
            refresh_card(tx, arrived, moved)

    await context.database.write(write)


def _executed(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    receipt: CrmReceipt,
    shown: tuple[DonorRecord | None, Duties],
) -> None:
    record, duties = shown
    execution = Execution(
        ref=receipt.ref,
        record_url=receipt.record_url,
        changes=tuple(duties.masked(_with_names(change, record), record) for change in receipt.changes),
        verified=receipt.verified,
        at=arrived.now,
    )
    moved = tx.escalations.move(
        escalation.id,
        (_S.EXECUTING, _S.OUTCOME_UNKNOWN),
        _S.EXECUTED,
        arrived.now,
        execution_ref=receipt.ref,
        outcome=canonical_json(execution),
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "action.executed",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        ref=receipt.ref,
        verified=receipt.verified,
        changes=[change.model_dump(mode="json") for change in execution.changes],
    )
    data: dict[str, object] = {"action": moved.action.kind, "policy_version": moved.policy_version}
    publish_data(tx, arrived, PublishedEventType.ACTION_EXECUTED, moved.id, data)
    refresh_card(tx, arrived, moved)


def _with_names(change: FieldChange, record: DonorRecord | None) -> FieldChange:
    """Name the colleagues whom the CRM knows by their ids."""
    names = staff_names(record) if record else {}
    before, after = (names.get(value, value) for value in (change.before, change.after))
    return change.model_copy(update={"before": before, "after": after})


def stop(
    tx: Transaction, arrived: Arrived, escalation: Escalation, reason: str, ruling: Ruling | None = None
) -> None:
    """Say that it is not carried out. Raises NotBefore when it has moved on since it was read."""
    execution = Execution(problem=reason, at=arrived.now)
    moved = tx.escalations.move(
        escalation.id,
        (_S.APPROVED, _S.EXECUTING, _S.OUTCOME_UNKNOWN),
        _S.FAILED,
        arrived.now,
        revision=escalation.revision,
        outcome=canonical_json(execution),
    )
    if moved is None:
        raise NotBefore(arrived.now + LOOK_AT_ONCE, MOVED_ON)
    write_down(
        tx,
        arrived,
        "action.stopped",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        reason=reason,
        **ruled(ruling),
    )
    refresh_card(tx, arrived, moved)
