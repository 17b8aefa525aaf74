"""Rules that can never matter: a condition no facts fulfil, or one whose answer another rule takes away.

Only what can be shown is said: of a condition in which facts are compared with what stands in it, one value
on each side of every such border tells everything, so all of them are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from policy.condition_tree import Node, NotUnderstood, read_condition
from policy.conditions import Condition, environment
from policy.expression_tokens import one_line
from policy.fact_catalogue import Fact, catalogue
from policy.policy_model import Guard

MOST_TRIED = 3_000
_BORDERS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_JOINED = frozenset({"and", "or", "not"})


def can_be_true(condition: Condition) -> bool:
    """Say whether there are facts for which *condition* is true; also where that cannot be shown."""
    try:
        borders = _borders(read_condition(condition.text))
    except NotUnderstood:
        return True
    values = {name: _sides(catalogue()[name], literals) for name, literals in borders.items()}
    if prod(map(len, values.values())) > MOST_TRIED:
        return True
    chosen = (dict(zip(values, each, strict=True)) for each in product(*values.values()))
    return any(condition.evaluate(environment().activation(_bound(each))) is not False for each in chosen)


def overruled(guards: tuple[Guard, ...]) -> Iterator[tuple[int, str]]:
    """Yield, by place, each guard that says nothing of its own, and why."""
    seen: dict[str, list[Guard]] = {}
    for guard in guards:
        seen.setdefault(_spelled(guard), []).append(guard)
    for index, guard in enumerate(guards):
        for other in seen[_spelled(guard)]:
            if other is guard:
                break
            if _effect(other) == _effect(guard):
                yield index, f"this asks and says the same as {other.id}"
        denies = next((other for other in seen[_spelled(guard)] if other.deny), None)
        if guard.require_approval and denies:
            yield index, f"nobody is ever asked by this: {denies.id} denies whenever it matches"


def _spelled(guard: Guard) -> str:
    return "".join(one_line(guard.when).split())


def _effect(guard: Guard) -> tuple[object, ...]:
    return guard.deny, guard.require_approval, guard.oblige


def _borders(node: Node) -> dict[str, list[Any]]:
    """Return per fact what it is compared with; raises NotUnderstood for anything but such comparisons."""
    if node.kind in _JOINED:
        found: dict[str, list[Any]] = {}
        for part in node.parts:
            for name, literals in _borders(part).items():
                found.setdefault(name, []).extend(literals)
        return found
    if node.kind == "name":
        return {_fact(node, "bool"): []}
    if node.kind in _BORDERS:
        left, right = node.parts if node.parts[0].kind == "name" else node.parts[::-1]
        return {_fact(left, "int" if right.kind == "number" else "string"): [_literal(right)]}
    if node.kind == "in" and node.parts[1].kind == "list":
        return {_fact(node.parts[0], "string"): [_literal(each) for each in node.parts[1].parts]}
    raise NotUnderstood(node.text)


def _fact(node: Node, kind: str) -> str:
    fact = catalogue().get(node.text) if node.kind == "name" and not node.parts else None
    if fact is None or fact.kind != kind:
        raise NotUnderstood(node.text)
    return fact.name


def _literal(node: Node) -> Any:
    if node.kind == "number" and node.text.isdigit():
        return int(node.text)
    if node.kind == "text" and "\\" not in node.text and node.text[0] in "'\"":
        return node.text[1:-1]
    raise NotUnderstood(node.text)


def _sides(fact: Fact, literals: list[Any]) -> list[Any]:
    """Return a value of *fact* on every side of each border."""
    if fact.kind == "bool":
        return [True, False]
    if fact.kind == "int":
        low, high = fact.minimum or 0, fact.maximum or 2**53 - 1
        near = {value + step for value in literals for step in (-1, 0, 1)}
        return sorted({low, high} | {value for value in near if low <= value <= high})
    return list(fact.values) or _texts(literals)


def _texts(literals: list[str]) -> list[str]:
    """Return texts on every side: each one itself, one just after it, and one before all of them."""
    return ["", *dict.fromkeys(text for each in literals for text in (each, f"{each}\x01"))]


def _bound(values: Mapping[str, Any]) -> dict[str, Any]:
    """Bind every fact, and that it is known; a condition may ask for the one without the other."""
    bound = dict(values)
    for name in values:
        fact = catalogue()[name]
        if fact.presence and fact.presence not in bound:
            bound[fact.presence] = True
    return bound
