"""How near a gate came to answering otherwise: the smallest change of one number that would do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.condition_tree import Node, NotUnderstood, read_condition
from policy.condition_words import noun
from policy.conditions import Condition, environment
from policy.fact_catalogue import catalogue

_NEAR_SHARE = 5  # within a fifth of the threshold
_NEAR_LEAST = 2
_LEAST_THRESHOLD = 2  # below that it is there or it is not, and nothing is near
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def near_misses(condition: Condition, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which nearby value of a single number would turn the answer round; the engine is asked each time.

    *values* binds every fact the condition may name.
    """
    answer = condition.evaluate(environment().activation(values))
    if not isinstance(answer, bool):
        return ()
    told = []
    for name, threshold, other in _turning_points(condition, values):
        changed = condition.evaluate(environment().activation({**values, name: other}))
        near = max(_NEAR_LEAST, threshold // _NEAR_SHARE)
        if changed is (not answer) and abs(values[name] - other) <= near:
            would = "would have matched" if changed else "would not have matched"
            told.append(f"It {would} with {other} instead of {values[name]} for {noun(catalogue()[name])}.")
    return tuple(dict.fromkeys(told))


def _turning_points(condition: Condition, values: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield the number facts compared with a number, that number, and the nearest value across it."""
    try:
        tree = read_condition(condition.text)
    except NotUnderstood:
        return
    for node in tree.walk():
        compared = _number_compared(node)
        if compared is None:
            continue
        name, sign, threshold = compared
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            yield name, threshold, _across(sign, threshold, value)


def _number_compared(node: Node) -> tuple[str, str, int] | None:
    """Return (fact, sign, number) of a comparison such as `ai.confidence < 30`, either way round."""
    if node.kind not in _MIRRORED:
        return None
    left, right = node.parts
    if left.kind == "number" and right.kind == "name":
        return _number_compared(Node(_MIRRORED[node.kind], node.text, (right, left)))
    fact = catalogue().get(left.text) if left.kind == "name" else None
    if fact is None or fact.kind != "int" or right.kind != "number" or not right.text.isdigit():
        return None
    return (fact.name, node.kind, int(right.text)) if int(right.text) >= _LEAST_THRESHOLD else None


def _across(sign: str, threshold: int, value: int) -> int:
    """Return the value nearest to *value* for which `value sign threshold` is answered otherwise."""
    below, above = {"<": (threshold - 1, threshold), ">=": (threshold - 1, threshold)}.get(
        sign, (threshold, threshold + 1)
    )
    return above if value <= below else below
