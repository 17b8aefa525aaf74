"""The variables of the rules, generated from the facts model: names, types, limits, and the values to bind.

A fact that may be missing becomes two variables: `cadence.has_days_since_ask` (always known) and
`cadence.days_since_ask` (unbound when missing, so that a rule which forgets to look first is an error).
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo
from pydantic_core import to_json

from policy.canonical import digest
from policy.decision_facts import DecisionFacts

Kind = Literal["bool", "int", "string", "timestamp", "list"]

_PLAIN: dict[Any, Kind] = {bool: "bool", int: "int", str: "string", AwareDatetime: "timestamp", tuple: "list"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One variable: *values* lists the only strings it can hold, *presence* names its `has_` companion.

    On that companion, *presence_of* names the variable it speaks of.
    """

    name: str
    kind: Kind
    description: str
    values: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    presence: str | None = None
    presence_of: str | None = None


@cache
def catalogue() -> dict[str, Fact]:
    """Return all variables by name, in the order of the model."""
    facts: dict[str, Fact] = {}
    for group, outer in DecisionFacts.model_fields.items():
        for field, info in getattr(outer.annotation, "model_fields", {}).items():
            for fact in _facts_of(group, field, info):
                if fact.name in facts:
                    raise ValueError(f"two facts are called {fact.name}")
                facts[fact.name] = fact
    return facts


@cache
def schema_hash() -> str:
    """Return the digest over names, types and permitted values: a policy is only valid for these facts."""
    return digest(
        [
            [fact.name, fact.kind, list(fact.values), fact.presence or ""]
            for fact in sorted(catalogue().values(), key=lambda fact: fact.name)
        ]
    )


def binder(names: Iterable[str]) -> Callable[[DecisionFacts], dict[str, Any]]:
    """Prepare the extraction of the variables *names*; missing values are left out."""
    known = catalogue()
    wanted = [name for name in dict.fromkeys(names) if name in known]
    present = [(name, known[name].presence_of or "") for name in wanted if known[name].presence_of]
    stored = [name for name in wanted if not known[name].presence_of]
    sources = list(dict.fromkeys([*stored, *(value for _, value in present)]))
    read = attrgetter(*sources, "cal.now", "cal.now")
    lists = [name for name in sources if known[name].kind == "list"]
    optional = [name for name in sources if known[name].presence]

    def bind(facts: DecisionFacts) -> dict[str, Any]:
        values = dict(zip(sources, read(facts), strict=False))
        for name in lists:
            values[name] = list(values[name])
        for name, value in present:
            values[name] = values[value] is not None
        for name in optional:
            if values[name] is None:
                del values[name]
        return values

    return bind


def facts_digest(facts: DecisionFacts) -> str:
    """Return the digest of the facts.

    The same bytes as `canonical_json`, by a faster way: keys are known and ASCII, and there are no floats.
    """
    parts = facts.__dict__
    ordered = {
        group: dict(zip(names, read(parts[group].__dict__), strict=True)) for group, names, read in _sorted()
    }
    return hashlib.sha256(to_json(ordered)).hexdigest()


@cache
def _sorted() -> tuple[tuple[str, tuple[str, ...], Callable[[dict[str, Any]], tuple[Any, ...]]], ...]:
    """Return the groups and their fields in canonical order, with what reads the fields of a group."""
    fields: dict[str, list[str]] = {}
    for fact in catalogue().values():
        group, _, field = fact.name.partition(".")
        if fact.presence_of is None:
            fields.setdefault(group, []).append(field)
    return tuple(
        (group, tuple(sorted(fields[group])), itemgetter(*sorted(fields[group]))) for group in sorted(fields)
    )


def facts_from_flat(flat: dict[str, Any]) -> DecisionFacts:
    """Build facts from dotted names and JSON values; raises pydantic's ValidationError."""
    groups: dict[str, dict[str, Any]] = {}
    for name, value in flat.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = value
    return DecisionFacts.model_validate_json(json.dumps(groups, default=str))


def _facts_of(group: str, field: str, info: FieldInfo) -> list[Fact]:
    name = f"{group}.{field}"
    kind, values, optional, limits = _describe(info.annotation)
    limits |= _limits(info.metadata)
    fact = Fact(
        name=name,
        kind=kind,
        description=info.description or "",
        values=values,
        minimum=limits.get("ge"),
        maximum=limits.get("le"),
        presence=f"{group}.has_{field}" if optional else None,
    )
    if fact.presence is None:
        return [fact]
    companion = Fact(
        name=fact.presence, kind="bool", description=f"Whether {name} is known.", presence_of=name
    )
    return [companion, fact]


def _describe(annotation: Any) -> tuple[Kind, tuple[str, ...], bool, dict[str, int]]:
    if annotation in _PLAIN:
        return _PLAIN[annotation], (), False, {}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind, values, optional, limits = _describe(arguments[0])
        return kind, values, optional, limits | _limits(arguments[1:])
    if origin is Literal:
        return "string", tuple(str(value) for value in arguments), False, {}
    if origin is tuple:
        return "list", (), False, {}
    if origin in (Union, types.UnionType):
        parts = [_describe(part) for part in arguments if part is not type(None)]
        merged = tuple(value for part in parts for value in part[1])
        return parts[0][0], merged, type(None) in arguments, parts[0][3]
    raise TypeError(f"no variable type for {annotation}")


def _limits(metadata: Iterable[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in metadata:
        for bound in ("ge", "le"):
            value = getattr(item, bound, None)
            if isinstance(value, int):
                found[bound] = value
        if isinstance(item, FieldInfo):
            found |= _limits(item.metadata)
    return found
