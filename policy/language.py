"""Reading a policy: one YAML document in, a valid `Policy` out, or all its faults, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from policy.faults import Parts, PolicyFault, fault_at, shape_faults
from policy.policy_checks import Finding, check_policy, idle
from policy.policy_model import ApprovalRule, Grant, Guard, LifecycleTable, Obligations, Policy
from policy.yaml_source import YamlInvalidError, YamlSource, read_yaml

_PARTS: Parts = {
    "": Policy,
    "grants": Grant,
    "guards": Guard,
    "lifecycle": LifecycleTable,
    "require_approval": ApprovalRule,
    "oblige": Obligations,
}


class PolicyInvalidError(ValueError):
    """The policy cannot be used; *faults* lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[PolicyFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column, fault.message)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def parse_policy(text: str, source: str) -> Policy:
    """Read a policy; *source* names the file in faults. Raises PolicyInvalidError with all faults."""
    try:
        document = read_yaml(text)
    except YamlInvalidError as error:
        raise PolicyInvalidError(
            [fault_at(source, error.position, error.message, error.suggestion)]
        ) from None
    try:
        policy = Policy.model_validate_json(json.dumps(document.data, default=str))
    except ValidationError as error:
        faults = shape_faults(error, document, source, _PARTS)
        raise PolicyInvalidError([*faults, *_condition_faults(document, source)]) from None
    findings = check_policy(policy)
    if findings:
        raise PolicyInvalidError(_located(finding, document, source) for finding in findings)
    return policy


def idle_rules(text: str, source: str) -> tuple[PolicyFault, ...]:
    """Return what is wrong with a valid policy all the same: rules that can never matter.

    They hurt nobody, so what rules already goes on ruling with them; nothing new is put forward with them.
    """
    policy, document = parse_policy(text, source), read_yaml(text)
    return tuple(_located(finding, document, source) for finding in idle(policy))


def _condition_faults(document: YamlSource, source: str) -> list[PolicyFault]:
    """Check what can be checked of a policy whose shape is wrong: each gate, or its condition, by itself."""
    data = document.data if isinstance(document.data, dict) else {}
    found: list[PolicyFault] = []
    for section, model in (("grants", Grant), ("guards", Guard)):
        gates = data.get(section)
        for index, raw in enumerate(gates if isinstance(gates, list) else []):
            for finding in check_policy(_alone(section, model, raw)):
                moved = replace(finding, path=(section, index, *finding.path[2:]))
                found.append(_located(moved, document, source))
    return found


def _alone(section: str, model: type[Grant] | type[Guard], raw: Any) -> Policy:
    """Return a policy of one gate, or of its condition, or of nothing where there is none to read."""
    try:
        gate: Any = model.model_validate_json(json.dumps(raw, default=str))
    except ValidationError:
        gate = _condition_alone(raw)
        section = "guards"
    gates = {section: (gate,)} if gate else {}
    return Policy.model_validate({"policy": 1, "title": "one gate", **gates})


def _condition_alone(raw: Any) -> Guard | None:
    when = raw.get("when") if isinstance(raw, dict) else None
    try:
        return Guard.model_validate(
            {"id": "one_gate", "reason": "One condition.", "when": when, "deny": True}
        )
    except ValidationError:
        return None


def _located(finding: Finding, document: YamlSource, source: str) -> PolicyFault:
    position = document.inside(finding.path, finding.word, finding.line, finding.column)
    return fault_at(source, position, finding.message, finding.suggestion)
