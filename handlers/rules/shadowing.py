"""A candidate policy beside the one in force: what it would have said is noted, and nobody acts on it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from handlers.context import Context
from handlers.ports import Ids, RulesInForce
from policy.canonical import canonical_json
from policy.decide import CompiledPolicy, judge
from policy.decision import Decision, RequiredApproval
from policy.decision_facts import DecisionFacts
from policy.value import Value
from storage.shadow import ShadowDecision
from storage.transaction import Transaction

log = logging.getLogger(__name__)

SHADOWED = "policy_shadow"


class Shadowing(Value):
    """Which candidate runs beside the policy in force, for whom (an e-mail address) and since when."""

    version: str
    by: str
    since: str


class Differences(Value):
    """How two answers differ, without a word about the donor."""

    gates_added: tuple[str, ...] = ()
    gates_gone: tuple[str, ...] = ()
    approvals: tuple[RequiredApproval, ...] = ()
    candidate_approvals: tuple[RequiredApproval, ...] = ()
    action: str = ""
    capability: str = ""
    stage: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The candidate's *version*, and its rules when they can be read."""

    version: str
    rules: CompiledPolicy | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One decision by both."""

    candidate: str
    in_force: str
    outcome: str
    candidate_outcome: str | None
    agrees: bool
    differences: Differences


def shadowing(tx: Transaction) -> Shadowing | None:
    """Return what runs in the shadow of the policy in force, if anything."""
    stored = tx.settings.get(SHADOWED)
    return Shadowing.model_validate(stored) if stored else None


def shadow_candidate(tx: Transaction, rules: RulesInForce) -> Candidate | None:
    """Return the candidate to ask as well, if there is one."""
    wanted = shadowing(tx)
    return Candidate(wanted.version, rules.version(tx, wanted.version)) if wanted else None


def compared(candidate: Candidate | None, facts: DecisionFacts, decision: Decision) -> tuple[Comparison, ...]:
    """Ask the candidate about the same facts; whatever goes wrong with it stays with it."""
    if candidate is None or candidate.version == decision.policy_version:
        return ()
    try:
        return (_comparison(candidate, facts, decision),)
    except Exception as error:  # noqa: BLE001 - a candidate must never stand in the way of a decision
        log.warning("candidate policy gave no answer", extra={"error": type(error).__name__})
        return (_without_answer(candidate, decision, type(error).__name__),)


def note_comparisons(
    tx: Transaction, comparisons: tuple[Comparison, ...], ids: Ids, now: datetime, correlation_id: str
) -> None:
    """Keep what was compared; the audit holds what was decided, and this what would have been."""
    for each in comparisons:
        tx.shadow.add(
            ShadowDecision(
                id=ids.new(),
                at=now,
                candidate=each.candidate,
                in_force=each.in_force,
                outcome=each.outcome,
                candidate_outcome=each.candidate_outcome,
                agrees=each.agrees,
                details=canonical_json(each.differences),
                correlation_id=correlation_id,
            )
        )


async def keep_comparisons(
    comparisons: tuple[Comparison, ...], correlation_id: str, context: Context
) -> None:
    """Keep what was compared where nothing else is being written."""
    if comparisons:
        now, ids = context.clock.now(), context.ids
        await context.database.write(lambda tx: note_comparisons(tx, comparisons, ids, now, correlation_id))


def _comparison(candidate: Candidate, facts: DecisionFacts, decision: Decision) -> Comparison:
    if candidate.rules is None:
        return _without_answer(candidate, decision, "unreadable")
    other = judge(candidate.rules, facts)
    mine, theirs = set(decision.gate_ids), {gate.id for gate in other.gates}
    same = (decision.outcome, decision.approvals, decision.obligations) == (
        other.outcome,
        other.approvals,
        other.obligations,
    )
    return Comparison(
        candidate=candidate.version,
        in_force=decision.policy_version,
        outcome=decision.outcome.value,
        candidate_outcome=other.outcome.value,
        agrees=same,
        differences=Differences(
            gates_added=tuple(sorted(theirs - mine)),
            gates_gone=tuple(sorted(mine - theirs)),
            approvals=decision.approvals,
            candidate_approvals=other.approvals,
            action=facts.action.kind,
            capability=facts.action.capability,
            stage=facts.donor.lifecycle_stage,
        ),
    )


def _without_answer(candidate: Candidate, decision: Decision, error: str) -> Comparison:
    return Comparison(
        candidate=candidate.version,
        in_force=decision.policy_version,
        outcome=decision.outcome.value,
        candidate_outcome=None,
        agrees=False,
        differences=Differences(error=error),
    )
