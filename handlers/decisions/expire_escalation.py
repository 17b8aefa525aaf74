"""The time to decide is over: passed on once to the next in the chain, then expired; never a yes or a no."""

from __future__ import annotations

from dataclasses import replace

from handlers.commands import DecisionDue
from handlers.context import Arrived, Context, Write
from handlers.decisions.deadline import await_deadline
from handlers.decisions.passing_on import Destination, hand_over, next_in_chain
from handlers.proposals.escalation_view import requirement_of
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_card
from policy.decision import Role, open_approvals
from policy.escalation import UNDECIDED, EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

RAN_OUT = "Nobody decided in time."


async def expire_escalation(command: DecisionDue, arrived: Arrived, context: Context) -> Write:
    """Pass the decision on, expire it, or look again later when it was put off."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(command.escalation_id))
    if escalation is None or escalation.state not in UNDECIDED:
        return lambda _tx: None
    onwards = await _onwards(escalation, arrived, context) if escalation.due_at <= arrived.now else None
    return lambda tx: _time_is_up(tx, command, arrived, onwards)


async def _onwards(escalation: Escalation, arrived: Arrived, context: Context) -> Destination | None:
    """Return who decides next, with a shorter time; None when nobody is left or it was passed on before."""
    requirement, organisation = requirement_of(escalation), context.organisation
    needs = open_approvals(requirement.decision, requirement.granted)
    if organisation.after_deadline == "expire" or escalation.state is not EscalationState.OPEN:
        return None
    if any(each.why == RAN_OUT for each in requirement.passed):
        return None
    if not any(need.role is Role.OWNER for need in needs):
        return None  # It waits for a role, all of whom see it already.
    found = await next_in_chain(escalation, context)
    if found is None:
        return None
    days = min(organisation.decision_days_when_passed_on, organisation.decision_days)
    return replace(found, due_at=found.route.working.add_working_days(arrived.now, days))


def _time_is_up(tx: Transaction, command: DecisionDue, arrived: Arrived, onwards: Destination | None) -> None:
    current = tx.escalations.get(command.escalation_id)
    if current is None or current.state not in UNDECIDED:
        return
    if current.due_at > arrived.now:
        await_deadline(tx, arrived, current.id, current.due_at)
        return
    if onwards and hand_over(tx, arrived, current, onwards, None, "", RAN_OUT):
        return
    moved = tx.escalations.move(current.id, UNDECIDED, EscalationState.EXPIRED, arrived.now)
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.expired",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
    )
    refresh_card(tx, arrived, moved)
