"""Asking the rules: what policy says about one action for one donor, now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handlers.context import Context
from handlers.ports import Unavailable
from handlers.proposals.occasion import Occasion, is_on_hold, occasion_again, outsiders_may_read
from handlers.rules.paused import wait_while_paused
from handlers.rules.shadowing import Candidate, Comparison, compared, shadow_candidate
from handlers.spans import span
from policy.actions import Action
from policy.claims import Confidence, Origin
from policy.decide import CompiledPolicy, decide, facts_read
from policy.decision import Decision, Outcome
from policy.decision_context import Blackout, DecisionContext, Evidence, PendingTouch, Triaged
from policy.decision_facts import (
    Capability,
    DecisionFacts,
    DoorFacts,
    DoorKind,
    Purpose,
    facts_decided_on,
)
from policy.donor import DonorRecord
from policy.escalation import EscalationState
from policy.gathering import gather
from policy.money import Money, total
from policy.organisation import Organisation
from policy.situation import Proposal
from policy.triage import Triage
from policy.value import Value
from storage.escalations import Escalation
from storage.transaction import Transaction

PROPOSING: tuple[Capability, ...] = ("recommend", "auto_route")
"""Paused, these hold a proposal back altogether; it is considered with fresh facts when they are resumed."""

ANOTHER_DOOR: DoorKind = "http"
OUTREACH = frozenset({"schedule_follow_up", "draft_message"})
# Contact that answers or thanks: it asks for nothing, so the rules about asking do not hold it back.
_CARE = frozenset({"replied", "advised_gift", "reply_unanswered", "gone_quiet"})
DRAFTS_ARE_SENT_WITHIN = timedelta(days=7)
_WAITING = (
    EscalationState.OPEN,
    EscalationState.DEFERRED,
    EscalationState.ESCALATED,
    EscalationState.APPROVED,
    EscalationState.EXECUTING,
    EscalationState.OUTCOME_UNKNOWN,
)


class AiFindings(Value):
    """What is known about the text behind a proposal."""

    origin: Origin
    confidence: Confidence
    unsupported: int = 0
    contradictions: int = 0
    suspected_injection: bool = False
    external_text: bool = False
    triage: Triage | None = None


class Matter(Value):
    """What the host knows of a proposal that its action does not say; *amount* is what it is about."""

    purpose: Purpose | None = None
    leads_to_contact: bool = False
    amount: Money | None = None
    triaged: Triaged = Triaged()


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """What policy is asked with besides the action; *itself* is the decision that is open already."""

    evidence: Evidence
    matter: Matter
    occasion: Occasion
    itself: Escalation | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read in one state of the database: the rules cannot change between them and the facts."""

    stopped: tuple[Capability, ...]
    waiting: tuple[Escalation, ...]
    rules: CompiledPolicy
    candidate: Candidate | None
    today: date


async def rule(
    proposal: Proposal, record: DonorRecord, findings: AiFindings, occasion: Occasion, context: Context
) -> Ruling:
    """Decide whether *proposal* may be put before somebody unasked and, with approval, be executed.

    Raises NotBefore while proposing is paused. A pause of executing alone holds no card back: people may
    decide, and what they approve waits.
    """
    evidence, matter = _evidence(findings), _matter(proposal, record, context.organisation, findings.triage)
    asked = _Asked(evidence, matter, occasion, None)
    known = await _known(record, asked, context)
    routed = _ruling(proposal.action, record, "auto_route", asked, known, context)
    if routed.decision.outcome is Outcome.DENY:
        return routed
    ruling = _ruling(proposal.action, record, "execute", asked, known, context)
    return replace(ruling, shadow=(*routed.shadow, *ruling.shadow))


async def rule_idea(
    proposal: Proposal, record: DonorRecord, findings: AiFindings, occasion: Occasion, context: Context
) -> Ruling:
    """Decide whether *proposal* may be named to somebody who asks; raises NotBefore while paused."""
    asked = _Asked(_evidence(findings), _matter(proposal, record, context.organisation), occasion, None)
    known = await _known(record, asked, context)
    return _ruling(proposal.action, record, "recommend", asked, known, context)


def _matter(
    proposal: Proposal, record: DonorRecord, organisation: Organisation, triage: Triage | None = None
) -> Matter:
    gifts = (*record.gifts, *record.soft_credited_gifts)
    sums = total(gift.amount for gift in gifts if gift.id in proposal.about)
    return Matter(
        purpose="stewardship" if proposal.rule in _CARE else None,
        leads_to_contact=proposal.leads_to_contact,
        amount=sums.get(organisation.home_currency) or next(iter(sums.values()), None),
        triaged=Triaged(urgency=triage.level, topics=triage.topics) if triage else Triaged(),
    )


def _matter_of(before: DecisionFacts) -> Matter:
    """Return what was known when an action was decided on, for asking about it or another version again.

    Care stays care. Every other purpose follows from the action itself: contact that does not answer or
    thank somebody counts as fundraising, whatever the action was before somebody changed it.
    """
    about = before.action
    amount = Money(minor=about.amount, currency=about.currency) if about.amount is not None else None
    purpose: Purpose | None = "stewardship" if about.purpose == "stewardship" else None
    return Matter(
        purpose=purpose,
        leads_to_contact=about.leads_to_contact,
        amount=amount,
        triaged=Triaged(urgency=before.triage.urgency, topics=before.triage.topics),
    )


async def rule_again(
    escalation: Escalation,
    record: DonorRecord,
    context: Context,
    action: Action | None = None,
    *,
    wanted_by: str | None = None,
    shown_at: str | None = None,
) -> Ruling:
    """Ask the policy in force about an approved action, or another version of it, with the facts of now.

    *wanted_by* is the Slack user who wants another version, *shown_at* the channel in which it is decided;
    without one, what was decided in is what it was.
    """
    before = decided_on(escalation)
    shared = before.door.shared_with_outsiders
    occasion = await occasion_again(escalation, wanted_by, record, context)
    occasion = occasion.at_a_place(
        shared_with_outsiders=await outsiders_may_read(shown_at, context) if shown_at else shared
    )
    ai = before.ai
    evidence = Evidence(
        origin=ai.origin,
        confidence=ai.confidence,
        confidence_level=ai.confidence_level,
        unsupported_claims=ai.unsupported_claims,
        contradictions=ai.contradictions,
        suspected_injection=ai.suspected_injection,
        external_text=ai.external_text,
        endpoint_region=ai.endpoint_region,
    )
    action = action or escalation.action
    asked = _Asked(evidence, _matter_of(before), occasion, escalation)
    return _ruling(action, record, "execute", asked, await _known(record, asked, context), context)


async def rule_on(
    action: Action, record: DonorRecord, escalation: Escalation, wanted_by: str, context: Context
) -> Ruling:
    """Ask the policy in force about a further action that a Slack user wants because of an earlier one."""
    occasion = await occasion_again(escalation, wanted_by, record, context)
    asked = _Asked(Evidence(), Matter(), occasion, escalation)
    return _ruling(action, record, "execute", asked, await _known(record, asked, context), context)


def decided_on(escalation: Escalation) -> DecisionFacts:
    """Return the facts that an escalation was decided on."""
    return facts_decided_on(escalation.decision_facts)


async def _known(record: DonorRecord, asked: _Asked, context: Context) -> _Known:
    itself = asked.itself
    household, now, today = household_of(record), context.clock.now(), context.today()

    def look(tx: Transaction) -> _Known:
        if itself is None:
            wait_while_paused(tx, now, *PROPOSING)
        stopped = [pause.capability for pause in tx.pauses.in_force(now) if pause.capability != "execute"]
        waiting = waiting_touches(tx, household, today, itself)
        rules, candidate = context.rules.current(tx), shadow_candidate(tx, context.rules)
        return _Known(tuple(stopped), tuple(waiting), rules, candidate, today)

    return await context.database.read(look)


def _ruling(
    action: Action,
    record: DonorRecord,
    capability: Capability,
    asked: _Asked,
    known: _Known,
    context: Context,
) -> Ruling:
    pending = tuple(_touch(each) for each in known.waiting)
    facts = gather(record, action, capability, _context(record, asked, known.stopped, pending, context))
    with span("policy decide", policy_version=known.rules.version):
        decision = decide(known.rules, facts)
    return Ruling(
        decision,
        facts,
        facts_read(known.rules, decision),
        tuple(each.id for each in known.waiting),
        known.today,
        compared(known.candidate, facts, decision),
        decision.outcome is Outcome.DENY and _allowed_elsewhere(known.rules, facts),
    )


def _allowed_elsewhere(rules: CompiledPolicy, facts: DecisionFacts) -> bool:
    """Say whether the rules would let it be decided through another door than Slack."""
    another_door = DoorFacts(kind=ANOTHER_DOOR, shared_with_outsiders=False)
    return decide(rules, facts.model_copy(update={"door": another_door})).outcome is not Outcome.DENY


def _context(
    record: DonorRecord,
    asked: _Asked,
    stopped: tuple[Capability, ...],
    pending: tuple[PendingTouch, ...],
    context: Context,
) -> DecisionContext:
    now, organisation = context.clock.now(), context.organisation
    matter, occasion = asked.matter, asked.occasion
    zone = _zone(record.donor.time_zone, organisation.time_zone)
    return DecisionContext(
        now=now,
        local_now=now.astimezone(zone),
        rollout_phase=cast("Literal[1, 2, 3]", organisation.rollout_phase),
        stopped=stopped,
        door="slack",
        evidence=asked.evidence,
        pending_touches=pending,
        blackouts=_blackouts(organisation, zone),
        major_gift_thresholds=(
            Money(minor=organisation.major_gift_minor, currency=organisation.home_currency),
        ),
        quiet_hours=organisation.quiet_hours,
        requester=occasion.requester,
        shared_with_outsiders=occasion.shared_with_outsiders,
        owner_on_hold=is_on_hold(record, organisation),
        # Who thanks or answers somebody does not act for the campaign that the gift or the reply was about.
        campaign_id=None if matter.purpose == "stewardship" else occasion.campaign_id,
        audience=occasion.audience,
        purpose=matter.purpose,
        leads_to_contact=matter.leads_to_contact,
        amount=matter.amount,
        triaged=matter.triaged,
    )


def household_of(record: DonorRecord) -> tuple[str, ...]:
    """Return the donors who are asked together, the donor of *record* included."""
    members = record.household.member_ids if record.household else ()
    return tuple(dict.fromkeys((record.donor.id, *members)))


def waiting_touches(
    tx: Transaction, household: tuple[str, ...], today: date, itself: Escalation | None = None
) -> list[Escalation]:
    """Return the contacts of the household that are proposed, on their way, or planned: each has its place.

    Of two that wait, the one that was proposed first goes first, so *itself* counts only those before it.
    """
    found = tx.escalations.of_donors(household, (*_WAITING, EscalationState.EXECUTED))
    return [
        each
        for each in found
        if each.action.kind in OUTREACH
        and (itself is None or each.id != itself.id)
        and _counts(each, today, itself)
    ]


def _counts(other: Escalation, today: date, itself: Escalation | None) -> bool:
    if other.state is EscalationState.EXECUTED:
        return _lies_ahead(other, today)
    return itself is None or (other.created_at, other.id) < (itself.created_at, itself.id)


def _lies_ahead(executed: Escalation, today: date) -> bool:
    """Say whether a contact that was planned or drafted has not happened yet."""
    due_on: date | None = getattr(executed.action, "due_on", None)
    if due_on is not None:
        return due_on >= today
    return executed.decided_at is not None and today - executed.decided_at.date() <= DRAFTS_ARE_SENT_WITHIN


def _touch(waiting: Escalation) -> PendingTouch:
    return PendingTouch(
        donor_id=waiting.donor_id,
        channel=getattr(waiting.action, "channel", None),
        is_ask=decided_on(waiting).action.is_ask,
        at=waiting.created_at,
    )


def reserve_touch(tx: Transaction, record: DonorRecord, action: Action, ruling: Ruling) -> None:
    """Keep a place for a contact with the household, or start over when another took one meanwhile.

    Two officers who propose something to two spouses at once are decided one after the other.
    Raises Unavailable, so that policy is asked anew.
    """
    if action.kind not in OUTREACH or ruling.on is None:
        return
    household = household_of(record)
    tx.one_at_a_time(min(household))
    if tuple(each.id for each in waiting_touches(tx, household, ruling.on)) != ruling.touches:
        raise Unavailable("household", "touched_meanwhile")


def _evidence(findings: AiFindings) -> Evidence:
    return Evidence(
        origin=findings.origin.kind,
        confidence=findings.confidence.score,
        confidence_level=findings.confidence.level,
        unsupported_claims=findings.unsupported,
        contradictions=findings.contradictions,
        suspected_injection=findings.suspected_injection,
        external_text=findings.external_text,
        endpoint_region=findings.origin.endpoint_region,
    )


def _blackouts(organisation: Organisation, zone: ZoneInfo) -> tuple[Blackout, ...]:
    return tuple(
        Blackout(
            name=period.name,
            starts_at=datetime.combine(period.first_day, datetime.min.time(), tzinfo=zone),
            ends_at=datetime.combine(period.first_day_after, datetime.min.time(), tzinfo=zone),
            channels=period.channels,
            asks_only=period.asks_only,
        )
        for period in organisation.blackouts
    )


def _zone(name: str, fallback: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(fallback)
