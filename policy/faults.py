"""What is wrong with a file, where, and what was probably meant: for policies and for their cases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from policy.policy_checks import did_you_mean
from policy.yaml_source import Position, YamlSource

_LISTED = 12
_TRUE = frozenset({"yes", "on", "y", "true"})
Parts = Mapping[str, type[BaseModel]]
"""The models of a document by the key they stand under; the whole of it under ""."""

_PLAIN = {
    "missing": "{field} is missing",
    "extra_forbidden": "{field} is not known here",
    "bool_type": "{field} must be true or false",
    "string_type": "{field} must be text",
    "int_type": "{field} must be a whole number",
    "dict_type": "{field} must be a group of keys",
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


def shape_faults(
    error: ValidationError, document: YamlSource, source: str, parts: Parts
) -> list[PolicyFault]:
    """Say in plain words what is wrong with the shape of a document; *parts* are the models by key."""
    items = error.errors(include_url=False)
    inner = {item["loc"][:-1] for item in items}
    consequences = [item for item in items if item["type"] == "too_short" and item["loc"] in inner]
    return [_shape_fault(item, document, source, parts) for item in items if item not in consequences]


def _shape_fault(item: Any, document: YamlSource, source: str, parts: Parts) -> PolicyFault:
    path: tuple[str | int, ...] = item["loc"]
    kind = item["type"]
    field = next((str(step) for step in reversed(path) if isinstance(step, str)), "the policy")
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1], parts)
        meant = did_you_mean(field, known)
        spelled_out = "" if meant and len(known) > _LISTED else f"; known are {', '.join(known)}"
        message = f"{field} is not known here{spelled_out}"
        return fault_at(source, document.position(path, of_key=True), message, meant)
    if kind in ("literal_error", "enum"):
        return _choice_fault(item, path, field, document, source)
    return fault_at(source, document.position(path), plain_words(item, field))


def plain_words(item: Any, field: str) -> str:
    """Say in plain words what a validation error says of *field*."""
    if item["type"] in ("literal_error", "enum"):
        return f"{field} must be one of {item['ctx']['expected'].replace(' or ', ', ')}"
    template = _PLAIN.get(item["type"])
    return template.format(field=field, **item.get("ctx", {})) if template else _sentence(item["msg"], field)


def _choice_fault(
    item: Any, path: Sequence[str | int], field: str, document: YamlSource, source: str
) -> PolicyFault:
    known = re.findall(r"'([^']+)'", item["ctx"]["expected"]) or [str(item["ctx"]["expected"])]
    known = ["true"] if known == ["True"] else known
    given = str(item["input"]).lower() if isinstance(item["input"], bool) else str(item["input"])
    message = f"{given} is not one of the choices for {field}: {', '.join(known)}"
    return fault_at(source, document.position(path), message, _choice_hint(item["input"], known))


def _choice_hint(given: Any, known: list[str]) -> str:
    if isinstance(given, str) and given in known:
        return "leave out the quotes"
    if known == ["true"] and str(given).casefold() in _TRUE:
        return "write true"
    return did_you_mean(str(given), known)


def _sentence(message: str, field: str) -> str:
    ours = message.removeprefix("Value error, ")
    return ours if ours != message else f"{field}: {message.lower()}"


def _known_keys(path: Sequence[str | int], parts: Parts) -> list[str]:
    named = [step for step in path if isinstance(step, str)]
    return list(parts.get(named[-1] if named else "", parts[""]).model_fields)


def fault_at(source: str, position: Position, message: str, suggestion: str = "") -> PolicyFault:
    """Return a fault at *position* of the file called *source*."""
    return PolicyFault(source, position.line, position.column, message, suggestion)
