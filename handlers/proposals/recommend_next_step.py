"""Turn a CRM event into one recommended next step, put before the person who decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile

from handlers.answers.donor_search import read_donor
from handlers.answers.grounding import grounded_signals, grounded_triage
from handlers.commands import CrmEventArrived
from handlers.context import Arrived, Context, Discard, Write, staff_names
from handlers.decisions.follow_owner import look_at_owner
from handlers.decisions.reopen_deferred import wake_awaiting
from handlers.execution.publishing import publish_data
from handlers.long_histories import digest_of, donor_facts
from handlers.ports import DonorUnknown, Unavailable
from handlers.proposals.alongside import Behind, Seen, answered_with, said_besides, waiting_behind
from handlers.proposals.considered import Considered
from handlers.proposals.deciding import PROPOSING, rule
from handlers.proposals.escalate import escalate
from handlers.proposals.folding import AT_ONCE, thanked_together
from handlers.proposals.happened import happened, is_our_own, is_visible, quoted
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
from policy.claims import Recommendation
from policy.confidence import confidence, unread
from policy.decision import Outcome
from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType, PublishedEventType
from policy.facts import DonorFacts
from policy.not_seen import unreadable
from policy.organisation import Organisation
from policy.recommender import Proposal
from policy.triage import Triage
from policy.triage_words import Topic
from storage.escalations import Escalation
from storage.transaction import Transaction

log = logging.getLogger(__name__)

MOST_LOOKS = 12


async def recommend_next_step(command: CrmEventArrived, arrived: Arrived, context: Context) -> Write:
    """Read the donor again, propose, verify, ask policy, and route what needs a person.

    What was put off until such an event comes back, and what is open follows a new relationship owner. What
    waits right behind it and is answered with it is settled with it.
    """
    told = command.event
    answer = await _answer(told, arrived, context)

    def also(tx: Transaction) -> None:
        answer.write(tx)
        wake_awaiting(tx, arrived, told)
        for each in answer.along:
            wake_awaiting(tx, each.arrived_with(arrived), each.event)
            _noted_along(tx, arrived, each, answer.donor_id)
        events = (told, *(each.event for each in answer.along))
        if told.donor_id and any(each.type is CrmEventType.DONOR_UPDATED for each in events):
            look_at_owner(tx, arrived, told.donor_id)
        if not tx.inbox.finish_along([each.item for each in answer.along], arrived.now):
            raise Unavailable("countersign", "changed_meanwhile", AT_ONCE)

    return also


@dataclass(frozen=True, slots=True)
class Answer:
    """What is written because of an event, and what else that answers *along* with it, about whom."""

    write: Write
    along: tuple[Behind, ...] = ()
    donor_id: str | None = None


async def _answer(event: CrmEvent, arrived: Arrived, context: Context) -> Answer:
    if is_our_own(event):
        own = _plain(event)
        return Answer(lambda tx: write_down(tx, arrived, "event.own", subject=event.donor_id, event=own))
    if event.type is CrmEventType.CAMPAIGN_STATUS_CHANGED:
        return Answer(await report_campaign_change(event, arrived, context))
    if event.donor_id is None:
        raise Discard("event_without_donor")
    return await _look_at(event, event.donor_id, arrived, context)


async def _look_at(event: CrmEvent, told_of: str, arrived: Arrived, context: Context) -> Answer:
    look, behind = await _begin_look(event, arrived, context)
    if (donor_id := context.led_to_nothing.again(event, arrived.position, look)) is not None:
        behind = tuple(takewhile(lambda each: _again(each, look, context) == donor_id, behind))
        return Answer(lambda tx: _noted(tx, arrived, event, donor_id), behind, donor_id)
    try:
        record = await read_donor(told_of, context)
    except DonorUnknown:
        raise Discard("donor_unknown") from None
    if not is_visible(event, record):
        if arrived.attempts < MOST_LOOKS:
            raise Unavailable("crm", "event_record_missing")
        raise Discard("event_record_missing")
    facts = await donor_facts(record, context)
    waiting = await context.database.read(lambda tx: tx.escalations.open_for_donor(record.donor.id))
    seen = Seen(record, facts, context.today(), thanked_together(waiting))
    proposal, found = seen.leads_to(event)
    if proposal is None:
        return await _nothing(event, look, behind, seen, arrived, context)
    if found is not None:
        behind = ()  # a message, or a flag on the record, is looked at by itself
    weighed, along = await _weighed_together(event, proposal, found, behind, seen, waiting, context)

    def write(tx: Transaction) -> None:
        put_forward(tx, arrived, weighed, context.organisation)

    return Answer(write, along, record.donor.id)


def _again(each: Behind, look: Look, context: Context) -> str | None:
    place = each.item.place
    return context.led_to_nothing.again(each.event, place.position if place else None, look)


async def _nothing(
    event: CrmEvent,
    look: Look,
    behind: Sequence[Behind],
    seen: Seen,
    arrived: Arrived,
    context: Context,
) -> Answer:
    """Answer that nothing comes of *event*, nor of what is behind it, up to what calls for a step."""
    donor_id, gift = seen.record.donor.id, gift_told(event, seen.record)
    _, along = await answered_with(event, None, behind, seen)
    for told in (event, *(each.event for each in along)):
        context.led_to_nothing.remember(told, look, donor_id)
    return Answer(lambda tx: _noted(tx, arrived, event, donor_id, gift), along, donor_id)


async def _weighed_together(
    event: CrmEvent,
    proposal: Proposal,
    found: Triage | None,
    behind: Sequence[Behind],
    seen: Seen,
    waiting: Sequence[Escalation],
    context: Context,
) -> tuple[Weighed, tuple[Behind, ...]]:
    """Weigh what *event* leads to with what is *behind* it; what policy holds together, by itself."""
    together, along = await answered_with(event, proposal, behind, seen)
    considered = await consider(
        event, seen.record, seen.facts, together or proposal, context, waiting, found=found
    )
    folded = sum(each.answers for each in along)
    considered = replace(considered, besides=said_besides(along, seen.record), folded=folded)
    weighed = await weigh(considered, context)
    is_held = weighed.ruling.decision.outcome is Outcome.DENY
    if along and is_held and together != proposal:
        return await _weighed_together(event, proposal, found, (), seen, waiting, context)
    return weighed, along


async def _begin_look(event: CrmEvent, arrived: Arrived, context: Context) -> tuple[Look, tuple[Behind, ...]]:
    """Return what a look at the CRM begins with, and what waits behind *event*.

    Raises NotBefore while proposing is paused.
    """

    def begin(tx: Transaction) -> tuple[int, tuple[Behind, ...]]:
        wait_while_paused(tx, arrived.now, *PROPOSING)
        return tx.inbox.last_position(), waiting_behind(tx, event, arrived)

    before, behind = await context.database.read(begin)
    return Look(before, context.clock.now(), context.today()), behind


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
    record_digest: str


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
    return Weighed(considered, ruling, destination, await digest_of(record))


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
    _write_down(tx, arrived, weighed, organisation)
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


def _write_down(tx: Transaction, arrived: Arrived, weighed: Weighed, organisation: Organisation) -> None:
    considered, ruling = weighed.considered, weighed.ruling
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
        record_digest=weighed.record_digest,
        donor_facts=considered.facts.model_dump(mode="json"),
        recommendation=considered.recommendation.model_dump(mode="json"),
        triage=considered.triage.model_dump(mode="json") if considered.triage else None,
    )


def _noted(
    tx: Transaction,
    arrived: Arrived,
    event: CrmEvent,
    donor_id: str | None,
    gift: dict[str, object] | None = None,
    **more: str,
) -> None:
    write_down(tx, arrived, "event.noted", subject=donor_id, event=_plain(event), gift=gift, **more)


def _noted_along(tx: Transaction, first: Arrived, each: Behind, donor_id: str | None) -> None:
    """Write down that nothing comes of an event by itself; and where the decision is that answers it."""
    arrived = each.arrived_with(first)
    if not each.answers:
        _noted(tx, arrived, each.event, donor_id, each.gift)
        return
    log.info("part of a case", extra={"correlation_id": arrived.correlation_id, "case": first.correlation_id})
    _noted(tx, arrived, each.event, donor_id, each.gift, answered_with=first.correlation_id)


def _plain(event: CrmEvent) -> dict[str, object]:
    return event.model_dump(mode="json")
