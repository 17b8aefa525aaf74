"""The life of an escalation: its states and the only moves between them."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class EscalationState(StrEnum):
    """Where a decision stands; *expired* is not *declined*, and silence never means yes."""

    OPEN = "open"
    DEFERRED = "deferred"
    ESCALATED = "escalated"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    FAILED = "failed"
    UNDONE = "undone"
    SENT_BACK = "sent_back"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


_S = EscalationState

# From open to open: a further approval is recorded while others are still missing. From executed to
# executed: somebody asks to undo it, or is told why that is not possible.
MOVES: dict[EscalationState, frozenset[EscalationState]] = {
    _S.OPEN: frozenset(
        {
            _S.OPEN,
            _S.APPROVED,
            _S.DEFERRED,
            _S.ESCALATED,
            _S.SENT_BACK,
            _S.DECLINED,
            _S.EXPIRED,
            _S.SUPERSEDED,
        }
    ),
    _S.DEFERRED: frozenset({_S.OPEN, _S.EXPIRED, _S.SUPERSEDED}),
    _S.ESCALATED: frozenset({_S.OPEN, _S.EXPIRED, _S.SUPERSEDED}),
    _S.SENT_BACK: frozenset({_S.OPEN, _S.SUPERSEDED}),
    _S.APPROVED: frozenset({_S.EXECUTING, _S.OPEN, _S.FAILED}),
    _S.EXECUTING: frozenset({_S.EXECUTED, _S.OUTCOME_UNKNOWN, _S.FAILED, _S.OPEN}),
    _S.OUTCOME_UNKNOWN: frozenset({_S.EXECUTED, _S.EXECUTING, _S.FAILED}),
    _S.EXECUTED: frozenset({_S.EXECUTED, _S.UNDONE}),
    _S.FAILED: frozenset({_S.OPEN}),
    _S.UNDONE: frozenset(),
    _S.DECLINED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.SUPERSEDED: frozenset(),
}

UNDECIDED = frozenset({_S.OPEN, _S.DEFERRED, _S.ESCALATED})


def may_move(current: EscalationState, target: EscalationState) -> bool:
    """Say whether an escalation may go from *current* to *target*."""
    return target in MOVES[current]


STATE_AFTER: dict[str, EscalationState] = {
    "escalation.opened": EscalationState.OPEN,
    "escalation.approved": EscalationState.APPROVED,
    "escalation.allowed": EscalationState.APPROVED,
    "escalation.approval_given": EscalationState.OPEN,
    "escalation.edited": EscalationState.OPEN,
    "escalation.declined": EscalationState.DECLINED,
    "escalation.deferred": EscalationState.DEFERRED,
    "escalation.reopened": EscalationState.OPEN,
    "escalation.passed_on": EscalationState.ESCALATED,
    "escalation.handed_over": EscalationState.OPEN,
    "escalation.reassigned": EscalationState.OPEN,
    "escalation.sent_back": EscalationState.SENT_BACK,
    "escalation.given_back": EscalationState.OPEN,
    "escalation.came_back": EscalationState.SUPERSEDED,
    "escalation.withdrawn": EscalationState.SUPERSEDED,
    "escalation.superseded": EscalationState.SUPERSEDED,
    "escalation.expired": EscalationState.EXPIRED,
    "escalation.changed_since": EscalationState.OPEN,
    "action.begun": EscalationState.EXECUTING,
    "action.not_found": EscalationState.EXECUTING,
    "action.outcome_unknown": EscalationState.OUTCOME_UNKNOWN,
    "action.executed": EscalationState.EXECUTED,
    "action.stopped": EscalationState.FAILED,
    "undo.requested": EscalationState.EXECUTED,
    "undo.waits": EscalationState.EXECUTED,
    "undo.agreed": EscalationState.EXECUTED,
    "undo.refused": EscalationState.EXECUTED,
    "action.undone": EscalationState.UNDONE,
}
"""What each kind of audit entry makes of the decision it is about."""
