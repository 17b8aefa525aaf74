"""Made-up but well-typed facts around the edges of a condition, to try it before anything depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from math import prod
from random import Random
from typing import Any

from policy.conditions import Condition
from policy.decision_facts import LARGEST_LIST
from policy.expression_tokens import tokens
from policy.fact_catalogue import Fact, catalogue

MOST_PROBES = 400
_ABSENT = object()
_INSTANTS = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
    datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC),
)


def probes(condition: Condition) -> Iterator[dict[str, Any]]:
    """Yield bindings of the facts the condition names: all combinations of their edges, or a fixed sample.

    Missing facts are among them, and presence always agrees with the value.
    """
    facts = [catalogue()[name] for name in condition.names if not catalogue()[name].presence_of]
    for name in condition.names:
        value = catalogue()[name].presence_of
        if value and value not in condition.names:
            facts.append(catalogue()[value])
    edges = [_edges(fact, condition.text) for fact in facts]
    for values in _combinations(edges):
        yield _binding(facts, values)


def _combinations(edges: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    if prod(len(values) for values in edges) <= MOST_PROBES:
        yield from product(*edges)
        return
    for column, values in enumerate(edges):
        for value in values:
            yield tuple(value if index == column else other[0] for index, other in enumerate(edges))
    pick = Random(len(edges))  # noqa: S311 - a fixed sample, so that a policy is valid or invalid every time
    for _ in range(MOST_PROBES):
        yield tuple(pick.choice(values) for values in edges)


def _binding(facts: list[Fact], values: tuple[Any, ...]) -> dict[str, Any]:
    bound: dict[str, Any] = {}
    for fact, value in zip(facts, values, strict=True):
        if fact.presence:
            bound[fact.presence] = value is not _ABSENT
        if value is not _ABSENT:
            bound[fact.name] = value
    return bound


def _edges(fact: Fact, text: str) -> list[Any]:
    values = _typed_edges(fact, text)
    return [_ABSENT, *values] if fact.presence else values


def _typed_edges(fact: Fact, text: str) -> list[Any]:
    words = tokens(text)
    texts = list(dict.fromkeys(word.string for word in words if word.kind == "text"))[:6]
    if fact.kind == "bool":
        return [False, True]
    if fact.kind == "timestamp":
        return list(_INSTANTS)
    if fact.kind == "int":
        numbers = {int(word.text) for word in words if word.kind == "number" and word.text.isdigit()}
        near = {value + step for value in numbers for step in (-1, 0, 1)}
        low, high = fact.minimum or 0, fact.maximum or 2**53 - 1
        return sorted({low, high} | {value for value in near | {0, 1} if low <= value <= high})
    if fact.kind == "list":
        return [[], ["unlisted"], texts or ["a"], [f"{fact.name} {index}" for index in range(LARGEST_LIST)]]
    if fact.values:
        named = [value for value in fact.values if value in texts]
        others = [value for value in fact.values if value not in texts]
        return [*named, *others[:1]]
    return ["", "unlisted", *texts]
