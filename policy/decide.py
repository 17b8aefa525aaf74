"""Deciding: every gate is asked, any error or denial means no, approvals add up; the order never matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from operator import attrgetter
from typing import Any

from policy.conditions import ENGINE, Conditions, Failed, environment
from policy.conditions import Outcome as Answer
from policy.decision import (
    NO_GRANT,
    POLICY_ERROR,
    Decision,
    Gate,
    GateFailure,
    Obligation,
    ObligationKind,
    Outcome,
    RequiredApproval,
    Role,
)
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import binder, facts_digest
from policy.faults import PolicyFault
from policy.language import PolicyInvalidError
from policy.policy_checks import check_policy
from policy.policy_model import ApprovalRule, Grant, Guard, Policy

_NO_GRANT = Gate(
    id=NO_GRANT, kind="deny", reason="Nothing in the rules allows this for a donor at this stage."
)
_POLICY_ERROR = Gate(
    id=POLICY_ERROR, kind="deny", reason="A rule could not be checked, so nothing is done until it can be."
)


@dataclass(frozen=True, slots=True)
class CompiledGate:
    """A gate as it appears in decisions, and what follows when it matches.

    *permits* is, for a grant, its table as a set of (action, stage, capability).
    """

    gate: Gate
    permits: frozenset[tuple[str, str, str]] | None = None
    approval: ApprovalRule | None = None
    obligations: tuple[tuple[ObligationKind, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy ready to decide; *bind* reads the facts its *conditions* (one per gate) name."""

    policy: Policy
    version: str
    gates: tuple[CompiledGate, ...]
    conditions: Conditions
    bind: Callable[[DecisionFacts], dict[str, Any]]


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Prepare a policy; raises PolicyInvalidError when a condition cannot be used."""
    findings = check_policy(policy)
    if findings:
        raise PolicyInvalidError(
            PolicyFault(policy.title, 0, 0, f"{'.'.join(map(str, f.path))}: {f.message}", f.suggestion)
            for f in findings
        )
    conditions = [environment().compile(gate.when or "true") for gate in policy.gates]
    names = [name for condition in conditions for name in condition.names]
    gates = (*map(_grant, policy.grants), *map(_guard, policy.guards))
    return CompiledPolicy(policy, policy.version, gates, environment().bundle(conditions), binder(names))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy says, without the record around it: a decision is made of one."""

    outcome: Outcome
    gates: tuple[Gate, ...]
    approvals: tuple[RequiredApproval, ...]
    obligations: tuple[Obligation, ...]
    errors: tuple[GateFailure, ...]


def decide(compiled: CompiledPolicy, facts: DecisionFacts) -> Decision:
    """Ask every gate and combine the answers: error, then denial, then approvals, then allowance."""
    judged = judge(compiled, facts)
    return Decision(
        outcome=judged.outcome,
        gates=judged.gates,
        approvals=judged.approvals,
        obligations=judged.obligations,
        policy_version=compiled.version,
        facts_digest=facts_digest(facts),
        engine=ENGINE,
        errors=judged.errors,
    )


def judge(compiled: CompiledPolicy, facts: DecisionFacts) -> Judgement:
    """Decide without writing a record: the same answer, for rehearsals that ask very often."""
    answers = compiled.conditions.evaluate(environment().activation(compiled.bind(facts)))
    case = (facts.action.kind, facts.donor.lifecycle_stage, facts.action.capability)
    return combine(compiled, answers, case, lambda name: attrgetter(name)(facts))


def combine(
    compiled: CompiledPolicy,
    answers: Sequence[Answer],
    case: tuple[str, str, str],
    moment: Callable[[str], datetime | None],
) -> Judgement:
    """Combine the answers of all conditions, one per gate: error, then denial, approvals, allowance.

    *case* is the action, the lifecycle stage and the capability; *moment* returns a fact that is an instant.
    """
    matched, errors = _sort(compiled, answers, case)
    obligations = _obligations(matched, moment, errors)
    gates = [each.gate for each in matched]
    if not any(gate.kind == "allow" for gate in gates):
        gates.append(_NO_GRANT)
    if errors:
        gates.append(_POLICY_ERROR)
    return Judgement(_outcome(gates), tuple(gates), _approvals(matched), obligations, tuple(errors))


def _sort(
    compiled: CompiledPolicy, answers: Sequence[Answer], case: tuple[str, str, str]
) -> tuple[list[CompiledGate], list[GateFailure]]:
    """Return the gates that matched, for a grant in its table too, and those that gave no answer."""
    matched: list[CompiledGate] = []
    errors: list[GateFailure] = []
    # Most answers are no, and are passed over by the interpreter itself; a failure counts as true here.
    for gate, answer in compress(zip(compiled.gates, answers, strict=True), answers):
        if isinstance(answer, Failed):
            errors.append(GateFailure(id=gate.gate.id, message=answer.message))
        elif gate.permits is None or case in gate.permits:
            matched.append(gate)
    return matched, errors


def facts_read(compiled: CompiledPolicy, decision: Decision) -> tuple[str, ...]:
    """Return the facts that the gates which matched look at."""
    matched = set(decision.gate_ids)
    names = (
        name
        for gate, condition in zip(compiled.gates, compiled.conditions.each, strict=True)
        if gate.gate.id in matched
        for name in condition.names
    )
    return tuple(dict.fromkeys(names))


def _outcome(gates: Sequence[Gate]) -> Outcome:
    kinds = {gate.kind for gate in gates}
    if "deny" in kinds:
        return Outcome.DENY
    return Outcome.REQUIRE_APPROVAL if "require_approval" in kinds else Outcome.ALLOW


def _approvals(matched: Sequence[CompiledGate]) -> tuple[RequiredApproval, ...]:
    """Merge what is asked for: per role the highest count."""
    highest: dict[Role, int] = {}
    for gate in matched:
        if gate.approval:
            highest[gate.approval.role] = max(gate.approval.count, highest.get(gate.approval.role, 0))
    return tuple(RequiredApproval(role=role, count=highest[role]) for role in sorted(highest))


def _obligations(
    matched: Sequence[CompiledGate],
    moment: Callable[[str], datetime | None],
    errors: list[GateFailure],
) -> tuple[Obligation, ...]:
    """Merge the obligations: each once, the latest of all delays; a delay without a moment is an error."""
    found: dict[tuple[str, str], Obligation] = {}
    delays: list[datetime] = []
    for gate in matched:
        for kind, value in gate.obligations:
            until = moment(value) if kind == "delay_until" else None
            if kind != "delay_until":
                found[kind, value] = Obligation(kind=kind, value=value)
            elif until is None:
                errors.append(GateFailure(id=gate.gate.id, message=f"{value} is missing"))
            else:
                delays.append(until)
    if delays:
        latest = max(delays).astimezone(UTC).isoformat().replace("+00:00", "Z")
        found["delay_until", latest] = Obligation(kind="delay_until", value=latest)
    return tuple(found[key] for key in sorted(found))


def _grant(grant: Grant) -> CompiledGate:
    permits = frozenset(
        (kind, stage, capability)
        for kind in grant.allow
        for stage, capabilities in grant.lifecycle
        for capability in capabilities
    )
    return CompiledGate(Gate(id=grant.id, kind="allow", reason=grant.reason), permits=permits)


def _guard(guard: Guard) -> CompiledGate:
    return CompiledGate(
        Gate(id=guard.id, kind=guard.kind, reason=guard.reason),
        approval=guard.require_approval,
        obligations=guard.oblige.stated if guard.oblige else (),
    )
