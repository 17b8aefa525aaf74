"""A ruling: what policy decided, with all that it was decided on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from handlers.rules.shadowing import Comparison
from policy.decision import Decision
from policy.decision_facts import DecisionFacts, facts_decided_on
from storage.escalations import Escalation


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with the facts it was made on, both kept as evidence.

    *read* names the facts that the rules which matched looked at, *touches* the escalations whose contacts
    with the household were counted as waiting *on* that day. With *elsewhere* the rules refuse it only
    because it would be decided in Slack.
    """

    decision: Decision
    facts: DecisionFacts
    read: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    on: date | None = None
    shadow: tuple[Comparison, ...] = ()
    elsewhere: bool = False


def decided_on(escalation: Escalation) -> DecisionFacts:
    """Return the facts that an escalation was decided on."""
    return facts_decided_on(escalation.decision_facts)
