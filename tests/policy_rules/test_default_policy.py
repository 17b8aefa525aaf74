"""The policy an organisation starts with: its cases hold, every gate is tried both ways, mistakes show."""

from __future__ import annotations

import pytest

from policy.cases import CaseFailure, CaseReport, CasesInvalidError, Expectation, parse_cases, run_cases
from policy.decision import Outcome
from policy.mutation import check_mutations, mutants
from tests.policy_rules.conftest import ROOT


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


def faults(text: str) -> list[str]:
    with pytest.raises(CasesInvalidError) as caught:
        parse_cases(text, "c.yaml")
    return [str(fault) for fault in caught.value.faults]


OUTCOMES, KEYS = "allow, require_approval, deny", "outcome, gates, approvals, obligations"
CASE = "  - {name: The same, expect: {outcome: allow, gates: []}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "base: {}\ncases: []\nextra: 1\n",
            ["c.yaml:3:1: extra is not known here; known are base, cases"],
        ),
        ("base: {}\nbase: {}\n", ["c.yaml:2:1: base appears twice"]),
        (
            f"base: {{}}\ncases:\n{CASE.replace('allow', 'alow').replace('gates', 'gate')}",
            [
                "c.yaml:3:30: gates is missing",
                f"c.yaml:3:40: alow is not one of the choices for outcome: {OUTCOMES} (did you mean allow?)",
                f"c.yaml:3:46: gate is not known here; known are {KEYS} (did you mean gates?)",
            ],
        ),
        (
            f"base: {{}}\ncases:\n{CASE}{CASE}",
            [
                "c.yaml:1:1: facts are missing: action, donor, record, household, consent and 10 more",
                "c.yaml:4:12: two cases are called 'The same'",
            ],
        ),
    ],
)
def test_unusable_cases_name_every_fault(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


def test_facts_that_do_not_exist_or_fit_are_found_where_they_stand() -> None:
    text = (ROOT / "policy/default/cases.yaml").read_text()
    text = text.replace("  donor.tier: annual\n", "  donor.teir: annual\n", 1)
    found = faults(text)
    line = text[: text.index("donor.teir")].count("\n") + 1
    assert found == [
        "c.yaml:10:1: facts are missing: donor.tier",
        f"c.yaml:{line}:3: there is no fact donor.teir (did you mean donor.tier?)",
    ]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("ai.confidence: 69", "ai.confidence: 690", "ai.confidence may be at most 100"),
        ("donor.vulnerable: true", 'donor.vulnerable: "yes"', "donor.vulnerable must be true or false"),
        (
            "donor.tier: major",
            "donor.tier: majr",
            "donor.tier must be one of 'annual', 'mid_level', 'major', ",
        ),
    ],
)
def test_a_fact_of_a_case_that_does_not_fit_is_found(before: str, after: str, message: str) -> None:
    text = (ROOT / "policy/default/cases.yaml").read_text()
    where = text.index(f"      {before}\n")
    text = text.replace(f"      {before}\n", f"      {after}\n", 1)
    assert faults(text)[0].startswith(f"c.yaml:{text[:where].count(chr(10)) + 1}:7: {message}")


def test_an_expected_gate_that_is_not_there_names_its_neighbour(policy, cases) -> None:
    case = cases.cases[0]
    wrong = case.model_copy(update={"expect": case.expect.model_copy(update={"gates": ("planed_contact",)})})
    [failure] = run_cases(policy, cases.model_copy(update={"cases": (wrong,)})).failures
    assert failure.differences[0] == (
        "gate planed_contact is not in the policy (did you mean planned_contact?)"
    )


def test_reasons_are_for_people(policy) -> None:
    for gate in policy.gates:
        assert gate.reason.endswith("."), gate.id
        assert gate.reason[0].isupper(), gate.id
        for jargon in ("_", "gate", "guard", "grant", "CEL", "boolean", "null", "execute"):
            assert jargon not in gate.reason, (gate.id, jargon)
