"""Put a proposal before a person, or say openly that policy holds it."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.answering import post
from handlers.considered import Considered
from handlers.context import Arrived, staff_names
from handlers.deadline import watch_deadline
from handlers.deciding import Ruling, reserve_touch
from handlers.donor_header import donor_header
from handlers.effects import ExecuteAction, enqueue, refresh_card
from handlers.escalation_view import Requirement
from handlers.evidence import SYSTEM
from handlers.evidence import record as write_down
from handlers.obligations import duties_of, shown_changes
from handlers.outcomes import EscalationCard, HeldNotice, Notice
from handlers.publishing import publish
from handlers.routing import Route
from handlers.show_to_stand_in import involve_stand_in
from handlers.sources import sources
from policy.actions import UNDO
from policy.canonical import canonical_json, digest
from policy.changes import describe, long_text, undo_text
from policy.decision import Outcome
from policy.escalation import UNDECIDED, EscalationState
from policy.events import PublishedEventType
from policy.organisation import Organisation
from policy.seen import Seen, what_is_seen
from policy.timeline import timeline
from storage.escalations import Escalation
from storage.transaction import Transaction

RECENT = 3
BY_POLICY = "the policy in force"


def escalate(
    tx: Transaction,
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    names: Mapping[str, str],
    organisation: Organisation,
) -> Escalation | None:
    """Open an escalation with its card; None when the same proposal already waits for this donor.

    Raises Unavailable where the household was approached by somebody else meanwhile: it is decided anew.
    """
    reserve_touch(tx, considered.record, considered.recommendation.action, ruling)
    action_digest = digest(considered.recommendation.action)
    waiting = tx.escalations.open_for_donor(considered.record.donor.id)
    if any(other.action_digest == action_digest for other in waiting):
        write_down(tx, arrived, "escalation.folded", subject=considered.record.donor.id)
        return None
    card = _card(arrived, considered, ruling, destination, names, organisation)
    _notify(tx, arrived, card, ruling, organisation)
    if considered.record.donor.deceased:
        _withdraw(tx, arrived, waiting)
    opened = _escalation(arrived, considered, ruling, destination, card, action_digest)
    tx.escalations.add(opened)
    write_down(
        tx,
        arrived,
        "escalation.opened",
        subject=opened.donor_id,
        escalation_id=opened.id,
        route=destination.why,
        decider=destination.decider,
        due_at=opened.due_at.isoformat(),
    )
    watch_deadline(tx, arrived, opened.id, opened.due_at)
    publish(tx, arrived, PublishedEventType.HANDOFF_REQUIRED, opened.id, ruling, considered.recommendation)
    if ruling.decision.outcome is Outcome.ALLOW:
        _carry_out_unasked(tx, arrived, opened)
    refresh_card(tx, arrived, opened)
    involve_stand_in(tx, arrived, opened)
    return opened


def hold(
    tx: Transaction,
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    names: Mapping[str, str],
    organisation: Organisation,
) -> None:
    """Say what happened and why policy offers no action."""
    notice = HeldNotice(
        donor=donor_header(considered.record, organisation),
        happened=considered.happened,
        proposal=describe(considered.recommendation.action, names),
        reasons=ruling.decision.reasons or ("No rule allows this action.",),
        reference=arrived.reference,
    )
    publish(tx, arrived, PublishedEventType.RISK_FLAGGED, arrived.item_id, ruling, considered.recommendation)
    post(tx, arrived, notice, destination.channel, by=SYSTEM, donor_id=considered.record.donor.id)


def _carry_out_unasked(tx: Transaction, arrived: Arrived, opened: Escalation) -> None:
    moved = tx.escalations.move(
        opened.id,
        (EscalationState.OPEN,),
        EscalationState.APPROVED,
        arrived.now,
        decided_by_name=BY_POLICY,
        decided_at=arrived.now,
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.allowed",
        subject=moved.donor_id,
        escalation_id=moved.id,
        policy_version=moved.policy_version,
    )
    key = f"execute:{moved.id}:{moved.action_digest}:{moved.revision}"
    effect = ExecuteAction(escalation_id=moved.id)
    # Not the order of what people approved: this one may have to wait for a decision of theirs.
    enqueue(tx, effect, key=key, order=f"unasked:{moved.donor_id}", arrived=arrived)


def _escalation(
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    card: EscalationCard,
    action_digest: str,
) -> Escalation:
    donor = considered.record.donor
    requirement = Requirement(
        decision=ruling.decision,
        owner_email=destination.decider_email,
        requested_by=considered.requested_by,
        excluded=destination.excluded,
        seen=_seen(considered, ruling),
    )
    return Escalation(
        id=card.escalation_id,
        donor_id=donor.id,
        household_id=donor.household_id,
        owner_id=donor.owner_id,
        action=considered.recommendation.action,
        action_digest=action_digest,
        card=canonical_json(card),
        decision_facts=canonical_json(ruling.facts),
        policy_version=ruling.decision.policy_version,
        requires=canonical_json(requirement),
        channel_id=None,
        route=destination.channel,
        created_at=card.created_at,
        due_at=card.due_at,
        correlation_id=arrived.correlation_id,
        trigger_id=considered.event.id,
        trigger=canonical_json(considered.event),
        fold_key=f"{donor.id}:{considered.recommendation.action.kind}",
    )


def _seen(considered: Considered, ruling: Ruling) -> tuple[Seen, ...]:
    record, event = considered.record, considered.event
    cites = [cite for signal in considered.recommendation.signals for cite in signal.claim.cites]
    return what_is_seen(
        record,
        considered.recommendation.action,
        ruling.facts,
        names=staff_names(record),
        read=ruling.read,
        cites=[*([event.record_id] if event.record_id else []), *cites],
    )


def _withdraw(tx: Transaction, arrived: Arrived, waiting: list[Escalation]) -> None:
    """Take every other open proposal for a donor who died off the table."""
    for other in waiting:
        moved = tx.escalations.move(other.id, UNDECIDED, EscalationState.SUPERSEDED, arrived.now)
        if moved:
            write_down(
                tx,
                arrived,
                "escalation.withdrawn",
                subject=moved.donor_id,
                correlation_id=moved.correlation_id,
                escalation_id=moved.id,
            )
            refresh_card(tx, arrived, moved)


def _notify(
    tx: Transaction, arrived: Arrived, card: EscalationCard, ruling: Ruling, organisation: Organisation
) -> None:
    """Inform the roles that policy wants informed, without amounts."""
    for role in duties_of(ruling.decision).notify:
        notice = Notice(
            text=f"A decision about {card.donor.name} waits for {card.decider}.",
            next_step="You are informed because policy asks for it; there is nothing for you to do.",
            reference=arrived.reference,
        )
        for channel in {p.channel or organisation.review_channel for p in organisation.people_in(role)}:
            post(tx, arrived, notice, channel, by=SYSTEM, donor_id=card.donor.id)


def _card(
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    names: Mapping[str, str],
    organisation: Organisation,
) -> EscalationCard:
    recommendation, record = considered.recommendation, considered.record
    action, duties = recommendation.action, duties_of(ruling.decision)
    return EscalationCard(
        escalation_id=arrived.ids.new(),
        donor=donor_header(record, organisation),
        came_back=considered.came_back,
        happened=duties.without_amounts(considered.happened, record),
        proposal=duties.without_amounts(describe(action, names), record),
        proposal_details=duties.without_amounts(long_text(action), record),
        changes=shown_changes(action, record, names, duties),
        signals=tuple(filter(duties.may_show, recommendation.signals)),
        sources=sources(recommendation.signals, record, considered.facts),
        removed=recommendation.removed,
        gates=ruling.decision.reasons,
        unknowns=recommendation.unknowns,
        alternatives=recommendation.alternatives,
        confidence=recommendation.confidence,
        origin=recommendation.origin,
        recent=tuple(filter(duties.may_list, timeline(record, 3 * RECENT)))[:RECENT],
        footers=duties.footers,
        undo=UNDO[action.kind],
        undo_text=undo_text(action, organisation.undo_days),
        decider=destination.decider,
        route=destination.why,
        created_at=arrived.now,
        due_at=destination.working.add_working_days(arrived.now, organisation.decision_days),
        reference=arrived.reference,
    )
