"""Turn a CRM event into one recommended next step, put before the person who decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from handlers.commands import CrmEventArrived
from handlers.considered import Considered
from handlers.context import Arrived, Context, Discard, Write, staff_names
from handlers.deciding import PROPOSING, AiFindings, Ruling, rule
from handlers.donor_search import read_donor
from handlers.escalate import escalate
from handlers.evidence import record as write_down
from handlers.folding import thanked_together
from handlers.follow_owner import look_at_owner
from handlers.grounding import grounded_signals
from handlers.happened import happened
from handlers.hold import hold
from handlers.occasion import Occasion, occasion_of, outsiders_may_read
from handlers.paused import assistant_unless_paused, go_on_unless_paused
from handlers.ports import DonorUnknown, Unavailable
from handlers.reopen_deferred import wake_awaiting
from handlers.report_campaign_change import report_campaign_change
from handlers.routing import Route, out_of_sight, route, with_other_approvers, without_own_approval
from handlers.shadowing import note_comparisons
from policy.canonical import digest
from policy.claims import Recommendation
from policy.confidence import confidence
from policy.decision import Outcome
from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType
from policy.facts import DonorFacts, compute_facts
from policy.organisation import Organisation
from policy.recommender import Proposal, recommend
from storage.escalations import Escalation
from storage.transaction import Transaction

OWN_ACTOR = "countersign"
MOST_LOOKS = 12


async def recommend_next_step(command: CrmEventArrived, arrived: Arrived, context: Context) -> Write:
    """Read the donor again, propose, verify, ask policy, and route what needs a person.

    What was put off until such an event comes back, and what is open follows a new relationship owner.
    """
    write = await _recommend(command.event, arrived, context)

    def also(tx: Transaction) -> None:
        write(tx)
        wake_awaiting(tx, arrived, command.event)
        if command.event.type is CrmEventType.DONOR_UPDATED and command.event.donor_id:
            look_at_owner(tx, arrived, command.event.donor_id)

    return also


async def _recommend(event: CrmEvent, arrived: Arrived, context: Context) -> Write:
    if event.actor and event.actor.startswith(OWN_ACTOR):
        return lambda tx: write_down(tx, arrived, "event.own", subject=event.donor_id, event=_plain(event))
    if event.type is CrmEventType.CAMPAIGN_STATUS_CHANGED:
        return await report_campaign_change(event, arrived, context)
    if event.donor_id is None:
        raise Discard("event_without_donor")
    await go_on_unless_paused(context, *PROPOSING)
    try:
        record = await read_donor(event.donor_id, context)
    except DonorUnknown:
        raise Discard("donor_unknown") from None
    if not is_visible(event, record):
        if arrived.attempts < MOST_LOOKS:
            raise Unavailable("crm", "event_record_missing")
        raise Discard("event_record_missing")
    facts = compute_facts(record, context.today(), context.conventions())
    waiting = await context.database.read(lambda tx: tx.escalations.open_for_donor(record.donor.id))
    proposal = recommend(record, facts, event, context.today(), thanked_together(waiting))
    if proposal is None:
        return lambda tx: _noted(tx, arrived, event, record)
    considered = await consider(event, record, facts, proposal, context, waiting)
    weighed = await weigh(considered, context)

    def write(tx: Transaction) -> None:
        put_forward(tx, arrived, weighed, context.organisation)

    return write


def is_visible(event: CrmEvent, record: DonorRecord) -> bool:
    """Say whether what the event reports is in the record; CRMs answer with empty lists on bad days."""
    held: dict[CrmEventType, tuple[str, set[str]]] = {
        CrmEventType.DONATION_RECEIVED: ("gifts", {g.id for g in record.gifts}),
        CrmEventType.PLEDGE_RENEWED: (
            "pledges",
            {p.id for p in record.pledges} | {r.id for r in record.recurring_gifts},
        ),
        CrmEventType.MEETING_COMPLETED: ("interactions", {i.id for i in record.interactions}),
        CrmEventType.REPLY_RECEIVED: ("interactions", {i.id for i in record.interactions}),
        CrmEventType.NOTE_ADDED: ("notes", {n.id for n in record.notes}),
    }
    kind, ids = held.get(event.type, ("", set()))
    return not kind or event.record_id is None or kind in record.gaps or event.record_id in ids


async def consider(
    event: CrmEvent,
    record: DonorRecord,
    facts: DonorFacts,
    proposal: Proposal,
    context: Context,
    waiting: Sequence[Escalation],
) -> Considered:
    """Have the reasons for *proposal* written and verified; *waiting* is what it was proposed beside."""
    assistant = await assistant_unless_paused(context)
    checked, draft = await grounded_signals(record, facts, event, proposal, assistant)
    recommendation = Recommendation(
        action=proposal.action,
        headline=proposal.headline,
        signals=checked.kept,
        removed=len(checked.removed),
        alternatives=proposal.alternatives,
        unknowns=(*proposal.unknowns, *record.gaps),
        confidence=confidence(checked, record, facts, context.today()),
        origin=draft.origin,
        suspected_injection=draft.suspected_injection,
    )
    return Considered(
        event, record, facts, proposal, recommendation, happened(event, record), waiting=tuple(waiting)
    )


@dataclass(frozen=True, slots=True)
class Weighed:
    """A proposal with what policy says about it, and where it goes."""

    considered: Considered
    ruling: Ruling
    destination: Route


async def weigh(considered: Considered, context: Context) -> Weighed:
    """Ask policy, and find who decides and where; asked again where outsiders may read along there."""
    record = considered.record
    found = await route(record, context)
    occasion = await occasion_of(considered.event, considered.requested_by, record, context)
    weighed = await _weigh(considered, found, occasion, context)
    if not await outsiders_may_read(weighed.destination.channel, context, lately=True):
        return weighed
    outside = occasion.at_a_place(shared_with_outsiders=True)
    weighed = await _weigh(considered, found, outside, context)
    if weighed.ruling.decision.outcome is not Outcome.DENY:
        return weighed
    return replace(weighed, destination=await out_of_sight(weighed.destination, context))


async def _weigh(considered: Considered, found: Route, occasion: Occasion, context: Context) -> Weighed:
    recommendation, record = considered.recommendation, considered.record
    findings = AiFindings(
        origin=recommendation.origin,
        confidence=recommendation.confidence,
        unsupported=recommendation.removed,
        contradictions=len(considered.facts.discrepancies),
        suspected_injection=recommendation.suspected_injection,
        external_text=any(note.external_author for note in record.notes),
    )
    ruling = await rule(considered.proposal, record, findings, occasion, context)
    allowed = await without_own_approval(
        found,
        recommendation.action,
        ruling.decision,
        record,
        considered.requested_by,
        context,
    )
    destination = with_other_approvers(allowed, ruling.decision, context.organisation)
    return Weighed(considered, ruling, destination)


def put_forward(
    tx: Transaction, arrived: Arrived, weighed: Weighed, organisation: Organisation
) -> Escalation | None:
    """Put the proposal before whoever decides, and return it; None when it is held or waits already."""
    considered, ruling, destination = weighed.considered, weighed.ruling, weighed.destination
    names = staff_names(considered.record)
    _write_down(tx, arrived, considered, ruling)
    note_comparisons(tx, ruling.shadow, arrived.ids, arrived.now, arrived.correlation_id)
    if ruling.decision.outcome is Outcome.DENY:
        hold(tx, arrived, considered, ruling, destination, names, organisation)
        return None
    return escalate(tx, arrived, considered, ruling, destination, names, organisation)


def _write_down(tx: Transaction, arrived: Arrived, considered: Considered, ruling: Ruling) -> None:
    write_down(
        tx,
        arrived,
        "recommendation.decided",
        subject=considered.record.donor.id,
        event=_plain(considered.event),
        happened=considered.happened,
        owner_id=considered.record.donor.owner_id,
        record_digest=digest(considered.record),
        donor_facts=considered.facts.model_dump(mode="json"),
        recommendation=considered.recommendation.model_dump(mode="json"),
        decision=ruling.decision.model_dump(mode="json"),
        decision_facts=ruling.facts.model_dump(mode="json"),
    )


def _noted(tx: Transaction, arrived: Arrived, event: CrmEvent, record: DonorRecord) -> None:
    write_down(tx, arrived, "event.noted", subject=record.donor.id, event=_plain(event))


def _plain(event: CrmEvent) -> dict[str, object]:
    return event.model_dump(mode="json")
