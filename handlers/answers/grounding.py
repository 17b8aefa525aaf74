"""Only what verifies is said: a model's draft, or the facts summariser when there is none."""

from __future__ import annotations

import logging
from datetime import date

from handlers.ports import Assistant, AssistantUnavailable
from policy.claims import Claim, Origin, Summary, Verdict, Verification
from policy.confidence import confidence
from policy.contradictions import contradictions
from policy.donor import DonorRecord
from policy.draft import Draft, Heard, ModelCall
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.recommender import Proposal
from policy.summariser import facts_summary, warnings_left_out
from policy.triaging import escalation_summary
from policy.verifier import verify

log = logging.getLogger(__name__)

MOST_SENTENCES = 6


async def grounded_summary(
    record: DonorRecord, facts: DonorFacts, assistant: Assistant | None, as_of: date
) -> tuple[Summary, Heard | None]:
    """Return a summary in which every figure was recomputed from *record*, and what a model said to it.

    A warning about the donor that the model left out stands first.
    """
    draft, unusable = await _drafted_summary(record, facts, assistant)
    checked = verify(draft.claims, record, facts)
    heard = heard_of(draft.call, checked, unusable)
    removed = len(checked.removed)
    if not checked.kept:
        reason = draft.origin.fallback_reason or "nothing_verified"
        draft = from_facts(facts_summary(record, facts), reason=reason)
        checked = verify(draft.claims, record, facts)
    warnings = warnings_left_out((each.claim for each in checked.kept), record, facts)
    said = (*verify(warnings, record, facts).kept, *checked.kept)
    summary = Summary(
        claims=said[:MOST_SENTENCES],
        removed=removed,
        not_seen=record.gaps,
        contradictions=contradictions(record, facts),
        confidence=confidence(checked, record, facts, as_of),
        origin=draft.origin,
        as_of=as_of,
    )
    return summary, heard


async def grounded_signals(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    proposal: Proposal,
    assistant: Assistant | None,
) -> tuple[Verification, Draft, Heard | None]:
    """Return the verified reasons for *proposal*, the draft they come from, and what a model said."""
    draft, unusable = await _drafted_signals(record, facts, event, proposal, assistant)
    checked = verify(draft.claims, record, facts)
    heard = heard_of(draft.call, checked, unusable)
    if checked.kept:
        return checked, draft, heard
    fallback = from_facts(proposal.signals, reason=draft.origin.fallback_reason or "nothing_verified")
    # A model that was led astray stays under suspicion, also where nothing of what it said is shown.
    fallback = fallback.model_copy(update={"suspected_injection": draft.suspected_injection})
    again = verify(fallback.claims, record, facts)
    return Verification(kept=again.kept, removed=checked.removed + again.removed), fallback, heard


def heard_of(call: ModelCall | None, checked: Verification, unusable: str = "") -> Heard | None:
    """Return what a model said with what verification kept of it; None when no model said anything."""
    if call is None:
        return None
    if unusable:
        return Heard(call=call, unusable=unusable)
    return Heard(call=call, kept=checked.kept, removed=checked.removed)


def from_facts(claims: tuple[Claim, ...], *, reason: str, call: ModelCall | None = None) -> Draft:
    """Present the deterministic text as a draft, saying why no model wrote it."""
    return Draft(claims=claims, origin=Origin(kind="facts", fallback_reason=reason), call=call)


async def _drafted_summary(
    record: DonorRecord, facts: DonorFacts, assistant: Assistant | None
) -> tuple[Draft, str]:
    if assistant is None:
        return from_facts(facts_summary(record, facts), reason="no_model"), ""
    try:
        return await assistant.summarise(record, facts), ""
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        claims = facts_summary(record, facts)
        return from_facts(claims, reason=unavailable.code, call=unavailable.call), unavailable.code


async def _drafted_signals(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    proposal: Proposal,
    assistant: Assistant | None,
) -> tuple[Draft, str]:
    if assistant is None:
        return from_facts(proposal.signals, reason="no_model"), ""
    try:
        return await assistant.recommend(record, facts, event, proposal), ""
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        claims = proposal.signals
        return from_facts(claims, reason=unavailable.code, call=unavailable.call), unavailable.code


async def grounded_triage(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    proposal: Proposal,
    message: str,
    assistant: Assistant | None,
) -> tuple[Verification, Draft, Heard | None]:
    """Return what whoever deals with it should know, verified: why the step, then what matters besides."""
    draft, unusable = await _drafted_triage(record, facts, event, proposal, message, assistant)
    checked = verify(draft.claims, record, facts)
    heard = heard_of(draft.call, checked, unusable)
    if checked.kept:
        return checked, draft, heard
    reason = draft.origin.fallback_reason or "nothing_verified"
    fallback = from_facts(escalation_summary(proposal.signals, record, facts), reason=reason)
    again = verify(fallback.claims, record, facts)
    return Verification(kept=again.kept, removed=checked.removed + again.removed), fallback, heard


async def _drafted_triage(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    proposal: Proposal,
    message: str,
    assistant: Assistant | None,
) -> tuple[Draft, str]:
    plainly = escalation_summary(proposal.signals, record, facts)
    if assistant is None:
        return from_facts(plainly, reason="no_model"), ""
    try:
        return await assistant.triage(record, facts, event, proposal, message), ""
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        return from_facts(plainly, reason=unavailable.code, call=unavailable.call), unavailable.code


async def grounded_answer(
    question: str, record: DonorRecord, facts: DonorFacts, assistant: Assistant | None
) -> tuple[Verification, Origin, Heard | None]:
    """Return what a model said to *question* and the record bears out; without a model nothing, and why."""
    nothing = Verification(kept=())
    if assistant is None:
        return nothing, Origin(kind="facts", fallback_reason="no_model"), None
    try:
        draft = await assistant.answer(record, facts, question)
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        origin = Origin(kind="facts", fallback_reason=unavailable.code)
        return nothing, origin, heard_of(unavailable.call, nothing, unavailable.code)
    checked = verify(draft.claims, record, facts)
    # A judgement is no answer to a question of fact.
    kept = tuple(claim for claim in checked.kept if claim.verdict is Verdict.SUPPORTED)[:MOST_SENTENCES]
    checked = Verification(kept=kept, removed=checked.removed)
    return checked, draft.origin, heard_of(draft.call, checked)
