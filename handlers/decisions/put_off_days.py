"""The days a card names for putting its decision off with one press, in the time of whoever holds it."""

from __future__ import annotations

from datetime import date, datetime

from handlers.absence.working_hours import working_time_by_email
from handlers.context import Context
from handlers.outcomes import EscalationCard
from handlers.proposals.escalation_view import card_of, requirement_of
from policy.escalation import EscalationState
from policy.working_time import WorkingTime
from storage.escalations import Escalation


async def card_today(escalation: Escalation, context: Context) -> EscalationCard:
    """Return the card of *escalation*; while it is open, with the days it can be put off to."""
    card = card_of(escalation)
    if escalation.state is not EscalationState.OPEN:
        return card
    working = await working_time_by_email(requirement_of(escalation).holder, context)
    return card.model_copy(update={"put_off": put_off_days(context.clock.now(), working)})


def put_off_days(now: datetime, working: WorkingTime) -> tuple[date, ...]:
    """Return the next working day and the first one of next week, once where they are the same."""
    today = working.local_day(now)
    return tuple(dict.fromkeys((working.next_working_day(today), working.first_of_next_week(today))))
