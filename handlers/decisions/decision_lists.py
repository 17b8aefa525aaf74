"""Decisions as lines of one message, so that nobody gets a message for each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from handlers.outcomes import ListedDecision
from handlers.proposals.escalation_view import card_of, requirement_of
from policy.decision import Role, open_approvals
from policy.delegation import Absence
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState
MOST_READ = 1000
STANDINGS = {
    _S.APPROVED: "approved",
    _S.EXECUTING: "approved",
    _S.EXECUTED: "approved and done",
    _S.OUTCOME_UNKNOWN: "approved, being checked",
    _S.FAILED: "approved, but not carried out",
    _S.UNDONE: "done and undone",
    _S.DEFERRED: "put off",
    _S.DECLINED: "declined",
    _S.SENT_BACK: "sent back",
    _S.ESCALATED: "passed on",
}


def held_by(tx: Transaction, email: str) -> list[Escalation]:
    """Return what is open and waits for the person with this e-mail address as its owner, by deadline."""
    waiting = tx.escalations.page((_S.OPEN,), limit=MOST_READ)
    return [each for each in waiting if _is_with(each, email)]


def _is_with(escalation: Escalation, email: str) -> bool:
    requirement = requirement_of(escalation)
    needs = open_approvals(requirement.decision, requirement.granted)
    waits = any(need.role is Role.OWNER for need in needs)
    return waits and (requirement.holder or "").casefold() == email.casefold()


def decided_for(tx: Transaction, absence: Absence, now: datetime) -> tuple[ListedDecision, ...]:
    """Return what others decided in the place of whoever was away."""
    decided = tx.escalations.decided_between(absence.starts_at, now)
    return tuple(
        _line(each, standing=f"{STANDINGS[each.state]} by {each.decided_by_name}")
        for each in decided
        if each.decided_by not in (None, absence.user_id)
        and each.state in STANDINGS
        and (requirement_of(each).holder or "").casefold() == absence.email.casefold()
    )


def waiting_lines(escalations: Iterable[Escalation]) -> tuple[ListedDecision, ...]:
    """Return open decisions with their deadlines, the most urgent first."""
    return tuple(_line(each) for each in sorted(escalations, key=lambda e: (e.due_at, e.id)))


def _line(escalation: Escalation, standing: str = "") -> ListedDecision:
    card = card_of(escalation)
    return ListedDecision(
        donor_name=card.donor.name,
        proposal=card.proposal,
        due_at=None if standing else escalation.due_at,
        standing=standing,
    )
