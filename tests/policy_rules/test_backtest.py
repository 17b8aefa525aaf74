"""Two versions of the rules on the same recorded facts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from policy.backtest import Rehearsal, backtest
from policy.backtest_text import headline, remarks
from policy.canonical import canonical_json
from policy.cases import case_facts
from policy.decide import compile_policy, decide
from policy.decision import Outcome
from policy.fact_row import row_of
from policy.language import parse_policy
from policy.recorded import (
    NotReplayable,
    RecordedDecision,
    Replayable,
    excerpt_of,
    read_excerpt,
    read_recorded,
    read_replayable,
)
from tests.examples import examples

START = datetime(2026, 1, 1, tzinfo=UTC)
# Each edit of the default policy, with what it may do to an answer: loosen it, tighten it, both or nothing.
EDITS = {
    "cadence.days_since_ask < 30\n": ("cadence.days_since_ask < 20\n", "loosen"),
    "ai.confidence < 70": ("ai.confidence < 90", "tighten"),
    "cadence.asks_90_days >= 3": ("cadence.asks_90_days >= 2", "tighten"),
    "{role: compliance, count: 1}": ("{role: manager, count: 1}", "both"),
    "oblige: {notify: manager}": ("oblige: {notify: admin}", "both"),
    "oblige: {mask_field: amount}": ("deny: true", "tighten"),
    "Nobody is asked in this period.": ("Nobody is asked for gifts in this period.", "nothing"),
}


@pytest.fixture(scope="module")
def decisions(compiled, cases) -> list[Replayable]:
    return [
        Replayable(
            entry_id=f"e{number:04d}",
            at=START + timedelta(hours=number),
            donor_id=f"d{number % 50}",
            owner_id=f"s{number % 3}" if number % 7 else None,
            became="executed",
            row=row_of(facts),
            outcome=decide(compiled, facts).outcome,
        )
        for number, facts in enumerate(case_facts(cases, case) for case in cases.cases)
    ]


def edited(policy_text: str, *names: str):
    for name in names:
        assert name in policy_text
        policy_text = policy_text.replace(name, EDITS[name][0])
    return compile_policy(parse_policy(policy_text, "p"))


def test_the_same_rules_change_nothing(compiled, decisions) -> None:
    report = backtest(decisions, compiled, compiled)
    assert headline(report) == f"All {len(decisions)} recorded decisions would get the same answer."
    assert (report.loosens, report.may_loosen, report.gates, report.differs_from_record) == (
        False,
        False,
        (),
        0,
    )
    assert list(remarks(report)) == []


@pytest.mark.parametrize("name", EDITS)
def test_a_change_goes_the_way_it_was_meant(compiled, policy_text, decisions, name: str) -> None:
    way = EDITS[name][1]
    report = backtest(decisions, compiled, edited(policy_text, name))
    found = {
        "loosen": (True, False),
        "tighten": (False, True),
        "both": (True, False),
        "nothing": (False, False),
    }
    assert (report.loosened.decisions > 0, report.tightened.decisions > 0) == found[way]
    assert report.may_loosen is (way != "nothing")
    assert report.loosened.decisions == len(report.loosened_list)


def test_the_report_is_what_deciding_one_by_one_gives(compiled, policy_text, cases, decisions) -> None:
    other = edited(policy_text, *EDITS)
    report = backtest(decisions, compiled, other)
    asked = [case_facts(cases, case) for case in cases.cases]
    pairs = [(decide(compiled, facts), decide(other, facts)) for facts in asked]
    for transition in report.transitions:
        both = (transition.before, transition.after)
        assert transition.decisions == sum((one.outcome, two.outcome) == both for one, two in pairs)
    for gate in report.gates:
        assert gate.matched_before == sum(gate.id in one.gate_ids for one, _ in pairs)
        assert gate.matched_after == sum(gate.id in two.gate_ids for _, two in pairs)
    rank = list(Outcome)
    softer = {
        each.entry_id
        for each, (one, two) in zip(decisions, pairs, strict=True)
        if rank.index(two.outcome) < rank.index(one.outcome)
    }
    assert softer == {c.entry_id for c in report.loosened_list if "outcome" in c.loosened_by}
    refused = sum(two.outcome is Outcome.DENY is not one.outcome for one, two in pairs)
    assert report.consequences.carried_out_now_refused == refused


@settings(max_examples=examples(8))
@given(st.sets(st.sampled_from(list(EDITS)), min_size=1), st.integers(0, 2**16))
def test_the_order_of_the_past_does_not_matter(compiled, policy_text, decisions, names, seed) -> None:
    other = edited(policy_text, *sorted(names))
    shuffled = random.Random(seed).sample(decisions, len(decisions))
    rehearsal = Rehearsal(compiled, other)
    rehearsal.take(shuffled[:70])
    rehearsal.take(shuffled[70:])
    one, two = rehearsal.report(), backtest(decisions, compiled, other)
    assert one.model_dump_json() == two.model_dump_json()


def test_backwards_what_loosened_tightens(compiled, policy_text, decisions) -> None:
    other = edited(policy_text, "cadence.days_since_ask < 30\n", "ai.confidence < 70")
    there, back = backtest(decisions, compiled, other), backtest(decisions, other, compiled)
    assert {c.entry_id for c in there.loosened_list} == {c.entry_id for c in back.tightened_list}
    assert {c.entry_id for c in there.tightened_list} == {c.entry_id for c in back.loosened_list}
    assert back.differs_from_record > 0


def test_added_and_removed_gates_are_named(compiled, policy) -> None:
    guard = policy.guards[0]
    fewer = compile_policy(policy.model_copy(update={"guards": policy.guards[1:]}))
    removed, added = backtest([], compiled, fewer), backtest([], fewer, compiled)
    assert [(g.id, g.change) for g in removed.gates] == [(guard.id, "removed")]
    assert [(g.id, g.change) for g in added.gates] == [(guard.id, "added")]
    assert (removed.may_loosen, added.may_loosen) == (True, False)
    assert headline(removed).startswith("No recorded decision could be replayed")


def test_the_gravest_come_first_and_long_lists_are_cut(compiled, policy_text, decisions, monkeypatch) -> None:
    monkeypatch.setattr("policy.backtest.MOST_LISTED", 30)
    other = edited(policy_text, "cadence.days_since_ask < 30\n", "{role: compliance, count: 1}")
    many = [
        replace(each, entry_id=f"{each.entry_id}-{index}", donor_id=None)
        for index in range(20)
        for each in decisions
    ]
    report = backtest(many, compiled, other)
    total = report.loosened.decisions
    assert total > 2 * 30
    assert (len(report.loosened_list), report.loosened_unlisted) == (30, total - 30)
    outcomes = [change.before.outcome for change in report.loosened_list]
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome is not Outcome.DENY)
    assert (report.loosened.donors, report.tightened.decisions) == (0, 0)


def test_what_cannot_be_replayed_is_counted_and_never_guessed(compiled, decisions) -> None:
    lost = [
        NotReplayable(entry_id=f"lost-{n}", at=START + timedelta(days=n), why="erased") for n in range(500)
    ]
    report = backtest([*reversed(lost), *decisions], compiled, compiled)
    [bucket] = report.not_replayed
    assert (bucket.decisions, bucket.entry_ids) == (500, tuple(f"lost-{n}" for n in range(20)))
    assert report.replayed == len(decisions)


def test_a_later_delay_is_stricter_and_an_earlier_one_looser(policy_text, facts) -> None:
    blackout = {
        "cal.in_blackout": True,
        "cal.blackouts": ["Quiet"],
        "cal.blackout_ends_at": "2026-11-24T18:00:00.5Z",
    }
    whole = compile_policy(parse_policy(policy_text, "p"))
    sooner = policy_text.replace(
        "oblige: {delay_until: cal.blackout_ends_at}", "oblige: {delay_until: cal.now}"
    )
    outcome = decide(whole, facts(blackout)).outcome
    recorded = Replayable(entry_id="e", at=START, donor_id="d", row=row_of(facts(blackout)), outcome=outcome)
    report = backtest([recorded], whole, compile_policy(parse_policy(sooner, "p")))
    assert [change.loosened_by for change in report.loosened_list] == [("lost_obligations",)]
    back = backtest([recorded], compile_policy(parse_policy(sooner, "p")), whole)
    assert (back.loosened.decisions, back.tightened.decisions) == (0, 1)


@pytest.mark.parametrize(
    ("spoil", "why", "detail"),
    [
        (lambda p: None, "erased", ""),
        (lambda p: {}, "nothing_recorded", ""),
        (lambda p: p["decision_facts"]["door"].pop("kind"), "facts_of_another_version", "door.kind"),
        (lambda p: p["decision_facts"]["action"].pop("amount"), "facts_of_another_version", "action.amount"),
        (lambda p: p["decision_facts"]["door"].update(new=1), "facts_of_another_version", "door.new"),
        (
            lambda p: p["decision_facts"]["ai"].update(confidence="85"),
            "facts_of_another_version",
            "ai.confidence",
        ),
        (lambda p: p["decision_facts"].update(door=None), "facts_of_another_version", "door"),
    ],
)
def test_facts_of_another_form_are_refused(compiled, facts, spoil, why: str, detail: str) -> None:
    payload = {
        "decision_facts": facts().model_dump(mode="json"),
        "decision": decide(compiled, facts()).model_dump(mode="json"),
    }
    whole = read_recorded("e", START, to_json(payload), donor_id="d")
    assert isinstance(whole, RecordedDecision)
    assert (whole.facts, whole.decision) == (facts(), decide(compiled, facts()))
    spoiled = spoil(payload)
    given_payload = spoiled if spoiled in (None, {}) and why in ("erased", "nothing_recorded") else payload
    found = read_recorded("e", START, None if given_payload is None else to_json(given_payload), donor_id="d")
    assert found == NotReplayable(entry_id="e", at=START, why=why, detail=detail)
    lean = read_replayable(
        "e", START, None if given_payload is None else to_json(given_payload), donor_id="d"
    )
    assert lean == found


def test_an_excerpt_is_read_as_what_was_written(compiled, cases) -> None:
    for case in cases.cases:
        facts = case_facts(cases, case)
        outcome = decide(compiled, facts).outcome
        payload = {"decision_facts": facts.model_dump(mode="json"), "decision": {"outcome": outcome.value}}
        written = canonical_json(excerpt_of(facts, outcome, "s1"))
        short = read_excerpt("e", START, written, donor_id="d", became="executed")
        whole = read_replayable("e", START, to_json(payload), donor_id="d", owner_id="s1", became="executed")
        assert short == whole


@pytest.mark.parametrize("written", [b"", b"[]", b'{"facts":[],"outcome":"allow","owner_id":null}'])
def test_an_excerpt_that_was_damaged_is_not_replayed(written: bytes) -> None:
    found = read_excerpt("e", START, written, donor_id="d")
    assert found == NotReplayable(entry_id="e", at=START, why="nothing_recorded")
