"""Contacts that a household is about to have: each keeps its place, so that two do not become too many."""

from __future__ import annotations

from datetime import date, timedelta

from handlers.ports import Unavailable
from handlers.proposals.ruling import Ruling, decided_on
from policy.actions import Action
from policy.decision_context import PendingTouch
from policy.donor import DonorRecord
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

OUTREACH = frozenset({"schedule_follow_up", "draft_message"})
DRAFTS_ARE_SENT_WITHIN = timedelta(days=7)
_WAITING = (
    EscalationState.OPEN,
    EscalationState.DEFERRED,
    EscalationState.ESCALATED,
    EscalationState.APPROVED,
    EscalationState.EXECUTING,
    EscalationState.OUTCOME_UNKNOWN,
)


def household_of(record: DonorRecord) -> tuple[str, ...]:
    """Return the donors who are asked together, the donor of *record* included."""
    members = record.household.member_ids if record.household else ()
    return tuple(dict.fromkeys((record.donor.id, *members)))


def waiting_touches(
    tx: Transaction, household: tuple[str, ...], today: date, itself: Escalation | None = None
) -> list[Escalation]:
    """Return the contacts of the household that are proposed, on their way, or planned: each has its place.

    Of two that wait, the one that was proposed first goes first, so *itself* counts only those before it.
    """
    found = tx.escalations.of_donors(household, (*_WAITING, EscalationState.EXECUTED))
    return [
        each
        for each in found
        if each.action.kind in OUTREACH
        and (itself is None or each.id != itself.id)
        and _counts(each, today, itself)
    ]


def _counts(other: Escalation, today: date, itself: Escalation | None) -> bool:
    if other.state is EscalationState.EXECUTED:
        return _lies_ahead(other, today)
    return itself is None or (other.created_at, other.id) < (itself.created_at, itself.id)


def _lies_ahead(executed: Escalation, today: date) -> bool:
    """Say whether a contact that was planned or drafted has not happened yet."""
    due_on: date | None = getattr(executed.action, "due_on", None)
    if due_on is not None:
        return due_on >= today
    return executed.decided_at is not None and today - executed.decided_at.date() <= DRAFTS_ARE_SENT_WITHIN


def pending_touch(waiting: Escalation) -> PendingTouch:
    """Return what the rules are told of a contact that waits."""
    return PendingTouch(
        donor_id=waiting.donor_id,
        channel=getattr(waiting.action, "channel", None),
        is_ask=decided_on(waiting).action.is_ask,
        at=waiting.created_at,
    )


def reserve_touch(tx: Transaction, record: DonorRecord, action: Action, ruling: Ruling) -> None:
    """Keep a place for a contact with the household, or start over when another took one meanwhile.

    Two officers who propose something to two spouses at once are decided one after the other.
    Raises Unavailable, so that policy is asked anew.
    """
    if action.kind not in OUTREACH or ruling.on is None:
        return
    household = household_of(record)
    tx.one_at_a_time(min(household))
    if tuple(each.id for each in waiting_touches(tx, household, ruling.on)) != ruling.touches:
        raise Unavailable("household", "touched_meanwhile")
