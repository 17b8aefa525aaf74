"""Rules that can never matter are found, and none that can is ever called so."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from policy.conditions import environment
from policy.fact_catalogue import binder, catalogue
from policy.language import idle_rules
from policy.reachability import can_be_true
from tests.policy_rules.random_facts import random_facts
from tests.policy_rules.test_second_engine import question

SHIPPED = Path(__file__).parents[2] / "policy" / "default" / "policy.yaml"
HEAD = "policy: 1\ntitle: Some rules\nguards:\n"


def gate(name: str, when: str, effect: str = "deny: true") -> str:
    return f'  - id: {name}\n    reason: Because it is so.\n    when: "{when}"\n    {effect}\n'


@pytest.mark.parametrize(
    "when",
    [
        "donor.deceased && !donor.deceased",
        "cadence.asks_90_days > 5 && cadence.asks_90_days < 3",
        "cadence.asks_90_days > 4 && cadence.asks_90_days < 5",
        "cadence.asks_90_days > 1000000",
        "donor.tier == 'major' && donor.tier == 'principal'",
        "donor.tier in ['major'] && donor.tier != 'major'",
        "donor.region == 'EU' && donor.region == 'UK'",
        "donor.region > 'b' && donor.region < 'a'",
        "cadence.has_days_since_ask && cadence.days_since_ask < 1 && cadence.days_since_ask > 7",
    ],
)
def test_what_nothing_can_fulfil_is_found(when: str) -> None:
    assert not can_be_true(environment().compile(when))
    [fault] = idle_rules(f"{HEAD}{gate('some_gate', when)}", "p.yaml")
    assert (fault.line, fault.column) == (6, 12)
    assert "so the rule never speaks" in fault.message


@pytest.mark.parametrize(
    "when",
    [
        "cadence.asks_90_days > 3 && cadence.asks_90_days < 5",
        "donor.region > 'a' && donor.region < 'b' && donor.region != 'aa'",
        "donor.tier == 'major' || donor.tier == 'principal'",
        "cadence.asks_90_days + cadence.pending_asks == 8",
        "size(donor.tags) == 3",
        "donor.tags.exists(tag, tag == 'x') && !('x' in donor.segments)",
        "cal.now > timestamp('2026-01-01T00:00:00Z')",
    ],
)
def test_what_something_can_fulfil_is_left_alone(when: str) -> None:
    assert can_be_true(environment().compile(when))


def test_what_was_ever_true_is_never_called_impossible(cases) -> None:
    pick, bind = Random(20261124), binder(catalogue())
    situations = [environment().activation(bind(random_facts(cases.base, pick))) for _ in range(40)]
    claims = 0
    for _ in range(300):
        condition = environment().compile(question(pick, 2))
        if not can_be_true(condition):
            claims += 1
            assert not any(condition.evaluate(each) is True for each in situations), condition.text
    assert claims > 2


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (gate("other_gate", "donor.deceased"), "this asks and says the same as first_gate"),
        (gate("other_gate", "( donor.deceased ) "), None),
        (gate("other_gate", " donor.deceased // gone"), "this asks and says the same as first_gate"),
        (
            gate("other_gate", "donor.deceased", "require_approval: {role: owner, count: 1}"),
            "nobody is ever asked by this: first_gate denies whenever it matches",
        ),
        (gate("other_gate", "donor.deceased", "oblige: {notify: owner}"), None),
        (gate("other_gate", "donor.merged"), None),
    ],
)
def test_a_rule_that_another_one_silences_is_found(second: str, found: str | None) -> None:
    faults = idle_rules(f"{HEAD}{gate('first_gate', 'donor.deceased')}{second}", "p.yaml")
    assert [(fault.line, fault.message) for fault in faults] == ([(10, found)] if found else [])


def test_the_rules_that_ship_all_matter() -> None:
    assert idle_rules(SHIPPED.read_text(encoding="utf-8"), "policy.yaml") == ()
