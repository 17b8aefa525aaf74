"""Over random facts, the engine decides what plain Python decides."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.canonical import digest
from policy.decide import compile_policy, decide
from policy.decision import Outcome
from policy.fact_catalogue import catalogue, facts_digest, facts_from_flat
from tests.examples import examples

NUMBERS = [0, 1, 2, 3, 4, 7, 8, 29, 30, 31, 60, 61, 69, 70, 80, 81, 89, 90]
TEXTS = ["", "eu", "us", "local", "UK", "GB", "eu_only", "any", "Major donors", "Newsletter"]
LABELS = ["no_appeals", "No appeals", "alumni", "émigré\n\"'"]


def value(fact):
    if fact.values:
        return st.sampled_from(fact.values)
    by_kind = {
        "bool": st.booleans(),
        "int": st.sampled_from(
            [n for n in NUMBERS if (fact.minimum or 0) <= n <= (fact.maximum or 0)] or [1]
        ),
        "string": st.sampled_from(TEXTS),
        "timestamp": st.sampled_from(["2026-11-24T15:00:00Z", "2027-01-02T00:00:00.000001+05:30"]),
        "list": st.lists(st.sampled_from(LABELS), max_size=3),
    }
    return st.none() | by_kind[fact.kind] if fact.presence else by_kind[fact.kind]


FLAT = st.fixed_dictionaries(
    {fact.name: value(fact) for fact in catalogue().values() if not fact.presence_of}
)
# Most random donors are out of bounds for several reasons at once; half of the time only a few facts differ.
FEW = st.fixed_dictionaries(
    {}, optional={fact.name: value(fact) for fact in catalogue().values() if not fact.presence_of}
)


@settings(max_examples=examples(62))
@given(st.data())
def test_the_engine_agrees_with_plain_python(compiled, cases, oracle, data) -> None:
    changes = data.draw(FLAT | FEW)
    facts = facts_from_flat({**cases.base, **changes})
    decision = decide(compiled, facts)
    matched = {name for name, gate in oracle.items() if gate(facts)}
    grants = {grant.id for grant in compiled.policy.grants}
    kinds = {gate.id: gate.kind for gate in compiled.policy.guards}
    denied = not matched & grants or any(kinds.get(name) == "deny" for name in matched)
    needed: dict[str, int] = {}
    for gate in compiled.policy.guards:
        if gate.id in matched and gate.require_approval:
            role = gate.require_approval.role
            needed[role] = max(needed.get(role, 0), gate.require_approval.count)
    expected = Outcome.DENY if denied else Outcome.REQUIRE_APPROVAL if needed else Outcome.ALLOW
    assert set(decision.gate_ids) - {"no_grant"} == matched
    assert ("no_grant" in decision.gate_ids) == (not matched & grants)
    assert decision.outcome is expected
    assert {approval.role: approval.count for approval in decision.approvals} == needed
    assert decision.errors == ()


def test_the_oracle_knows_every_gate(policy, oracle) -> None:
    assert list(oracle) == [gate.id for gate in policy.gates]


@settings(max_examples=examples(25))
@given(changes=FEW)
def test_the_facts_digest_is_that_of_canonical_json(cases, changes) -> None:
    facts = facts_from_flat({**cases.base, **changes})
    assert facts_digest(facts) == digest(facts)


@settings(max_examples=examples(10))
@given(changes=FEW, seed=st.integers(0, 2**16))
def test_the_order_of_the_gates_never_matters(policy, compiled, cases, changes, seed) -> None:
    facts = facts_from_flat({**cases.base, **changes})
    shuffle = random.Random(seed)
    grants = tuple(shuffle.sample(policy.grants, len(policy.grants)))
    guards = tuple(shuffle.sample(policy.guards, len(policy.guards)))
    other = decide(compile_shuffled(policy, grants, guards), facts)
    decision = decide(compiled, facts)
    assert (other.outcome, set(other.gate_ids), other.approvals, other.obligations) == (
        decision.outcome,
        set(decision.gate_ids),
        decision.approvals,
        decision.obligations,
    )


def compile_shuffled(policy, grants, guards):
    return compile_policy(policy.model_copy(update={"grants": grants, "guards": guards}))
