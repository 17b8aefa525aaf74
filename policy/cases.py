"""Test cases of a policy, as data: facts in, the exact decision out, every gate tried both ways."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from policy.decide import compile_policy, decide
from policy.decision import Decision, Obligation, Outcome, Role
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import catalogue, facts_from_flat
from policy.faults import Parts, PolicyFault, fault_at, plain_words, shape_faults
from policy.policy_checks import did_you_mean
from policy.policy_model import RESERVED_IDS, Policy
from policy.value import Value
from policy.yaml_source import YamlInvalidError, YamlSource, read_yaml


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


_MOST_NAMED = 5
_PARTS: Parts = {"": Cases, "cases": Case, "expect": Expectation}


class CasesInvalidError(ValueError):
    """The test cases cannot be used; *faults* lists everything that is wrong with them."""

    def __init__(self, faults: Iterable[PolicyFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column, fault.message)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


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
    """Read test cases; *source* names the file in faults. Raises CasesInvalidError with all faults."""
    try:
        document = read_yaml(text)
        cases = Cases.model_validate_json(json.dumps(document.data, default=str))
    except YamlInvalidError as error:
        raise CasesInvalidError([fault_at(source, error.position, error.message, error.suggestion)]) from None
    except ValidationError as error:
        raise CasesInvalidError(shape_faults(error, document, source, _PARTS)) from None
    faults = [*_doubled(cases, document, source), *_unusable_facts(cases, document, source)]
    if faults:
        raise CasesInvalidError(faults)
    return cases


def _doubled(cases: Cases, document: YamlSource, source: str) -> Iterator[PolicyFault]:
    seen: set[str] = set()
    for index, case in enumerate(cases.cases):
        if case.name in seen:
            where = document.position(("cases", index, "name"))
            yield fault_at(source, where, f"two cases are called {case.name!r}")
        seen.add(case.name)


def _unusable_facts(cases: Cases, document: YamlSource, source: str) -> Iterator[PolicyFault]:
    """Find facts that do not exist or cannot be what they are; those of the base once, not in every case."""
    base = list(_wrong_facts(cases.base, ("base",), cases.base, document, source))
    yield from base
    for index, case in enumerate(cases.cases) if not base else ():
        yield from _wrong_facts(
            {**cases.base, **case.facts}, ("cases", index, "facts"), case.facts, document, source
        )


def _wrong_facts(
    flat: dict[str, Any],
    path: tuple[str | int, ...],
    stated: dict[str, Any],
    document: YamlSource,
    source: str,
) -> Iterator[PolicyFault]:
    try:
        facts_from_flat(flat)
    except ValidationError as error:
        items = error.errors(include_url=False)
        missing = [".".join(map(str, item["loc"])) for item in items if item["type"] == "missing"]
        if missing:
            where = document.position(path, of_key=True)
            yield fault_at(source, where, f"facts are missing: {_some(missing)}")
        for item in (each for each in items if each["type"] != "missing"):
            name = ".".join(str(step) for step in item["loc"][:2])
            where = document.position((*path, name) if name in stated else path, of_key=True)
            known = [fact.name for fact in catalogue().values() if not fact.presence_of]
            if name not in known:
                yield fault_at(source, where, f"there is no fact {name}", did_you_mean(name, known))
            else:
                yield fault_at(source, where, plain_words(item, name))


def run_cases(policy: Policy, cases: Cases) -> CaseReport:
    """Decide every case and compare the whole decision; every gate has to be tried both ways."""
    compiled = compile_policy(policy)
    failures = []
    times = dict.fromkeys((gate.id for gate in policy.gates), 0)
    for case in cases.cases:
        decision = decide(compiled, case_facts(cases, case))
        for gate in set(decision.gate_ids) & times.keys():
            times[gate] += 1
        differences = tuple(_differences(case.expect, decision, times))
        if differences:
            failures.append(CaseFailure(case.name, differences))
    return CaseReport(
        ran=len(cases.cases),
        failures=tuple(failures),
        never_matched=tuple(gate for gate, count in times.items() if count == 0),
        always_matched=tuple(gate for gate, count in times.items() if count == len(cases.cases)),
    )


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def case_facts(cases: Cases, case: Case) -> DecisionFacts:
    """Return the facts of one case; raises pydantic's ValidationError for facts that do not fit."""
    return facts_from_flat({**cases.base, **case.facts})


def _differences(expected: Expectation, decision: Decision, known: Collection[str]) -> list[str]:
    found = []
    if decision.outcome is not expected.outcome:
        found.append(f"outcome: expected {expected.outcome.value}, got {decision.outcome.value}")
    missing = sorted(set(expected.gates) - set(decision.gate_ids))
    surplus = sorted(set(decision.gate_ids) - set(expected.gates))
    found += [f"gate {gate} {_absent(gate, known)}" for gate in missing]
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


def _absent(gate: str, known: Collection[str]) -> str:
    if gate in known or gate in RESERVED_IDS:
        return "did not match"
    hint = did_you_mean(gate, known)
    return f"is not in the policy ({hint})" if hint else "is not in the policy"


def _pair(obligation: Obligation) -> tuple[str, str]:
    return obligation.kind, obligation.value


def _roles(approvals: dict[Role, int]) -> str:
    return ", ".join(f"{count} {role.value}" for role, count in sorted(approvals.items())) or "none"
