"""Reading a policy: one YAML document in, a valid `Policy` out, or all its faults, line by line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from policy.policy_checks import Finding, check_policy, did_you_mean
from policy.policy_model import ApprovalRule, Grant, Guard, LifecycleTable, Obligations, Policy
from policy.yaml_source import Position, YamlInvalidError, YamlSource, read_yaml

_PARTS: dict[str, Any] = {
    "grants": Grant,
    "guards": Guard,
    "lifecycle": LifecycleTable,
    "require_approval": ApprovalRule,
    "oblige": Obligations,
}
_PLAIN = {
    "missing": "{field} is missing",
    "extra_forbidden": "{field} is not known here",
    "string_type": "{field} must be text",
    "int_type": "{field} must be a whole number",
    "tuple_type": "{field} must be a list",
    "model_type": "{field} must be a group of keys",
    "model_attributes_type": "{field} must be a group of keys",
    "string_pattern_mismatch": "{field} must be lower-case words joined by _",
    "too_short": "{field} needs at least {min_length}",
    "string_too_short": "{field} needs at least {min_length} characters",
    "string_too_long": "{field} may have at most {max_length} characters",
    "greater_than_equal": "{field} must be at least {ge}",
    "less_than_equal": "{field} may be at most {le}",
}


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One thing that is wrong, where, and what was probably meant."""

    file: str
    line: int
    column: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        """Spell it as compilers do: `policy.yaml:12:5: message (did you mean ...?)`."""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


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
        raise PolicyInvalidError([_fault(source, error.position, error.message)]) from None
    try:
        policy = Policy.model_validate_json(json.dumps(document.data, default=str))
    except ValidationError as error:
        faults = _shape_faults(error, document, source)
        raise PolicyInvalidError([*faults, *_condition_faults(document, source)]) from None
    findings = check_policy(policy)
    if findings:
        raise PolicyInvalidError(_located(finding, document, source) for finding in findings)
    return policy


def _shape_faults(error: ValidationError, document: YamlSource, source: str) -> list[PolicyFault]:
    items = error.errors(include_url=False)
    inner = {item["loc"][:-1] for item in items}
    consequences = [item for item in items if item["type"] == "too_short" and item["loc"] in inner]
    return [_shape_fault(item, document, source) for item in items if item not in consequences]


def _shape_fault(item: Any, document: YamlSource, source: str) -> PolicyFault:
    path: tuple[str | int, ...] = item["loc"]
    kind = item["type"]
    field = next((str(step) for step in reversed(path) if isinstance(step, str)), "the policy")
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1])
        message = f"{field} is not known here; known are {', '.join(known)}"
        return _fault(source, document.position(path, of_key=True), message, did_you_mean(field, known))
    if kind in ("literal_error", "enum"):
        return _choice_fault(item, path, field, document, source)
    template = _PLAIN.get(kind)
    message = (
        template.format(field=field, **item.get("ctx", {})) if template else _sentence(item["msg"], field)
    )
    return _fault(source, document.position(path), message)


def _choice_fault(
    item: Any, path: Sequence[str | int], field: str, document: YamlSource, source: str
) -> PolicyFault:
    known = re.findall(r"'([^']+)'", item["ctx"]["expected"]) or [str(item["ctx"]["expected"])]
    given = str(item["input"])
    message = f"{given} is not one of the choices for {field}: {', '.join(known)}"
    return _fault(source, document.position(path), message, did_you_mean(given, known))


def _sentence(message: str, field: str) -> str:
    ours = message.removeprefix("Value error, ")
    return ours if ours != message else f"{field}: {message.lower()}"


def _known_keys(path: Sequence[str | int]) -> list[str]:
    named = [step for step in path if isinstance(step, str)]
    model = _PARTS.get(named[-1], Policy) if named else Policy
    return list(model.model_fields)


def _condition_faults(document: YamlSource, source: str) -> list[PolicyFault]:
    """Check what can be checked of a policy whose shape is wrong: each well-formed gate by itself."""
    data = document.data if isinstance(document.data, dict) else {}
    found: list[PolicyFault] = []
    for section, model in (("grants", Grant), ("guards", Guard)):
        gates = data.get(section)
        for index, raw in enumerate(gates if isinstance(gates, list) else []):
            try:
                gate = model.model_validate_json(json.dumps(raw, default=str))
            except ValidationError:
                continue
            alone = Policy.model_validate({"policy": 1, "title": "one gate", section: (gate,)})
            for finding in check_policy(alone):
                moved = Finding(
                    (section, index, *finding.path[2:]), finding.message, finding.suggestion, finding.word
                )
                found.append(_located(moved, document, source))
    return found


def _located(finding: Finding, document: YamlSource, source: str) -> PolicyFault:
    position = document.inside(finding.path, finding.word, finding.line, finding.column)
    return _fault(source, position, finding.message, finding.suggestion)


def _fault(source: str, position: Position, message: str, suggestion: str = "") -> PolicyFault:
    return PolicyFault(source, position.line, position.column, message, suggestion)
