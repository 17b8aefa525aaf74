"""Running cases through the very path that answers people, and noting how each of them went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.evals.cases import Case, Golden, Use
from bot.evals.escapes import escapes
from bot.evals.sketch import TODAY, event_of, record_of
from handlers.answers.grounding import grounded_signals, grounded_summary, grounded_triage
from handlers.ports import Assistant
from policy.changes import describe, long_text
from policy.claims import Origin, VerifiedClaim
from policy.donor import DonorRecord
from policy.draft import Heard
from policy.facts import Conventions, DonorFacts, compute_facts, spelled
from policy.money import Money
from policy.recommender import recommend
from policy.triage import triage
from policy.triaging import passed_on, said_in
from policy.value import Value

CONVENTIONS = Conventions(fiscal_year_start_month=7)
NOTHING = "nothing"
NO_MODEL = Origin(kind="facts", fallback_reason="no_model")
AT_ONCE = 4


class CaseResult(Value):
    """How one case went; *answered* is None where no model was asked. *took_ms* is the whole case."""

    use: Use
    id: str
    sort: str
    reason: str
    answered: bool | None
    why_not: str = ""
    kept: int
    removed: int
    expected: str
    found: str
    missing: tuple[str, ...] = ()
    escapes: tuple[str, ...] = ()
    took_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0

    @property
    def passed(self) -> bool:
        """Say whether everything came out as expected."""
        return self.found == self.expected and not self.missing and not self.escapes


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a case came to: *shown* is every text that people would see."""

    found: str
    shown: tuple[str, ...]
    claims: tuple[VerifiedClaim, ...] = ()
    removed: int = 0
    origin: Origin = NO_MODEL
    heard: Heard | None = None
    asked: bool = False
    own: tuple[str, ...] = ()


async def run_cases(
    cases: Sequence[Golden],
    assistant: Assistant | None,
    *,
    monotonic: Callable[[], float],
    done: Callable[[], None] = lambda: None,
) -> tuple[CaseResult, ...]:
    """Run *cases*, a few at a time, in whose order the results come; without *assistant* from facts alone."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def run(golden: Golden) -> CaseResult:
        async with slots:
            began = monotonic()
            result = await run_case(golden, assistant)
            done()
            return result.model_copy(update={"took_ms": round((monotonic() - began) * 1000)})

    return tuple(await asyncio.gather(*map(run, cases)))


async def run_case(golden: Golden, assistant: Assistant | None) -> CaseResult:
    """Run one case."""
    case, record = golden.case, record_of(golden.case)
    facts = compute_facts(record, TODAY, CONVENTIONS)
    ways = {"summary": _summary, "recommendation": _recommendation, "triage": _triage}
    outcome = await ways[golden.use](case, record, facts, assistant)
    call = outcome.heard.call if outcome.heard else None
    usable = outcome.heard is not None and not outcome.heard.unusable
    return CaseResult(
        use=golden.use,
        id=case.id,
        sort=case.sort,
        reason=case.reason,
        answered=usable if outcome.asked else None,
        why_not="" if usable or not outcome.asked else outcome.origin.fallback_reason,
        kept=len(outcome.claims),
        removed=outcome.removed,
        expected=case.action or case.urgency or "a summary",
        found=outcome.found,
        missing=tuple(name for name in case.says if not _is_said(name, outcome.claims, facts)),
        escapes=tuple(escapes((*outcome.shown, *outcome.own), case, record, facts, outcome.own)),
        input_tokens=call.input_tokens if call else 0,
        output_tokens=call.output_tokens if call else 0,
        cost_micros=outcome.origin.cost_micros,
    )


async def _summary(
    case: Case, record: DonorRecord, facts: DonorFacts, assistant: Assistant | None
) -> _Outcome:
    del case
    summary, heard = await grounded_summary(record, facts, assistant, TODAY)
    return _Outcome(
        "a summary",
        tuple(claim.claim.text for claim in summary.claims),
        summary.claims,
        summary.removed,
        summary.origin,
        heard,
        asked=assistant is not None,
    )


async def _recommendation(
    case: Case, record: DonorRecord, facts: DonorFacts, assistant: Assistant | None
) -> _Outcome:
    event = event_of(case)
    proposal = recommend(record, facts, event, TODAY)
    if proposal is None:
        return _Outcome(NOTHING, ())
    checked, draft, heard = await grounded_signals(record, facts, event, proposal, assistant)
    # What a model makes of the step counts: one that names another action did not agree.
    agrees = (case.rule in (None, proposal.rule)) and not (draft.suspected_injection and not case.untrusted)
    texts = (proposal.headline, describe(proposal.action, {}), long_text(proposal.action))
    return _Outcome(
        proposal.action.kind if agrees else f"{proposal.action.kind} by {proposal.rule}",
        tuple(claim.claim.text for claim in checked.kept),
        checked.kept,
        len(checked.removed),
        draft.origin,
        heard,
        asked=assistant is not None,
        own=tuple(filter(None, texts)),
    )


async def _triage(
    case: Case, record: DonorRecord, facts: DonorFacts, assistant: Assistant | None
) -> _Outcome:
    event = event_of(case)
    found = triage(facts, said_in(event, record) if event else "")
    own = tuple(each.reason for each in found.contributions)
    if assistant is None:
        return _Outcome(found.level, (), own=own)
    proposal = passed_on(found, record, facts, TODAY)
    checked, draft, heard = await grounded_triage(record, facts, event, proposal, "", assistant)
    # A model may find it more pressing and never less.
    level = found.at_least(draft.urgency).level if draft.urgency else found.level
    return _Outcome(
        level,
        tuple(claim.claim.text for claim in checked.kept),
        checked.kept,
        len(checked.removed),
        draft.origin,
        heard,
        asked=True,
        own=own,
    )


def _is_said(fact_id: str, claims: Sequence[VerifiedClaim], facts: DonorFacts) -> bool:
    """Say whether a sentence states the fact, bound to it or to the very record behind it."""
    fact = facts.get(fact_id)
    if fact is None:
        return False
    value = fact.value
    text = str(value) if isinstance(value, Money) else spelled(value)
    slots = [slot for each in claims for slot in each.claim.slots]
    return any(slot.fact == fact_id or (slot.record in fact.records and slot.text == text) for slot in slots)
