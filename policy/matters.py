"""What belongs together: proposals about the same matter become one decision instead of several."""

from __future__ import annotations

from policy.actions import Action, CreateTask, ScheduleFollowUp, SuppressChannel
from policy.situation import Proposal

THANKS = "thanks"
_MATTERS = {
    "gift_to_thank_for": THANKS,
    "several_to_thank_for": THANKS,
    "pledge_renewed": THANKS,
}
_ONE_RECORD_EACH = frozenset({"refunded_gift", "campaign_on_hold"})


def matter_of(proposal: Proposal) -> str:
    """Return the matter a proposal is about, the same for proposals that one decision can settle.

    Each channel a donor refuses is a matter of its own, because each has to be recorded.
    """
    if isinstance(proposal.action, SuppressChannel):
        return f"{proposal.rule or proposal.action.kind}:{proposal.action.channel.value}"
    if proposal.rule in _ONE_RECORD_EACH and proposal.about:
        return f"{proposal.rule}:{proposal.about[0]}"
    return _MATTERS.get(proposal.rule, proposal.rule or proposal.action.kind)


def is_same_step(one: Action, other: Action) -> bool:
    """Say whether two actions are the same step, whichever day it is to be done by."""
    if isinstance(one, CreateTask | ScheduleFollowUp) and isinstance(other, CreateTask | ScheduleFollowUp):
        return one == other.model_copy(update={"due_on": one.due_on})
    return one == other
