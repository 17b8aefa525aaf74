"""Test cases of a policy, as data: facts in, the exact decision out, every gate tried both ways."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from policy.decide import compile_policy, decide
from policy.decision import Decision, Obligation, Outcome, Role
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import facts_from_flat
from policy.policy_model import Policy
from policy.value import Value
from policy.yaml_source import YamlInvalidError, read_yaml


class _Part(Value):
    model_config = ConfigDict(strict=True)


class Expectation(_Part):
    """The whole decision that is expected; *gates* are all gates that match, in any order."""

    outcome: Outcome
    gates: tuple[str, ...]
    approvals: dict[Role, int] = Field(default_factory=dict)
    obligations: tuple[dict[str, str], ...] = ()


class Case(_Part):
    """One situation: the base facts with some changed."""

    name: Annotated[str, Field(min_length=5)]
    facts: dict[str, Any] = Field(default_factory=dict)
    expect: Expectation


class Cases(_Part):
    """Base facts by dotted name, and the cases that differ from them."""

    base: dict[str, Any]
    cases: tuple[Case, ...]


class CasesInvalidError(ValueError):
    """The test cases cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class CaseFailure:
    """A case whose decision differs from what is expected, one difference a line."""

    case: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What came of the cases; *never_matched* and *always_matched* name gates not tried both ways."""

    ran: int
    failures: tuple[CaseFailure, ...]
    never_matched: tuple[str, ...]
    always_matched: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every case holds and every gate is tried both ways."""
        return not (self.failures or self.never_matched or self.always_matched)


def parse_cases(text: str, source: str) -> Cases:
    """Read test cases; raises CasesInvalidError."""
    try:
        document = read_yaml(text)
        cases = Cases.model_validate_json(json.dumps(document.data, default=str))
    except YamlInvalidError as error:
        raise CasesInvalidError(f"{source}:{error.position.line}: {error.message}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = document.position(first["loc"])
        raise CasesInvalidError(f"{source}:{where.line}:{where.column}: {first['msg']}") from None
    names = [case.name for case in cases.cases]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise CasesInvalidError(f"{source}: two cases are called {doubled[0]!r}")
    return cases


def run_cases(policy: Policy, cases: Cases) -> CaseReport:
    """Decide every case and compare; raises CasesInvalidError for facts that do not exist or fit."""
    compiled = compile_policy(policy)
    failures = []
    times = dict.fromkeys((gate.id for gate in policy.gates), 0)
    for case in cases.cases:
        decision = decide(compiled, case_facts(cases, case))
        for gate in set(decision.gate_ids) & times.keys():
            times[gate] += 1
        differences = tuple(_differences(case.expect, decision))
        if differences:
            failures.append(CaseFailure(case.name, differences))
    return CaseReport(
        ran=len(cases.cases),
        failures=tuple(failures),
        never_matched=tuple(gate for gate, count in times.items() if count == 0),
        always_matched=tuple(gate for gate, count in times.items() if count == len(cases.cases)),
    )


def case_facts(cases: Cases, case: Case) -> DecisionFacts:
    """Return the facts of one case; raises CasesInvalidError."""
    try:
        return facts_from_flat({**cases.base, **case.facts})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(step) for step in first["loc"])
        raise CasesInvalidError(f"case {case.name!r}: {name}: {first['msg']}") from None


def _differences(expected: Expectation, decision: Decision) -> list[str]:
    found = []
    if decision.outcome is not expected.outcome:
        found.append(f"outcome: expected {expected.outcome.value}, got {decision.outcome.value}")
    missing = sorted(set(expected.gates) - set(decision.gate_ids))
    surplus = sorted(set(decision.gate_ids) - set(expected.gates))
    found += [f"gate {gate} did not match" for gate in missing]
    found += [f"gate {gate} matched unexpectedly" for gate in surplus]
    approvals = {approval.role: approval.count for approval in decision.approvals}
    if approvals != expected.approvals:
        found.append(f"approvals: expected {_roles(expected.approvals)}, got {_roles(approvals)}")
    wanted = {pair for each in expected.obligations for pair in each.items()}
    stated = {_pair(obligation) for obligation in decision.obligations}
    if stated != wanted:
        found.append(f"obligations: expected {sorted(wanted)}, got {sorted(stated)}")
    found += [f"gate {error.id} gave no answer: {error.message}" for error in decision.errors]
    return found


def _pair(obligation: Obligation) -> tuple[str, str]:
    return obligation.kind, obligation.value


def _roles(approvals: dict[Role, int]) -> str:
    return ", ".join(f"{count} {role.value}" for role, count in sorted(approvals.items())) or "none"
