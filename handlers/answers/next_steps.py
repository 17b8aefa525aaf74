"""What could be done next about a donor: every candidate before policy, the first that may be done chosen."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.context import Context, staff_names
from handlers.outcomes import ConsideredStep
from handlers.proposals.deciding import rule, rule_idea
from handlers.proposals.matter import AiFindings
from handlers.proposals.occasion import occasion_of
from handlers.proposals.recommend_next_step import AskedBy, Weighed, consider, weigh
from handlers.proposals.ruling import Ruling
from policy.changes import describe
from policy.claims import Origin
from policy.confidence import confidence
from policy.decision import Outcome
from policy.donor import DonorRecord
from policy.facts import DonorFacts
from policy.recommender import Proposal, candidates
from policy.verifier import verify
from storage.escalations import Escalation

MOST_CONSIDERED = 4
COMES_AFTER = "Less pressing: it comes after this."
ONLY_AN_IDEA = "An idea that cannot be put forward: {reasons}"
NOT_NOW = "Not now: {reasons}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One proposal with what policy says of naming it and of carrying it out."""

    proposal: Proposal
    named: Ruling
    done: Ruling

    @property
    def may_be_named(self) -> bool:
        """Say whether it may be named to somebody who asks."""
        return self.named.decision.outcome is not Outcome.DENY

    @property
    def may_be_done(self) -> bool:
        """Say whether it may be put before somebody and, with approval, carried out."""
        return self.may_be_named and self.done.decision.outcome is not Outcome.DENY

    @property
    def refusal(self) -> str:
        """Say why it may not be done; empty where it may."""
        if self.may_be_done:
            return ""
        refused, words = (self.done, ONLY_AN_IDEA) if self.may_be_named else (self.named, NOT_NOW)
        return words.format(reasons=" ".join(refused.decision.reasons))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The candidate that is recommended, as it goes before policy with its reasons, and the others."""

    candidate: Candidate
    weighed: Weighed
    others: tuple[ConsideredStep, ...]


async def choose(
    record: DonorRecord,
    facts: DonorFacts,
    asked: AskedBy,
    waiting: tuple[Escalation, ...],
    context: Context,
) -> Chosen | tuple[ConsideredStep, ...]:
    """Return the first candidate that may be done, else the first that may be named, else why none may.

    A model writes the reasons of the chosen one only; policy judges the others on the deterministic reasons.
    Raises NotBefore while proposing is paused.
    """
    found = [
        await _judged(each, record, facts, asked, context)
        for each in candidates(record, facts, context.today())
    ]
    chosen = next((c for c in found if c.may_be_done), None) or next(
        (c for c in found if c.may_be_named), None
    )
    others = tuple(_considered(each, record) for each in found if each is not chosen)[:MOST_CONSIDERED]
    if chosen is None:
        return others
    considered = await consider(None, record, facts, chosen.proposal, context, waiting, asked)
    return Chosen(chosen, await weigh(considered, context), others)


async def _judged(
    proposal: Proposal, record: DonorRecord, facts: DonorFacts, asked: AskedBy, context: Context
) -> Candidate:
    checked = verify(proposal.signals, record, facts)
    findings = AiFindings(
        origin=Origin(kind="facts"),
        confidence=confidence(checked, record, facts, context.today()),
        contradictions=len(facts.discrepancies),
    )
    occasion = await occasion_of(None, asked.user_id, record, context, proposal.about)
    named = await rule_idea(proposal, record, findings, occasion, context)
    done = named
    if named.decision.outcome is not Outcome.DENY:
        done = await rule(proposal, record, findings, occasion, context)
    return Candidate(proposal, named, done)


def _considered(candidate: Candidate, record: DonorRecord) -> ConsideredStep:
    step = describe(candidate.proposal.action, staff_names(record))
    return ConsideredStep(step=step, why_not=candidate.refusal or COMES_AFTER)
