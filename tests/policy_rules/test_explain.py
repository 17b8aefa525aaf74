"""Why a decision came out as it did, in words that match what the engine answered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.condition_tree import NotUnderstood, read_condition
from policy.condition_words import condition_words
from policy.conditions import environment
from policy.decide import compile_policy, decide
from policy.explain import explain
from policy.fact_catalogue import binder, catalogue
from policy.language import parse_policy
from policy.near_misses import near_misses
from tests.examples import examples
from tests.policy_rules.conftest import ROOT


def told(compiled, facts):
    return explain(facts, decide(compiled, facts), compiled)


ASK = {"action.is_ask": True, "action.purpose": "fundraising"}


def test_one_paragraph_says_what_was_asked_answered_and_why(compiled, facts) -> None:
    explanation = told(compiled, facts(ASK | {"cadence.days_since_ask": 31, "ai.origin": "model"}))
    assert explanation.paragraph == (
        "The question was whether “plan a follow-up” may be carried out for a donor in stewardship. "
        "The answer was yes, if the manager and the owner agreed: The relationship owner agrees to every "
        "change. This household was asked in the last 90 days. A manager agrees to asking again. "
        "Besides, it carries the words “AI-generated, check before use”. "
        "Nearly otherwise: It would have matched with 29 instead of 31 for days since the household was last "
        "asked. It was decided under version "
        f"{compiled.version[:12]} of the rules, which give the same answer today."
    )
    assert explanation.agrees
    assert explanation.facts_intact
    assert [gate.id for gate in explanation.matched] == [
        "planned_contact",
        "owner_approves_writes",
        "asked_this_quarter",
        "ai_label",
    ]
    [near] = [gate for gate in explanation.near if gate.id == "asked_recently"]
    assert near.near == (
        "It would have matched with 29 instead of 31 for days since the household was last asked.",
    )
    assert [(seen.fact, seen.value) for seen in near.seen] == [
        ("action.is_ask", "yes"),
        ("cadence.days_since_ask", "31"),
    ]


def test_a_refusal_and_an_allowance_read_differently(compiled, facts) -> None:
    refused = told(compiled, facts({"donor.deceased": True, "household.any_deceased": True}))
    assert "The answer was no: This donor has died. Only notes" in refused.paragraph
    allowed = told(compiled, facts({"action.capability": "draft"}))
    assert "The answer was yes, without asking anybody: Contact with this donor" in allowed.paragraph


def test_a_grant_says_whether_it_covers_the_case(compiled, facts) -> None:
    explanation = told(compiled, facts({"donor.lifecycle_stage": "acquisition"}))
    grants = {gate.id: (gate.answered, gate.in_table) for gate in explanation.gates if gate.kind == "allow"}
    assert grants["planned_contact"] == ("not matched", False)
    assert "Nothing in the rules allows this" in explanation.paragraph


def test_other_rules_than_the_recorded_ones_are_named_as_such(compiled, policy_text, facts) -> None:
    other = compile_policy(parse_policy(policy_text.replace("< 30\n", "< 45\n"), "p"))
    asked = facts(ASK | {"cadence.days_since_ask": 40})
    explanation = explain(asked, decide(compiled, asked), other)
    assert (explanation.is_recorded_policy, explanation.agrees) == (False, False)
    assert (
        f"under version {compiled.version[:12]} of the rules, which is not stored here"
        in explanation.paragraph
    )
    assert "which answer otherwise" in explanation.paragraph
    assert explanation.outcome == "require_approval"


def test_changed_facts_are_noticed(compiled, facts) -> None:
    decision = decide(compiled, facts())
    explanation = explain(facts({"ai.confidence": 10}), decision, compiled)
    assert (explanation.facts_intact, explanation.agrees) == (False, False)
    assert "were altered" in explanation.paragraph


def test_what_is_masked_on_the_card_is_masked_here(compiled, facts) -> None:
    large = {
        "action.amount": 7_654_321,
        "action.currency": "USD",
        "action.major_gift_threshold": 1_000_000,
        "action.is_major_gift": True,
    }
    text = policy_with_amount_rule()
    compiled = compile_policy(parse_policy(text, "p"))
    shown = told(compiled, facts(large))
    hidden = told(compiled, facts(large | {"donor.gives_anonymously": True}))
    assert "$76,543.21" in shown.model_dump_json()
    assert "76" not in "".join(seen.value for gate in hidden.gates for seen in gate.seen)
    assert "7654321" not in hidden.model_dump_json()


def policy_with_amount_rule() -> str:
    rule = (
        "  - id: amount_rule\n    reason: A sum this large is looked at.\n"
        "    when: action.has_amount && action.amount >= 7000000\n    require_approval: {role: manager}\n"
    )
    return (ROOT / "policy/default/policy.yaml").read_text() + rule


def test_every_condition_of_the_default_policy_has_words(policy) -> None:
    for gate in policy.gates:
        if gate.when:
            words = condition_words(gate.when)
            assert words != gate.when
            for code in ("&&", "||", "==", "action.", "donor.", "has_", "'"):
                assert code not in words.replace("donor's", "").replace("organisation's", ""), (
                    gate.id,
                    words,
                )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            "cadence.has_days_since_ask && cadence.days_since_ask < 30",
            "days since the household was last asked is below 30",
        ),
        ("!cal.has_blackout_ends_at", "when the last of them ends is not known"),
        ("!(donor.tier in ['major'])", "the giving tier is not major"),
        ("'VIP' in donor.tags", "“VIP” is among the tags of the donor"),
        ("!(donor.deceased || donor.merged)", None),
        ("action.segment.startsWith('Major')", "the segment to add to or remove from begins with “Major”"),
        ("donor.tags.exists(t, t == 'x')", "donor.tags.exists(t, t == 'x')"),
        (
            "1 + 2 * 3 > cadence.asks_90_days",
            "1 plus 2 times 3 is above asks of the household in the last 90 days",
        ),
        ("donor.deceased ? true : false", "donor.deceased ? true : false"),
    ],
)
def test_words(condition: str, words: str | None) -> None:
    environment().compile(condition)
    expected = words or ("it is not so that (the donor has died or the record was merged into another one)")
    assert condition_words(condition) == expected


@pytest.mark.parametrize("text", ["", "(", "a b", "a ==", "[1, 2", "!", "a || ", "f(1"])
def test_what_cannot_be_taken_apart_is_said_so(text: str) -> None:
    with pytest.raises(NotUnderstood):
        read_condition(text)
    assert condition_words(text) == text


@settings(max_examples=examples(37))
@given(st.sampled_from(["<", "<=", ">", ">="]), st.integers(2, 90), st.integers(0, 100), st.booleans())
def test_a_near_miss_is_what_the_engine_answers(facts, sign, threshold, value, mirrored) -> None:
    text = f"{threshold} {sign} ai.confidence" if mirrored else f"ai.confidence {sign} {threshold}"
    condition = environment().compile(text)
    values = binder(catalogue())(facts({"ai.confidence": value}))
    found = near_misses(condition, values)
    answer = condition.evaluate(environment().activation(values))
    reach = max(2, threshold // 5)
    others = [
        other
        for other in range(101)
        if condition.evaluate(environment().activation({**values, "ai.confidence": other})) is not answer
    ]
    nearest = min((abs(other - value), other) for other in others)[1] if others else None
    if nearest is None or abs(nearest - value) > reach:
        assert found == ()
    else:
        assert f"with {nearest} instead of {value} for" in found[0]


def test_a_change_that_other_conditions_outweigh_is_no_near_miss(facts) -> None:
    condition = environment().compile("donor.deceased && ai.confidence < 85")
    assert near_misses(condition, binder(catalogue())(facts({"ai.confidence": 85}))) == ()
