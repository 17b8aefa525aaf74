"""Random conditions, asked of our engine and of an independent one: both must answer the same.

COUNTERSIGN_TEST_EXPRESSIONS=60000 asks that many; the suite asks a few thousand.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

import cel
import pytest

from policy.conditions import Condition, Failed, environment
from policy.fact_catalogue import Fact, binder, catalogue
from tests.policy_rules.random_facts import LABELS, NUMBERS, random_facts

QUESTIONS = int(os.environ.get("COUNTERSIGN_TEST_EXPRESSIONS", "2000"))
FACTS = [fact for fact in catalogue().values() if fact.kind != "timestamp"]
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def question(pick: Random, depth: int) -> str:
    """Return a random well-typed condition; facts that may be missing are sometimes asked for unguarded."""
    if depth and pick.random() < 0.6:
        return _joined(pick, depth)
    return _atom(pick, pick.choice(FACTS))


def _joined(pick: Random, depth: int) -> str:
    left, right = question(pick, depth - 1), question(pick, depth - 1)
    sign = pick.choice(("&&", "||"))
    return pick.choice(
        (
            f"({left} {sign} {right})",
            f"!({left})",
            f"({left}) {sign} ({right})",
            f"({left} ? {right} : {left})",
        )
    )


def _atom(pick: Random, fact: Fact) -> str:
    if fact.kind == "bool":
        return pick.choice((fact.name, f"!{fact.name}", f"{fact.name} == {fact.name}"))
    if fact.kind == "int":
        return _number(pick, fact)
    if fact.kind == "list":
        label = repr(pick.choice(LABELS[:3]))
        return pick.choice(
            (
                f"{label} in {fact.name}",
                f"{fact.name}.exists(x, x == {label})",
                f"{fact.name}.all(x, x.startsWith('no'))",
                f"size({fact.name}) {pick.choice(COMPARISONS)} {pick.randint(0, 3)}",
                f"{fact.name}.filter(x, x.contains('a')).size() > 1",
            )
        )
    value = pick.choice(fact.values) if fact.values else pick.choice(("eu", "UK", "Major donors", ""))
    return pick.choice(
        (
            f"{fact.name} == '{value}'",
            f"{fact.name} != '{value}'",
            f"{fact.name} in ['{value}', 'x']",
            f"{fact.name}.startsWith('{value[:2]}')",
            f"{fact.name}.size() > {pick.randint(0, 6)}",
            f"{fact.name} < '{value}'",
        )
    )


def _number(pick: Random, fact: Fact) -> str:
    other = pick.choice([each.name for each in FACTS if each.kind == "int"])
    sum_ = pick.choice(
        (
            fact.name,
            f"{fact.name} + {other}",
            f"{fact.name} * 2 - {other}",
            f"-{fact.name}",
            f"{fact.name} % 7",
        )
    )
    return f"{sum_} {pick.choice(COMPARISONS)} {pick.choice(NUMBERS)}"


def nested(values: dict[str, Any]) -> dict[str, Any]:
    groups: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = value
    return groups


def theirs(condition: Condition, values: dict[str, Any]) -> bool | str:
    try:
        answer = cel.evaluate(condition.text, nested(values))
    except (KeyError, RuntimeError, TypeError, ValueError):
        return "no answer"
    return answer if isinstance(answer, bool) else "no answer"


def ours(condition: Condition, values: dict[str, Any]) -> bool | str:
    answer = condition.evaluate(environment().activation(values))
    return "no answer" if isinstance(answer, Failed) else answer


@pytest.mark.timeout(1800)
def test_two_engines_give_the_same_answers(cases) -> None:
    pick = Random(20261124)
    bind = binder(catalogue())
    situations = [bind(random_facts(cases.base, pick)) for _ in range(200)]
    answers: dict[bool | str, int] = {True: 0, False: 0, "no answer": 0}
    different = []
    for _ in range(QUESTIONS):
        condition = environment().compile(question(pick, 3))
        values = pick.choice(situations)
        own, other = ours(condition, values), theirs(condition, values)
        answers[own] += 1
        if own != other:
            different.append((condition.text, own, other))
    assert different == []
    assert min(answers.values()) > QUESTIONS / 50
