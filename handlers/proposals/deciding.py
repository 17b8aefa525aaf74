"""Asking the rules: what policy says about one action for one donor, now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handlers.context import Context
from handlers.proposals.matter import AiFindings, Matter, evidence_again, evidence_of, matter_again, matter_of
from handlers.proposals.occasion import Occasion, is_on_hold, occasion_again, outsiders_may_read
from handlers.proposals.ruling import Ruling, decided_on
from handlers.proposals.touches import household_of, pending_touch, waiting_touches
from handlers.rules.paused import wait_while_among
from handlers.rules.shadowing import Candidate, compared, shadow_candidate
from handlers.spans import span
from policy.actions import Action
from policy.decide import CompiledPolicy, decide, facts_read
from policy.decision import Outcome
from policy.decision_context import Blackout, DecisionContext, Evidence, PendingTouch
from policy.decision_facts import (
    Capability,
    DecisionFacts,
    DoorFacts,
    DoorKind,
)
from policy.donor import DonorRecord
from policy.gathering import gather
from policy.organisation import Organisation
from policy.situation import Proposal
from storage.escalations import Escalation
from storage.transaction import Transaction

PROPOSING: tuple[Capability, ...] = ("recommend", "auto_route")
"""Paused, these hold a proposal back altogether; it is considered with fresh facts when they are resumed."""

ANOTHER_DOOR: DoorKind = "http"


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
    matter = matter_of(proposal, record, context.organisation, findings.triage)
    asked = _Asked(evidence_of(findings), matter, occasion, None)
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
    asked = _Asked(evidence_of(findings), matter_of(proposal, record, context.organisation), occasion, None)
    known = await _known(record, asked, context)
    return _ruling(proposal.action, record, "recommend", asked, known, context)


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
    action = action or escalation.action
    asked = _Asked(evidence_again(before), matter_again(before), occasion, escalation)
    return _ruling(action, record, "execute", asked, await _known(record, asked, context), context)


async def rule_on(
    action: Action, record: DonorRecord, escalation: Escalation, wanted_by: str, context: Context
) -> Ruling:
    """Ask the policy in force about a further action that a Slack user wants because of an earlier one."""
    occasion = await occasion_again(escalation, wanted_by, record, context)
    asked = _Asked(Evidence(), Matter(), occasion, escalation)
    return _ruling(action, record, "execute", asked, await _known(record, asked, context), context)


async def _known(record: DonorRecord, asked: _Asked, context: Context) -> _Known:
    itself = asked.itself
    household, now, today = household_of(record), context.clock.now(), context.today()

    def look(tx: Transaction) -> _Known:
        pauses = tx.pauses.in_force(now)
        if itself is None:
            wait_while_among(pauses, now, *PROPOSING)
        stopped = [pause.capability for pause in pauses if pause.capability != "execute"]
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
    pending = tuple(pending_touch(each) for each in known.waiting)
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
        blackouts=blackouts_of(organisation, zone),
        major_gift_thresholds=organisation.major_gift_thresholds,
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


def blackouts_of(organisation: Organisation, zone: ZoneInfo) -> tuple[Blackout, ...]:
    """Return when the organisation contacts nobody, as days begin and end in *zone*."""
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
