"""The policy an organisation starts with: its cases hold, every gate is tried both ways, mistakes show."""

from __future__ import annotations

import pytest

from policy.cases import CaseFailure, CaseReport, CasesInvalidError, Expectation, parse_cases, run_cases
from policy.decision import Outcome
from policy.mutation import check_mutations, mutants


def test_every_case_holds_and_every_gate_is_tried_both_ways(policy, cases) -> None:
    expected = CaseReport(ran=len(cases.cases), failures=(), never_matched=(), always_matched=())
    assert run_cases(policy, cases) == expected


def test_no_small_mistake_goes_unnoticed(policy, cases) -> None:
    report = check_mutations(policy, cases)
    assert report.survivors == ()
    assert report.tried > 400
    assert report.equivalent < 10


def test_a_mistake_goes_unnoticed_without_the_case_for_it(policy, cases) -> None:
    fewer = cases.model_copy(
        update={"cases": tuple(case for case in cases.cases if case.facts.get("record.age_minutes") != 60)}
    )
    survivors = check_mutations(policy, fewer).survivors
    assert {survivor.gate for survivor in survivors} == {"stale_record"}
    assert all(survivor in list(mutants(policy)) for survivor in survivors)


def test_a_gate_nobody_tries_is_reported(policy, cases) -> None:
    fewer = cases.model_copy(
        update={
            "cases": tuple(case for case in cases.cases if "outsiders_in_channel" not in case.expect.gates)
        }
    )
    report = run_cases(policy, fewer)
    assert (report.ok, report.never_matched) == (False, ("outsiders_in_channel",))


def test_a_wrong_expectation_is_spelled_out(policy, cases) -> None:
    expected = Expectation(outcome=Outcome.ALLOW, gates=("planned_contact", "ai_label"))
    wrong = cases.cases[0].model_copy(update={"expect": expected})
    report = run_cases(policy, cases.model_copy(update={"cases": (wrong,)}))
    assert report.failures == (
        CaseFailure(
            case="The owner approves an ordinary follow-up",
            differences=(
                "outcome: expected allow, got require_approval",
                "gate ai_label did not match",
                "gate owner_approves_writes matched unexpectedly",
                "approvals: expected none, got 1 owner",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base: {}\ncases: []\nextra: 1\n", "c.yaml:3:8: Extra inputs are not permitted"),
        ("base: {}\nbase: {}\n", "c.yaml:2: base appears twice"),
    ],
)
def test_unusable_cases_say_where(text: str, message: str) -> None:
    with pytest.raises(CasesInvalidError, match=message):
        parse_cases(text, "c.yaml")


def test_two_cases_of_one_name_are_refused(cases) -> None:
    case = "  - {name: The same, expect: {outcome: allow, gates: []}}\n"
    with pytest.raises(CasesInvalidError, match="two cases are called 'The same'"):
        parse_cases(f"base: {{}}\ncases:\n{case}{case}", "c.yaml")


def test_a_case_with_an_unknown_fact_is_refused(policy, cases) -> None:
    odd = cases.cases[0].model_copy(update={"facts": {"donor.teir": "major"}})
    with pytest.raises(CasesInvalidError, match=r"donor\.teir"):
        run_cases(policy, cases.model_copy(update={"cases": (odd,)}))


def test_reasons_are_for_people(policy) -> None:
    for gate in policy.gates:
        assert gate.reason.endswith("."), gate.id
        assert gate.reason[0].isupper(), gate.id
        for jargon in ("_", "gate", "guard", "grant", "CEL", "boolean", "null", "execute"):
            assert jargon not in gate.reason, (gate.id, jargon)
