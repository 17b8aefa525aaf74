"""The same gates in other rule engines, translated from ours, for a comparison on equal terms.

Each `engine(policy)` returns a function from facts to the ids of all gates that match, as ours does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import cedarpy
import rule_engine

from policy.condition_tree import Node, read_condition
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import binder, catalogue
from policy.policy_model import Grant, Guard, Policy

Matched = Callable[[DecisionFacts], set[str]]

_PYTHONIC = {"and": " and ", "or": " or "}
_CEDAR = {"and": " && ", "or": " || "}


def condition_of(gate: Grant | Guard) -> str:
    """Return the whole condition of a gate in CEL, the table of a grant included."""
    if isinstance(gate, Guard):
        return gate.when
    rows = (
        f"(donor.lifecycle_stage == '{stage}' && action.capability in {json.dumps(list(given))})"
        for stage, given in gate.lifecycle
        if given
    )
    table = f"action.kind in {json.dumps(list(gate.allow))} && ({' || '.join(rows)})"
    return f"{table} && ({gate.when})" if gate.when else table


def with_rule_engine(policy: Policy) -> Matched:
    """Ask rule-engine: one rule per gate, symbols resolved as attributes with declared types."""
    conditions = {gate.id: read_condition(condition_of(gate)) for gate in policy.gates}
    context = rule_engine.Context(
        type_resolver=rule_engine.type_resolver_from_dict(_rule_types()),
        resolver=rule_engine.resolve_attribute,
    )
    rules = [(name, rule_engine.Rule(_pythonic(tree), context=context)) for name, tree in conditions.items()]
    nested = _nesting(conditions.values())

    def matched(facts: DecisionFacts) -> set[str]:
        thing = SimpleNamespace(
            **{group: SimpleNamespace(**values) for group, values in nested(facts).items()}
        )
        return {name for name, rule in rules if rule.matches(thing)}

    return matched


def with_cedar(policy: Policy) -> Matched:
    """Ask Cedar: one permit per gate, pre-parsed; the reasons of the answer name all that hold."""
    conditions = {gate.id: read_condition(condition_of(gate)) for gate in policy.gates}
    text = "\n".join(
        f'@id("{name}") permit(principal, action, resource) when {{ {_cedar(tree)} }};'
        for name, tree in conditions.items()
    )
    rules = cedarpy.PolicySet.from_str(text)
    entities = cedarpy.Entities.from_json_str("[]")
    names = {f"policy{index}": name for index, name in enumerate(conditions)}
    nested = _nesting(conditions.values())
    request = {"principal": 'User::"bot"', "action": 'Action::"decide"', "resource": 'Donor::"d"'}

    def matched(facts: DecisionFacts) -> set[str]:
        answer = cedarpy.is_authorized({**request, "context": nested(facts)}, rules, entities)
        if answer.diagnostics.errors:
            raise ValueError(answer.diagnostics.errors)
        return {names.get(reason, reason) for reason in answer.diagnostics.reasons}

    return matched


def _nesting(trees: Iterable[Node]) -> Callable[[DecisionFacts], dict[str, Any]]:
    """Bind the facts the gates name, as ours does, but in groups."""
    named = [node.text for tree in trees for node in tree.walk() if node.kind == "name"]
    bind = binder(named)

    def nested(facts: DecisionFacts) -> dict[str, Any]:
        groups: dict[str, dict[str, Any]] = {}
        for name, value in bind(facts).items():
            group, _, field = name.partition(".")
            groups.setdefault(group, {})[field] = value
        return groups

    return nested


def _rule_types() -> dict[str, Any]:
    kinds = {
        "bool": rule_engine.DataType.BOOLEAN,
        "int": rule_engine.DataType.FLOAT,
        "string": rule_engine.DataType.STRING,
        "timestamp": rule_engine.DataType.DATETIME,
        "list": rule_engine.DataType.ARRAY(rule_engine.DataType.STRING),
    }
    groups: dict[str, dict[str, Any]] = {}
    for fact in catalogue().values():
        group, _, field = fact.name.partition(".")
        groups.setdefault(group, {})[field] = kinds[fact.kind]
    return {group: rule_engine.DataType.OBJECT(group, fields) for group, fields in groups.items()}


def _pythonic(node: Node) -> str:
    if node.kind in _PYTHONIC:
        return f"({_PYTHONIC[node.kind].join(map(_pythonic, node.parts))})"
    if node.kind == "not":
        return f"(not {_pythonic(node.parts[0])})"
    if node.kind == "list":
        return f"[{', '.join(map(_pythonic, node.parts))}]"
    if node.kind in ("name", "text", "number"):
        return node.text
    return f"({_pythonic(node.parts[0])} {node.kind} {_pythonic(node.parts[1])})"


def _cedar(node: Node) -> str:
    if node.kind in _CEDAR:
        return f"({_CEDAR[node.kind].join(map(_cedar, node.parts))})"
    if node.kind == "not":
        return f"!({_cedar(node.parts[0])})"
    if node.kind == "list":
        return f"[{', '.join(map(_cedar, node.parts))}]"
    if node.kind == "in":
        return f"{_cedar(node.parts[1])}.contains({_cedar(node.parts[0])})"
    if node.kind == "text":
        return json.dumps(node.text[1:-1])
    if node.kind == "name":
        return f"context.{node.text}"
    return (
        node.text
        if node.kind == "number"
        else f"({_cedar(node.parts[0])} {node.kind} {_cedar(node.parts[1])})"
    )
