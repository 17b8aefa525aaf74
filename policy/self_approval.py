"""Nobody approves what is their own: neither what they asked for, nor alone what they would receive."""

from __future__ import annotations

from policy.actions import Action, AssignOwner
from policy.decision import Decision


def excluded_from(
    action: Action, decision: Decision, *, requested_by: str | None = None, new_owner: str | None = None
) -> tuple[str, ...]:
    """Return the Slack user ids that must not decide on *action*.

    Whoever asked for the proposal (*requested_by*) never does. Whoever would receive the donor (*new_owner*)
    may be one of several who have to agree, and never the only one. A task or a follow-up is work, not a
    benefit: the person it is for may approve it.
    """
    alone = sum(approval.count for approval in decision.approvals) <= 1
    beneficiary = new_owner if isinstance(action, AssignOwner) and alone else None
    return tuple(sorted({person for person in (requested_by, beneficiary) if person}))
