"""Only what verifies is said: a model's draft, or the facts summariser when there is none."""

from __future__ import annotations

import logging
from datetime import date

from handlers.ports import Assistant, AssistantUnavailable
from policy.claims import Claim, Origin, Summary, Verification
from policy.confidence import confidence
from policy.donor import DonorRecord
from policy.draft import Draft
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.recommender import Proposal
from policy.summariser import facts_summary
from policy.verifier import verify

log = logging.getLogger(__name__)

MOST_SENTENCES = 6


async def grounded_summary(
    record: DonorRecord, facts: DonorFacts, assistant: Assistant | None, as_of: date
) -> Summary:
    """Return a summary in which every figure was recomputed from *record*."""
    draft = await _drafted_summary(record, facts, assistant)
    checked = verify(draft.claims, record, facts)
    removed = len(checked.removed)
    if not checked.kept:
        draft = from_facts(facts_summary(record, facts), reason="nothing_verified")
        checked = verify(draft.claims, record, facts)
    return Summary(
        claims=checked.kept[:MOST_SENTENCES],
        removed=removed,
        not_seen=record.gaps,
        contradictions=tuple(d.sentence for d in facts.discrepancies),
        confidence=confidence(checked, record, facts, as_of),
        origin=draft.origin,
        as_of=as_of,
    )


async def grounded_signals(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    proposal: Proposal,
    assistant: Assistant | None,
) -> tuple[Verification, Draft]:
    """Return the verified reasons for *proposal* and the draft they come from."""
    draft = await _drafted_signals(record, facts, event, proposal, assistant)
    checked = verify(draft.claims, record, facts)
    if checked.kept:
        return checked, draft
    fallback = from_facts(proposal.signals, reason=draft.origin.fallback_reason or "nothing_verified")
    again = verify(fallback.claims, record, facts)
    return Verification(kept=again.kept, removed=checked.removed + again.removed), fallback


def from_facts(claims: tuple[Claim, ...], *, reason: str) -> Draft:
    """Present the deterministic text as a draft, saying why no model wrote it."""
    return Draft(claims=claims, origin=Origin(kind="facts", fallback_reason=reason))


async def _drafted_summary(record: DonorRecord, facts: DonorFacts, assistant: Assistant | None) -> Draft:
    if assistant is None:
        return from_facts(facts_summary(record, facts), reason="no_model")
    try:
        return await assistant.summarise(record, facts)
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        return from_facts(facts_summary(record, facts), reason=unavailable.code)


async def _drafted_signals(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    proposal: Proposal,
    assistant: Assistant | None,
) -> Draft:
    if assistant is None:
        return from_facts(proposal.signals, reason="no_model")
    try:
        return await assistant.recommend(record, facts, event, proposal)
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        return from_facts(proposal.signals, reason=unavailable.code)
