"""A new escalation with its card, made from what was considered and what policy said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.answers.donor_header import donor_header
from handlers.answers.sources import sources
from handlers.context import Arrived, staff_names
from handlers.outcomes import EscalationCard, TriageShown
from handlers.proposals.considered import Considered
from handlers.proposals.escalation_view import Requirement
from handlers.proposals.obligations import Duties, duties_of, shown_changes
from handlers.proposals.routing import Route
from handlers.proposals.ruling import Ruling
from policy.actions import UNDO
from policy.canonical import canonical_json, digest
from policy.changes import describe, long_text, undo_text
from policy.donor import DonorRecord, TimelineEntry
from policy.organisation import Organisation
from policy.seen import Seen, what_is_seen
from policy.timeline import timeline
from policy.triage import Triage
from storage.escalations import Escalation

RECENT = 3


def new_escalation(
    arrived: Arrived, considered: Considered, ruling: Ruling, destination: Route, card: EscalationCard
) -> Escalation:
    """Return the open escalation that *card* is about."""
    donor, action = considered.record.donor, considered.recommendation.action
    requirement = Requirement(
        decision=ruling.decision,
        owner_email=destination.decider_email,
        requested_by=considered.requested_by,
        excluded=destination.excluded,
        seen=seen_now(considered, ruling),
    )
    return Escalation(
        id=card.escalation_id,
        donor_id=donor.id,
        household_id=donor.household_id,
        owner_id=donor.owner_id,
        action=action,
        action_digest=digest(action),
        card=canonical_json(card),
        decision_facts=canonical_json(ruling.facts),
        policy_version=ruling.decision.policy_version,
        requires=canonical_json(requirement),
        route=destination.channel,
        for_person=destination.decider_email.casefold() if destination.decider_email else None,
        created_at=card.created_at,
        due_at=card.due_at,
        correlation_id=arrived.correlation_id,
        trigger_id=considered.event.id if considered.event else None,
        trigger=canonical_json(considered.event) if considered.event else None,
        fold_key=considered.fold_key,
        about=considered.proposal.about,
    )


def seen_now(considered: Considered, ruling: Ruling) -> tuple[Seen, ...]:
    """Return what a decision is taken on whose card is made from this."""
    record, event = considered.record, considered.event
    cites = [cite for signal in considered.recommendation.signals for cite in signal.claim.cites]
    return what_is_seen(
        record,
        considered.recommendation.action,
        ruling.facts,
        names=staff_names(record),
        read=ruling.read,
        cites=[
            *([event.record_id] if event and event.record_id else []),
            *considered.proposal.about,
            *cites,
        ],
    )


def new_card(
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    names: Mapping[str, str],
    organisation: Organisation,
) -> EscalationCard:
    """Return the card as it is first shown."""
    recommendation, record = considered.recommendation, considered.record
    action, duties = recommendation.action, duties_of(ruling.decision)
    said = duties.without_amounts(considered.happened, record)
    besides = (duties.without_amounts(each, record) for each in considered.besides)
    return EscalationCard(
        escalation_id=arrived.ids.new(),
        donor=donor_header(record, organisation),
        came_back=considered.came_back,
        happened=said,
        proposal=duties.without_amounts(describe(action, names), record),
        proposal_details=duties.without_amounts(long_text(action), record),
        changes=shown_changes(action, record, names, duties),
        triage=_triage(considered.triage),
        signals=tuple(filter(duties.may_show, recommendation.signals)),
        sources=sources(recommendation.signals, record, considered.facts, organisation),
        removed=recommendation.removed,
        gates=ruling.decision.reasons,
        unknowns=recommendation.unknowns,
        alternatives=recommendation.alternatives,
        confidence=recommendation.confidence,
        origin=recommendation.origin,
        recent=_recent(record, duties, organisation),
        also=tuple(each for each in dict.fromkeys(besides) if each != said),
        folded=considered.folded,
        footers=duties.footers,
        undo=UNDO[action.kind],
        undo_text=undo_text(action, organisation.undo_days),
        decider=destination.decider,
        route=destination.why,
        created_at=arrived.now,
        due_at=destination.working.add_working_days(
            arrived.now, _days_to_decide(considered.triage, organisation)
        ),
        reference=arrived.reference,
        urgent=considered.proposal.urgent,
    )


def _days_to_decide(found: Triage | None, organisation: Organisation) -> int:
    """Return working days; what needs somebody today does not wait as long as the rest may."""
    if found is not None and found.level == "now":
        return min(organisation.decision_days_when_pressing, organisation.decision_days)
    return organisation.decision_days


def _triage(found: Triage | None) -> TriageShown | None:
    if found is None:
        return None
    return TriageShown(urgency=found.level, risks=found.risks, chances=found.chances)


def _recent(record: DonorRecord, duties: Duties, organisation: Organisation) -> tuple[TimelineEntry, ...]:
    """Return the latest lines of the history, each on its day where the organisation is: all in one form."""
    zone = ZoneInfo(organisation.time_zone)
    shown = list(filter(duties.may_list, timeline(record, 3 * RECENT)))[:RECENT]
    return tuple(
        each.model_copy(update={"at": each.at.astimezone(zone).date()})
        if isinstance(each.at, datetime)
        else each
        for each in shown
    )
