"""What is paused: asked anew at every decision, so that a pause is in force the moment it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import get_args

from handlers.context import Context, NotBefore
from handlers.outcomes import PauseShown
from handlers.ports import AssistantUnavailable, Hear
from policy.decision_facts import Capability
from policy.donor import DonorRecord
from policy.draft import Draft
from policy.escalation import EscalationState
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.recommender import Proposal
from storage.pauses import Pause
from storage.transaction import Transaction

PAUSED = "paused"
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
CONCERNED = (
    EscalationState.OPEN,
    EscalationState.APPROVED,
    EscalationState.EXECUTING,
    EscalationState.OUTCOME_UNKNOWN,
)
"""Decisions whose card says so while writing to the CRM is paused."""
LOOK_AGAIN = timedelta(seconds=60)
"""What waits is woken by resuming; this is for the case that nobody was there to wake it."""


def pause_of(tx: Transaction, now: datetime, *capabilities: Capability) -> Pause | None:
    """Return the pause of the first of *capabilities* that is paused at *now*."""
    return _first_among(tx.pauses.in_force(now), capabilities)


def _first_among(pauses: Iterable[Pause], capabilities: Iterable[Capability]) -> Pause | None:
    found = {pause.capability: pause for pause in pauses}
    return next((found[each] for each in capabilities if each in found), None)


def wait_while_paused(tx: Transaction, now: datetime, *capabilities: Capability) -> None:
    """Raise NotBefore while one of *capabilities* is paused: what is being done waits and loses nothing."""
    wait_while_among(tx.pauses.in_force(now), now, *capabilities)


def wait_while_among(pauses: Iterable[Pause], now: datetime, *capabilities: Capability) -> None:
    """Raise NotBefore while one of *capabilities* is among the *pauses* in force at *now*."""
    pause = _first_among(pauses, capabilities)
    if pause:
        again = now + LOOK_AGAIN
        raise NotBefore(min(pause.until, again) if pause.until else again, PAUSED)


async def go_on_unless_paused(context: Context, *capabilities: Capability) -> None:
    """Raise NotBefore while one of *capabilities* is paused."""
    now = context.clock.now()
    await context.database.read(lambda tx: wait_while_paused(tx, now, *capabilities))


class SilentAssistant:
    """Stands in for the model while somebody has paused what the AI writes."""

    async def summarise(self, record: DonorRecord, facts: DonorFacts, hear: Hear | None = None) -> Draft:
        """Write nothing."""
        del record, facts, hear
        raise AssistantUnavailable(PAUSED)

    async def recommend(
        self, record: DonorRecord, facts: DonorFacts, event: CrmEvent | None, proposal: Proposal
    ) -> Draft:
        """Write nothing."""
        del record, facts, event, proposal
        raise AssistantUnavailable(PAUSED)

    async def triage(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        event: CrmEvent | None,
        proposal: Proposal,
        message: str = "",
    ) -> Draft:
        """Write nothing."""
        del record, facts, event, proposal, message
        raise AssistantUnavailable(PAUSED)

    async def answer(
        self, record: DonorRecord, facts: DonorFacts, question: str, hear: Hear | None = None
    ) -> Draft:
        """Write nothing."""
        del record, facts, question, hear
        raise AssistantUnavailable(PAUSED)


def shown(pause: Pause) -> PauseShown:
    """Return a pause as people see it."""
    return PauseShown(
        capability=pause.capability,
        by_name=pause.by_name,
        reason=pause.reason,
        since=pause.since,
        until=pause.until,
    )
