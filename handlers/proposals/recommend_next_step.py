"""Turn a CRM event into one recommended next step, put before the person who decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from handlers.answers.donor_search import read_donor
from handlers.answers.grounding import grounded_signals, grounded_triage
from handlers.commands import CrmEventArrived
from handlers.context import Arrived, Context, Discard, Write, staff_names
from handlers.decisions.follow_owner import look_at_owner
from handlers.decisions.reopen_deferred import wake_awaiting
from handlers.execution.publishing import publish_data
from handlers.ports import DonorUnknown, Unavailable
from handlers.proposals.considered import Considered
from handlers.proposals.deciding import PROPOSING, rule
from handlers.proposals.escalate import escalate
from handlers.proposals.folding import thanked_together
from handlers.proposals.happened import happened, quoted
from handlers.proposals.hold import hold
from handlers.proposals.led_to_nothing import Look
from handlers.proposals.matter import AiFindings
from handlers.proposals.occasion import Occasion, campaign_told, gift_told, occasion_of, outsiders_may_read
from handlers.proposals.report_campaign_change import report_campaign_change
from handlers.proposals.routing import (
    Route,
    out_of_sight,
    route,
    where_rules_send,
    with_other_approvers,
    without_own_approval,
)
from handlers.proposals.ruling import Ruling
from handlers.record.evidence import record as write_down
from handlers.record.judging import note_text, with_track_record
from handlers.record.model_answers import write_what_was_said
from handlers.record.rulings import note_ruling
from handlers.rules.pausable_assistant import assistant_unless_paused
from handlers.rules.paused import wait_while_paused
from policy.canonical import digest
from policy.claims import Recommendation
from policy.confidence import confidence, unread
from policy.decision import Outcome
from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType, PublishedEventType
from policy.facts import DonorFacts, compute_facts
from policy.not_seen import unreadable
from policy.organisation import Organisation
from policy.recommender import Proposal, recommend
from policy.triage import Triage
from policy.triage_words import Topic
from policy.triaging import to_look_into, triaged
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
    return await _look_at(event, event.donor_id, arrived, context)


async def _look_at(event: CrmEvent, told_of: str, arrived: Arrived, context: Context) -> Write:
    look = await _begin_look(arrived, context)
    if (donor_id := context.led_to_nothing.again(event, arrived.position, look)) is not None:
        return lambda tx: _noted(tx, arrived, event, donor_id, gift=None)
    try:
        record = await read_donor(told_of, context)
    except DonorUnknown:
        raise Discard("donor_unknown") from None
    if not is_visible(event, record):
        if arrived.attempts < MOST_LOOKS:
            raise Unavailable("crm", "event_record_missing")
        raise Discard("event_record_missing")
    facts = compute_facts(record, context.today(), context.conventions())
    waiting = await context.database.read(lambda tx: tx.escalations.open_for_donor(record.donor.id))
    proposal = recommend(record, facts, event, context.today(), thanked_together(waiting))
    found = triaged(event, record, facts)
    if proposal is None and found is not None:
        proposal = to_look_into(found, event, record, facts, context.today())
    if proposal is None:
        context.led_to_nothing.remember(event, look, record.donor.id)
        return lambda tx: _noted(tx, arrived, event, record.donor.id, gift_told(event, record))
    considered = await consider(event, record, facts, proposal, context, waiting, found=found)
    weighed = await weigh(considered, context)

    def write(tx: Transaction) -> None:
        put_forward(tx, arrived, weighed, context.organisation)

    return write


async def _begin_look(arrived: Arrived, context: Context) -> Look:
    """Return what a look at the CRM begins with; raises NotBefore while proposing is paused."""

    def begin(tx: Transaction) -> int:
        wait_while_paused(tx, arrived.now, *PROPOSING)
        return tx.inbox.last_position()

    before = await context.database.read(begin)
    return Look(before, context.clock.now(), context.today())


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
    event: CrmEvent | None,
    record: DonorRecord,
    facts: DonorFacts,
    proposal: Proposal,
    context: Context,
    waiting: Sequence[Escalation],
    asked: AskedBy | None = None,
    found: Triage | None = None,
) -> Considered:
    """Have the reasons for *proposal* written and verified; *waiting* is what it was proposed beside.

    Without an *event* it was *asked* for by somebody, who may have passed on a message. *found* is the triage
    by the facts and the words; a model may find it more pressing and never less.
    """
    assistant = await assistant_unless_paused(context)
    if found is None:
        checked, draft, heard = await grounded_signals(record, facts, event, proposal, assistant)
    else:
        message = asked.message if asked else ""
        checked, draft, heard = await grounded_triage(record, facts, event, proposal, message, assistant)
        found = found.at_least(draft.urgency) if draft.urgency else found
        proposal = proposal.model_copy(update={"urgent": proposal.urgent or found.level == "now"})
    scored = confidence(checked, record, facts, context.today())
    if found is not None and Topic.UNREAD in found.topics:
        scored = unread(scored)
    past = partial(with_track_record, confidence=scored, action_kind=proposal.action.kind)
    recommendation = Recommendation(
        action=proposal.action,
        headline=proposal.headline,
        signals=checked.kept,
        removed=len(checked.removed),
        alternatives=proposal.alternatives,
        unknowns=(*proposal.unknowns, *unreadable(record)),
        confidence=await context.database.read(partial(past, now=context.clock.now())),
        origin=draft.origin,
        suspected_injection=draft.suspected_injection or (found is not None and Topic.ORDERS in found.topics),
    )
    return Considered(
        event,
        record,
        facts,
        proposal,
        recommendation,
        happened(event, record) if event else asked.told(record) if asked else "",
        requested_by=asked.requester if asked else None,
        waiting=tuple(waiting),
        heard=heard,
        triage=found,
    )


@dataclass(frozen=True, slots=True)
class AskedBy:
    """Who asked for the next step, as Slack knows them, or who passed on a *message* about the donor."""

    user_id: str
    name: str
    message: str = ""

    @property
    def requester(self) -> str | None:
        """Return who must not decide because they asked for it; who passes on a message asks for nothing."""
        return None if self.message else self.user_id

    def told(self, record: DonorRecord) -> str:
        """Say on the card what led to it."""
        if self.message:
            return f"{self.name} passed on a message about {record.donor.name}: “{quoted(self.message)}”"
        return f"{self.name} asked what to do next about {record.donor.name}."


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
    occasion = await occasion_of(
        considered.event, considered.requested_by, record, context, considered.proposal.about
    )
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
        triage=considered.triage,
    )
    ruling = await rule(considered.proposal, record, findings, occasion, context)
    allowed = await without_own_approval(
        await where_rules_send(found, ruling.decision, context),
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
    donor_id = considered.record.donor.id
    recommendation = considered.recommendation
    kept, removed = len(recommendation.signals), recommendation.removed
    note_text(tx, arrived, recommendation.action.kind, recommendation.origin, kept, removed)
    write_what_was_said(tx, arrived, considered.heard, subject=donor_id, use="recommendation")
    _write_down(tx, arrived, considered, ruling, organisation)
    if ruling.decision.outcome is Outcome.DENY:
        hold(tx, arrived, considered, ruling, destination, names, organisation)
        return None
    _flag_risk(tx, arrived, considered, ruling)
    return escalate(tx, arrived, considered, ruling, destination, names, organisation)


def _flag_risk(tx: Transaction, arrived: Arrived, considered: Considered, ruling: Ruling) -> None:
    """Tell whoever listens of what is pressing; what policy holds back is told of when it is held."""
    found = considered.triage
    if found is None or found.level == "routine" or not found.risks:
        return
    told: dict[str, object] = {
        "urgency": found.level,
        "topics": list(found.topics),
        "confidence": considered.recommendation.confidence.score,
        "model": considered.recommendation.origin.model or considered.recommendation.origin.kind,
        "policy_outcome": ruling.decision.outcome.value,
        "policy_version": ruling.decision.policy_version,
    }
    publish_data(tx, arrived, PublishedEventType.RISK_FLAGGED, arrived.item_id, told)


def _write_down(
    tx: Transaction, arrived: Arrived, considered: Considered, ruling: Ruling, organisation: Organisation
) -> None:
    note_ruling(
        tx,
        arrived,
        "recommendation.decided",
        ruling,
        subject=considered.record.donor.id,
        event=_plain(considered.event) if considered.event else None,
        requested_by=considered.requested_by,
        happened=considered.happened,
        owner_id=considered.record.donor.owner_id,
        household_id=considered.record.donor.household_id,
        campaign=campaign_told(
            considered.event, considered.proposal.about, considered.record, organisation.time_zone
        ),
        gift=gift_told(considered.event, considered.record),
        record_digest=digest(considered.record),
        donor_facts=considered.facts.model_dump(mode="json"),
        recommendation=considered.recommendation.model_dump(mode="json"),
        triage=considered.triage.model_dump(mode="json") if considered.triage else None,
    )


def _noted(
    tx: Transaction, arrived: Arrived, event: CrmEvent, donor_id: str, gift: dict[str, object] | None
) -> None:
    write_down(tx, arrived, "event.noted", subject=donor_id, event=_plain(event), gift=gift)


def _plain(event: CrmEvent) -> dict[str, object]:
    return event.model_dump(mode="json")
