"""Only what verifies is said: a model's draft, or the facts summariser when there is none."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import date

from handlers.ports import Assistant, AssistantUnavailable, Hear
from handlers.rules.pausable_assistant import Stopped
from policy.claims import Claim, Origin, Summary, Verdict, Verification, VerifiedClaim
from policy.confidence import confidence
from policy.contradictions import contradictions
from policy.donor import DonorRecord
from policy.draft import Draft, Heard, ModelCall
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.not_seen import not_seen
from policy.recommender import Proposal
from policy.summariser import completed, facts_summary, warnings_left_out
from policy.triaging import escalation_summary
from policy.verifier import verify

log = logging.getLogger(__name__)

MOST_SENTENCES = 6
STOPPED = "stopped"


Say = Callable[[VerifiedClaim], Awaitable[None]]
"""Shows a sentence that was verified."""


def verified(record: DonorRecord, facts: DonorFacts, say: Say | None) -> Hear | None:
    """Return what hears the sentences of a model as they come and says those that are borne out."""
    if say is None:
        return None

    async def hear(claim: Claim) -> None:
        for each in verify((claim,), record, facts).kept:
            await say(each)

    return hear


async def grounded_summary(
    record: DonorRecord,
    facts: DonorFacts,
    assistant: Assistant | None,
    as_of: date,
    say: Say | None = None,
) -> tuple[Summary, Heard | None]:
    """Return a summary in which every figure was recomputed from *record*, and what a model said to it.

    A warning about the donor that the model left out stands first. What a model had finished when it broke
    off is kept, and completed from the facts. *say* shows each verified sentence as soon as there is one.
    """
    draft, unusable = await _drafted_summary(record, facts, assistant, verified(record, facts, say))
    checked = verify(draft.claims, record, facts)
    heard = heard_of(draft.call, checked, unusable, broke_off=bool(draft.origin.broke_off))
    removed = len(checked.removed)
    if draft.origin.broke_off and checked.kept:
        return _interrupted(checked, record, facts, draft.origin, as_of), heard
    if not checked.kept:
        reason = draft.origin.fallback_reason or "nothing_verified"
        draft = from_facts(facts_summary(record, facts), reason=reason)
        checked = verify(draft.claims, record, facts)
    return _summary(checked, removed, record, facts, draft.origin, as_of), heard


def _interrupted(
    checked: Verification, record: DonorRecord, facts: DonorFacts, origin: Origin, as_of: date
) -> Summary:
    """Return a summary of what a model had said when it broke off, and then of what the facts say."""
    finished = checked.kept[:MOST_SENTENCES]
    whole = verify(completed(tuple(each.claim for each in finished), record, facts), record, facts)
    origin = origin.model_copy(update={"finished": len(finished)})
    whole = Verification(kept=whole.kept, removed=checked.removed)
    return _summary(whole, len(checked.removed), record, facts, origin, as_of)


def stopped_summary(
    said: tuple[VerifiedClaim, ...],
    heard: Heard | None,
    origin: Origin,
    record: DonorRecord,
    facts: DonorFacts,
    as_of: date,
) -> Summary:
    """Return a summary of what its reader had seen when they stopped it, with every warning."""
    origin = origin.model_copy(update={"finished": min(len(said), MOST_SENTENCES)})
    seen = Verification(kept=said, removed=heard.removed if heard else ())
    return _summary(seen, len(seen.removed), record, facts, origin, as_of)


def heard_until_stopped(stop: Stopped, record: DonorRecord, facts: DonorFacts) -> tuple[Origin, Heard | None]:
    """Return where an answer came from that its reader stopped, and what a model had said by then."""
    left = stop.left or Draft(claims=(), origin=Origin(kind="model"))
    heard = heard_of(stop.call, verify(left.claims, record, facts), STOPPED, broke_off=True)
    return left.origin.model_copy(update={"broke_off": STOPPED}), heard


def warnings_first(record: DonorRecord, facts: DonorFacts) -> tuple[VerifiedClaim, ...]:
    """Return what nobody may be spared, whatever a model says afterwards."""
    return verify(warnings_left_out((), record, facts), record, facts).kept


def _summary(
    checked: Verification,
    removed: int,
    record: DonorRecord,
    facts: DonorFacts,
    origin: Origin,
    as_of: date,
) -> Summary:
    """Return the summary of what was *checked*, warnings first; *removed* counts what it replaces too."""
    said = (each.claim for each in checked.kept)
    warnings = verify(warnings_left_out(said, record, facts), record, facts).kept
    shown = (*warnings, *checked.kept)[:MOST_SENTENCES]
    # What was left out counts against the text that is shown, unless that is another one altogether.
    judged = Verification(kept=shown, removed=checked.removed)
    return Summary(
        claims=shown,
        removed=removed,
        not_seen=not_seen(record, facts.conventions),
        contradictions=contradictions(record, facts),
        confidence=confidence(judged, record, facts, as_of),
        origin=origin,
        as_of=as_of,
    )


async def grounded_signals(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    proposal: Proposal,
    assistant: Assistant | None,
) -> tuple[Verification, Draft, Heard | None]:
    """Return the verified reasons for *proposal*, the draft they come from, and what a model said."""
    draft, unusable = await _drafted_signals(record, facts, event, proposal, assistant)
    checked = without_judgements(verify(draft.claims, record, facts), facts)
    heard = heard_of(draft.call, checked, unusable)
    if checked.kept:
        return checked, draft, heard
    fallback = from_facts(proposal.signals, reason=draft.origin.fallback_reason or "nothing_verified")
    # A model that was led astray stays under suspicion, also where nothing of what it said is shown.
    fallback = fallback.model_copy(update={"suspected_injection": draft.suspected_injection})
    again = verify(fallback.claims, record, facts)
    return Verification(kept=again.kept, removed=checked.removed + again.removed), fallback, heard


_KEEP_AWAY = ("donor.deceased", "donor.do_not_contact", "donor.legal_review")


def without_judgements(checked: Verification, facts: DonorFacts) -> Verification:
    """Leave judgements out where nobody may approach the donor: a kind thought would be an idea to do so."""
    if not any(facts.flag(each) for each in _KEEP_AWAY):
        return checked
    kept = tuple(each for each in checked.kept if each.verdict is not Verdict.OPINION)
    left_out = tuple(each for each in checked.kept if each.verdict is Verdict.OPINION)
    return Verification(kept=kept, removed=(*checked.removed, *left_out))


def heard_of(
    call: ModelCall | None, checked: Verification, unusable: str = "", *, broke_off: bool = False
) -> Heard | None:
    """Return what a model said with what verification kept of it; None when no model said anything.

    Of an answer that was of no use nothing was kept, unless it *broke_off* in the middle.
    """
    if call is None:
        return None
    if unusable and not broke_off:
        return Heard(call=call, unusable=unusable)
    return Heard(call=call, unusable=unusable, kept=checked.kept, removed=checked.removed)


def from_facts(claims: tuple[Claim, ...], *, reason: str, call: ModelCall | None = None) -> Draft:
    """Present the deterministic text as a draft, saying why no model wrote it."""
    return Draft(claims=claims, origin=Origin(kind="facts", fallback_reason=reason), call=call)


async def _drafted_summary(
    record: DonorRecord, facts: DonorFacts, assistant: Assistant | None, hear: Hear | None
) -> tuple[Draft, str]:
    if assistant is None:
        return from_facts(facts_summary(record, facts), reason="no_model"), ""
    try:
        return await assistant.summarise(record, facts, hear), ""
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        if unavailable.left:
            return unavailable.left, unavailable.code
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
    checked = without_judgements(verify(draft.claims, record, facts), facts)
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
    question: str,
    record: DonorRecord,
    facts: DonorFacts,
    assistant: Assistant | None,
    say: Say | None = None,
) -> tuple[Verification, Origin, Heard | None]:
    """Return what a model said to *question* and the record bears out; without a model nothing, and why."""
    nothing = Verification(kept=())
    if assistant is None:
        return nothing, Origin(kind="facts", fallback_reason="no_model"), None
    unusable = ""
    try:
        draft = await assistant.answer(record, facts, question, verified(record, facts, _no_judgement(say)))
    except AssistantUnavailable as unavailable:
        log.warning("assistant unavailable", extra={"code": unavailable.code})
        unusable = unavailable.code
        origin = Origin(kind="facts", fallback_reason=unusable)
        draft = unavailable.left or Draft(claims=(), origin=origin, call=unavailable.call)
    checked = verify(draft.claims, record, facts)
    kept = tuple(claim for claim in checked.kept if claim.verdict is Verdict.SUPPORTED)[:MOST_SENTENCES]
    checked = Verification(kept=kept, removed=checked.removed)
    heard = heard_of(draft.call, checked, unusable, broke_off=bool(draft.origin.broke_off))
    if unusable and not kept:
        return nothing, Origin(kind="facts", fallback_reason=unusable), heard
    return checked, draft.origin.model_copy(update={"finished": len(kept) if unusable else 0}), heard


def _no_judgement(say: Say | None) -> Say | None:
    """Leave judgements out: one is no answer to a question of fact."""
    if say is None:
        return None

    async def supported(claim: VerifiedClaim) -> None:
        if claim.verdict is Verdict.SUPPORTED:
            await say(claim)

    return supported
