"""The card of a drill: made of a scenario, and shown by what shows real ones."""

from __future__ import annotations

from datetime import timedelta

from handlers.context import Context
from handlers.outcomes import CardStatus, DonorHeader, EscalationCard, Source
from handlers.ports import Colleague
from handlers.proposals.routing import OWN_CHANNEL
from policy.actions import UndoPromise
from policy.claims import Claim, Confidence, Origin, Verdict, VerifiedClaim
from policy.donor import TimelineEntry
from policy.drills import Drill, Member
from policy.escalation import EscalationState
from policy.practice import Past, Scenario

RECORD = "record"
SCORES = {"high": 86, "medium": 61, "low": 34}
OPEN = CardStatus(state=EscalationState.OPEN)
UNDO = "Can be undone exactly within {days} days, unless somebody changes the record in the meantime."


def scenario_of(drill: Drill, context: Context) -> Scenario | None:
    """Return the scenario of a drill as it read on the drill's day; None when it was changed since."""
    scenario = context.practice.get(drill.scenario_id)
    if scenario is None or scenario.version != drill.version:
        return None
    return scenario.on(drill.made_at.date())


def small_drill(drill: Drill, colleague: Colleague, context: Context) -> Scenario | None:
    """Return the scenario of somebody's own open drill that may be approved among several; None if not."""
    if drill.person != colleague.id or drill.state != "open":
        return None
    scenario = scenario_of(drill, context)
    return scenario if scenario and scenario.is_small else None


def drill_card(drill: Drill, member: Member, scenario: Scenario, context: Context) -> EscalationCard:
    """Return the card; its only id is the drill's, which no decision and no donor has."""
    return EscalationCard(
        escalation_id=drill.id,
        donor=DonorHeader(
            id=drill.id,
            name=scenario.donor,
            stage=scenario.stage,
            tier=scenario.tier,
            owner_name=member.name,
            warnings=scenario.marks,
        ),
        happened=scenario.happened,
        proposal=scenario.proposal,
        changes=scenario.changes,
        signals=tuple(_signal(line) for line in scenario.why),
        sources=(Source(id=RECORD, label="CRM record"),),
        unknowns=scenario.unknown,
        confidence=Confidence(score=SCORES[scenario.confidence], level=scenario.confidence),
        origin=Origin(kind="facts"),
        recent=tuple(_past(line, drill) for line in scenario.history),
        undo=UndoPromise.EXACT,
        undo_text=UNDO.format(days=context.organisation.undo_days),
        decider=member.name,
        route=OWN_CHANNEL,
        created_at=drill.made_at,
        due_at=drill.due_at,
        reference=drill.id[-6:].lower(),
    )


def _past(line: Past, drill: Drill) -> TimelineEntry:
    day = drill.made_at.date() - timedelta(days=line.days_ago)
    return TimelineEntry(at=day, kind="note", text=line.text, record_id=RECORD)


def _signal(line: str) -> VerifiedClaim:
    return VerifiedClaim(claim=Claim(text=line, cites=(RECORD,)), verdict=Verdict.SUPPORTED)
