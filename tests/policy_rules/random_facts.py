"""Random but well-typed facts, around the edges that rules ask about."""

from __future__ import annotations

from random import Random
from typing import Any

from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import Fact, catalogue, facts_from_flat

NUMBERS = (0, 1, 2, 3, 4, 7, 8, 29, 30, 31, 60, 61, 69, 70, 80, 81, 89, 90)
TEXTS = ("", "eu", "us", "local", "UK", "GB", "eu_only", "any", "Major donors", "Newsletter")
LABELS = ("no_appeals", "No appeals", "alumni", "émigré\n\"'")
MOMENTS = ("2026-11-24T15:00:00Z", "2027-01-02T00:00:00.000001+05:30", "2028-02-29T23:59:59Z")


def random_facts(base: dict[str, Any], pick: Random) -> DecisionFacts:
    """Return the *base* facts with some or many changed: most random donors are out of bounds anyway."""
    names = [fact for fact in catalogue().values() if not fact.presence_of]
    changed = names if pick.random() < 0.3 else pick.sample(names, pick.randint(0, 12))
    return facts_from_flat({**base, **{fact.name: random_value(fact, pick) for fact in changed}})


def random_value(fact: Fact, pick: Random) -> Any:
    """Return a value the fact can have."""
    if fact.presence and pick.random() < 0.3:
        return None
    if fact.values:
        return pick.choice(fact.values)
    if fact.kind == "int":
        low, high = fact.minimum or 0, fact.maximum or 0
        return pick.choice([number for number in NUMBERS if low <= number <= high] or [low])
    if fact.kind == "list":
        return pick.sample(LABELS, pick.randint(0, 3))
    return {"bool": pick.random() < 0.5, "string": pick.choice(TEXTS), "timestamp": pick.choice(MOMENTS)}[
        fact.kind
    ]
