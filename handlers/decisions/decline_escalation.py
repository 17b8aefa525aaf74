"""Decline: a named person decides against the proposal, and nothing is written to the CRM."""

from __future__ import annotations

from handlers.commands import DeclineClicked
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.overriding import overrule
from handlers.decisions.standing import refuse_click
from handlers.outcomes import Notice
from handlers.refreshing import refresh_card
from policy.escalation import EscalationState
from storage.transaction import Transaction


async def decline_escalation(command: DeclineClicked, arrived: Arrived, context: Context) -> Write:
    """Close the decision with a no and the reason for it."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    return lambda tx: _decline(tx, command, arrived, decider)


def _decline(tx: Transaction, command: DeclineClicked, arrived: Arrived, decider: Decider) -> None:
    moved = overrule(tx, command, arrived, decider, EscalationState.DECLINED)
    if moved:
        refresh_card(tx, arrived, moved)
