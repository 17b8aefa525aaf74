"""Before anything is written: is it still what was approved, for this donor and under the rules of now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from handlers.answers.donor_search import read_donor
from handlers.context import Context, NotBefore, staff_names
from handlers.decisions.ask_again import AskedAgain, ask_again
from handlers.execution.revised_thanks import revised_thanks
from handlers.ports import DonorUnknown
from handlers.proposals.deciding import rule_again
from handlers.proposals.escalation_view import Requirement, card_of, requirement_of
from handlers.proposals.obligations import AMOUNT, Duties, duties_of, shown_changes
from handlers.proposals.ruling import Ruling
from handlers.rules.paused import LOOK_AGAIN, go_on_unless_paused
from handlers.rules.shadowing import keep_comparisons
from policy.actions import FieldChange
from policy.canonical import digest
from policy.closed import UNREADABLE
from policy.decision import Outcome, satisfied
from policy.donor import DonorRecord
from policy.seen import (
    DECEASED,
    DO_NOT_CONTACT,
    Seen,
    became_true,
    cites_of,
    facts_of,
    what_changed,
    what_is_seen,
)
from storage.escalations import Escalation

PAUSE = timedelta(minutes=5)
TOWARDS_THE_DONOR = frozenset({"create_task", "schedule_follow_up", "draft_message", "add_to_segment"})

ALTERED = "What is stored is not the action that was approved. Nothing was written; IT should look into this."
NO_DONOR = "The donor is no longer in the CRM, or is hidden from Countersign."
MERGED = "The donor's record was merged into another one."
DIED = "The donor has died since this was approved."
WANTS_NO_CONTACT = "Since this was approved, the donor has asked not to be contacted."
CHANGED = "The record changed since this was approved."
OTHER_APPROVAL = "Since this was approved, the rules for this donor ask for a different approval."
NEW_REASON = "Since this was approved, there is a new reason to look first: {reasons}"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The action must not run; *reason* is for people. Without a *ruling* the rules were not asked."""

    reason: str
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Nothing objects: the donor as they are now, and what policy asks for besides."""

    record: DonorRecord
    duties: Duties
    ruling: Ruling


async def still_right(escalation: Escalation, context: Context) -> Ready | AskedAgain | Stopped:
    """Read the facts again, ask the policy in force, and compare both with what was approved."""
    if digest(escalation.action) != escalation.action_digest:
        return Stopped(ALTERED)
    await go_on_unless_paused(context, "execute")
    record = await _same_donor(escalation.donor_id, context)
    if isinstance(record, Stopped):
        return record
    ruling = await rule_again(escalation, record, context)
    await keep_comparisons(ruling.shadow, escalation.correlation_id, context)
    if UNREADABLE in ruling.decision.gate_ids:
        raise NotBefore(context.clock.now() + LOOK_AGAIN, UNREADABLE)
    requirement = requirement_of(escalation)
    now = seen_again(requirement, escalation, record, ruling)
    if forbidden := _forbidden(escalation, requirement.seen, now, ruling):
        return Stopped(forbidden, ruling)
    duties = duties_of(ruling.decision)
    if duties.unknown:
        return Stopped(f"Policy asks for something I cannot do ({', '.join(duties.unknown)}).", ruling)
    if duties.not_before and duties.not_before > context.clock.now():
        raise NotBefore(duties.not_before)
    fresh = shown_changes(escalation.action, record, staff_names(record), duties)
    since = what_changed(requirement.seen, now, hide_amounts=AMOUNT in duties.mask)
    since = since or shown_otherwise(card_of(escalation).changes, fresh)
    objection = _objection(requirement, ruling, since)
    if objection:
        revised = await revised_thanks(escalation, record, objection, context)
        return revised or await ask_again(escalation, record, ruling, fresh, objection, since, now, context)
    return Ready(record, duties, ruling)


async def _same_donor(donor_id: str, context: Context) -> DonorRecord | Stopped:
    """Read the donor, who may be gone or have become another by now."""
    try:
        record = await read_donor(donor_id, context)
    except DonorUnknown:
        return Stopped(NO_DONOR)
    return record if record.donor.id == donor_id else Stopped(MERGED)


def _forbidden(
    escalation: Escalation, before: tuple[Seen, ...], now: tuple[Seen, ...], ruling: Ruling
) -> str:
    """Say what forbids it whatever people say; empty when nothing does."""
    if escalation.action.kind in TOWARDS_THE_DONOR and (left_alone := _left_alone(before, now)):
        return left_alone
    if ruling.decision.outcome is Outcome.DENY:
        return " ".join(ruling.decision.reasons) or "Policy no longer allows this."
    return ""


def seen_again(
    requirement: Requirement, escalation: Escalation, record: DonorRecord, ruling: Ruling
) -> tuple[Seen, ...]:
    """Look at everything the decision was taken on as it is now, and at what matters besides by now."""
    return what_is_seen(
        record,
        escalation.action,
        ruling.facts,
        names=staff_names(record),
        read=(*facts_of(requirement.seen), *ruling.read),
        cites=cites_of(requirement.seen),
    )


def _objection(requirement: Requirement, ruling: Ruling, since: tuple[FieldChange, ...]) -> str:
    """Say why people have to look again; empty when they do not."""
    said = [CHANGED] if since else []
    if not satisfied(ruling.decision, requirement.granted):
        said.append(OTHER_APPROVAL)
    known = set(requirement.decision.gate_ids)
    new = [g.reason for g in ruling.decision.gates if g.kind == "require_approval" and g.id not in known]
    if new and not said:
        said.append(NEW_REASON.format(reasons=" ".join(new)))
    return " ".join(said)


def _left_alone(before: tuple[Seen, ...], now: tuple[Seen, ...]) -> str:
    if not before:
        return ""
    if became_true(DECEASED, before, now):
        return DIED
    return WANTS_NO_CONTACT if became_true(DO_NOT_CONTACT, before, now) else ""


def shown_otherwise(before: tuple[FieldChange, ...], now: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
    """Return what the card would say differently about the fields that change."""
    if before == now:
        return ()
    moved = tuple(
        FieldChange(record=new.record, field=new.field, before=old.before, after=new.before)
        for old, new in zip(before, now, strict=False)
        if old.before != new.before
    )
    return moved or now
