"""Deciding: every gate is asked, any error or denial means no, approvals add up; the order never matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from policy.conditions import ENGINE, Condition, Failed, environment
from policy.decision import (
    NO_GRANT,
    POLICY_ERROR,
    Decision,
    Gate,
    GateFailure,
    Obligation,
    Outcome,
    RequiredApproval,
)
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import binder, facts_digest
from policy.language import PolicyFault, PolicyInvalidError
from policy.policy_checks import check_policy
from policy.policy_model import Grant, Guard, Policy

_NO_GRANT = Gate(
    id=NO_GRANT, kind="deny", reason="Nothing in the rules allows this for a donor at this stage."
)
_POLICY_ERROR = Gate(
    id=POLICY_ERROR, kind="deny", reason="A rule could not be checked, so nothing is done until it can be."
)


@dataclass(frozen=True, slots=True)
class CompiledGrant:
    """A grant with its table as a set of (action, stage, capability)."""

    gate: Gate
    permits: frozenset[tuple[str, str, str]]
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class CompiledGuard:
    """A guard with its condition ready to be asked."""

    gate: Gate
    guard: Guard
    condition: Condition


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy ready to decide; *bind* reads exactly the facts its conditions name."""

    policy: Policy
    version: str
    grants: tuple[CompiledGrant, ...]
    guards: tuple[CompiledGuard, ...]
    bind: Callable[[DecisionFacts], dict[str, Any]]


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Prepare a policy; raises PolicyInvalidError when a condition cannot be used."""
    findings = check_policy(policy)
    if findings:
        raise PolicyInvalidError(
            PolicyFault(policy.title, 0, 0, f"{'.'.join(map(str, f.path))}: {f.message}", f.suggestion)
            for f in findings
        )
    return _compile(policy)


def compile_unchecked(policy: Policy) -> CompiledPolicy:
    """Prepare a policy that may have no answer for some facts, as altered copies in tests of a policy do.

    Raises ConditionInvalidError when a condition does not even compile.
    """
    return _compile(policy)


def decide(compiled: CompiledPolicy, facts: DecisionFacts) -> Decision:
    """Ask every gate and combine the answers: error, then denial, then approvals, then allowance."""
    activation = environment().activation(compiled.bind(facts))
    asked = _Answers()
    key = (facts.action.kind, facts.donor.lifecycle_stage, facts.action.capability)
    for grant in compiled.grants:
        asked.ask_grant(grant, key, activation)
    guards = [guard for guard in compiled.guards if asked.ask_guard(guard, activation)]
    obligations = asked.obligations(guards, facts)
    outcome, gates = _combine(asked, guards)
    return Decision(
        outcome=outcome,
        gates=gates,
        approvals=_approvals(guards),
        obligations=obligations,
        policy_version=compiled.version,
        facts_digest=facts_digest(facts),
        engine=ENGINE,
        errors=tuple(asked.errors),
    )


class _Answers:
    """What the gates answered so far."""

    def __init__(self) -> None:
        self.granted = False
        self.gates: list[Gate] = []
        self.errors: list[GateFailure] = []

    def ask_grant(self, grant: CompiledGrant, key: tuple[str, str, str], activation: Any) -> None:
        """Ask one grant; it matches when its table has the case and its condition, if any, holds."""
        holds = grant.condition is None or self._answer(grant.gate, grant.condition, activation)
        if holds and key in grant.permits:
            self.granted = True
            self.gates.append(grant.gate)

    def ask_guard(self, guard: CompiledGuard, activation: Any) -> bool:
        """Ask one guard and say whether it matched."""
        matched = self._answer(guard.gate, guard.condition, activation)
        if matched:
            self.gates.append(guard.gate)
        return matched

    def _answer(self, gate: Gate, condition: Condition, activation: Any) -> bool:
        answer = condition.evaluate(activation)
        if isinstance(answer, Failed):
            self.errors.append(GateFailure(id=gate.id, message=answer.message))
            return False
        return answer

    def obligations(self, guards: Sequence[CompiledGuard], facts: DecisionFacts) -> tuple[Obligation, ...]:
        """Merge the obligations of the guards that matched: each once, and the latest of all delays."""
        merged: dict[tuple[str, str], Obligation] = {}
        latest: datetime | None = None
        for guard in guards:
            for kind, value in guard.guard.oblige.stated if guard.guard.oblige else ():
                if kind != "delay_until":
                    merged[kind, value] = Obligation(kind=kind, value=value)
                    continue
                until = _instant(facts, value)
                if until is None:
                    self.errors.append(GateFailure(id=guard.gate.id, message=f"{value} is missing"))
                elif latest is None or until > latest:
                    latest = until
        if latest is not None:
            value = latest.astimezone(UTC).isoformat().replace("+00:00", "Z")
            merged["delay_until", value] = Obligation(kind="delay_until", value=value)
        return tuple(merged[key] for key in sorted(merged))


def _combine(asked: _Answers, guards: Sequence[CompiledGuard]) -> tuple[Outcome, tuple[Gate, ...]]:
    gates = list(asked.gates)
    if not asked.granted:
        gates.append(_NO_GRANT)
    if asked.errors:
        gates.append(_POLICY_ERROR)
    if any(gate.kind == "deny" for gate in gates):
        return Outcome.DENY, tuple(gates)
    if any(guard.guard.require_approval for guard in guards):
        return Outcome.REQUIRE_APPROVAL, tuple(gates)
    return Outcome.ALLOW, tuple(gates)


def _approvals(guards: Sequence[CompiledGuard]) -> tuple[RequiredApproval, ...]:
    highest: dict[Any, int] = {}
    for guard in guards:
        rule = guard.guard.require_approval
        if rule:
            highest[rule.role] = max(rule.count, highest.get(rule.role, 0))
    return tuple(RequiredApproval(role=role, count=highest[role]) for role in sorted(highest))


def _instant(facts: DecisionFacts, name: str) -> datetime | None:
    group, _, field = name.partition(".")
    value = getattr(getattr(facts, group), field)
    return value if isinstance(value, datetime) else None


def _compile(policy: Policy) -> CompiledPolicy:
    grants = tuple(_grant(grant) for grant in policy.grants)
    guards = tuple(
        CompiledGuard(_gate(guard, guard.kind), guard, environment().compile(guard.when))
        for guard in policy.guards
    )
    conditions = [*(grant.condition for grant in grants), *(guard.condition for guard in guards)]
    names = [name for condition in conditions if condition for name in condition.names]
    return CompiledPolicy(policy, policy.version, grants, guards, binder(names))


def _grant(grant: Grant) -> CompiledGrant:
    permits = frozenset(
        (kind, stage, capability)
        for kind in grant.allow
        for stage, capabilities in grant.lifecycle
        for capability in capabilities
    )
    condition = environment().compile(grant.when) if grant.when else None
    return CompiledGrant(_gate(grant, "allow"), permits, condition)


def _gate(gate: Grant | Guard, kind: Any) -> Gate:
    return Gate(id=gate.id, kind=kind, reason=gate.reason)
