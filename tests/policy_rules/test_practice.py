"""Practice: a library is read strictly, each person has an order, and figures single nobody out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from policy.practice import (
    SURENESS,
    Given,
    Library,
    PracticeInvalidError,
    Reliability,
    Share,
    Standing,
    judged,
    next_scenario,
    parse_library,
    standing,
    team_standing,
)

MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
SHIPPED = parse_library((files("policy") / "default" / "practice.yaml").read_text(), "practice.yaml")

ONE = """
scenarios:
  - id: thanks
    kind: clear
    donor: Harriet Bloom
    stage: stewardship
    happened: A gift came.
    proposal: Thank her.
    why: [It is not acknowledged.]
    confidence: high
    best: approve
    reasoning: Nothing speaks against it.
    clue: Everything agrees.
"""


def given(person: str, scenario: str, minutes: int, **more: Any) -> Given:
    usual = {"version": "v", "kind": "clear", "choice": "approve", "sureness": 75, "right": True}
    at = MORNING + timedelta(minutes=minutes)
    return Given(person=person, scenario_id=scenario, at=at, **{**usual, **more})


def test_the_shipped_scenarios_teach_yes_as_well_as_no() -> None:
    kinds = [each.kind for each in SHIPPED.scenarios]
    assert {kind: kinds.count(kind) >= 6 for kind in set(kinds)} == {
        "clear": True,
        "borderline": True,
        "obvious_miss": True,
    }
    best = [each.best for each in SHIPPED.scenarios]
    assert set(best) == {"approve", "edit", "defer", "escalate", "send_back", "decline"}
    # Whoever always says no must not do well, nor whoever always says yes.
    assert 0.25 <= best.count("approve") / len(best) <= 0.5
    for choice in set(best):
        assert sum(each.accepts(choice) for each in SHIPPED.scenarios) / len(best) <= 0.55, choice


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("best: approve", "best: aprove"), "practice.yaml:11:11: scenarios.0.best: Input should be"),
        (("id: thanks", "id: Thanks!"), "practice.yaml:3:9: scenarios.0.id: String should match"),
        (("kind: clear", "kind: obvious_miss"), "an obvious miss names its mistake"),
        (("kind: clear", "kind: clear\n    mistake: too late"), "an obvious miss names its mistake"),
        (
            ("kind: clear", "kind: obvious_miss\n    mistake: late"),
            "approving an obvious miss cannot be right",
        ),
        (("clue: Everything agrees.", "clue: ''"), "scenarios.0.clue: String should have at least 1"),
        (("    clue", "    hint: x\n    clue"), "scenarios.0.hint: Extra inputs are not permitted"),
        ((ONE, ONE + ONE.split("scenarios:")[1].lstrip("\n")), "two scenarios are called thanks"),
        ((ONE, "scenarios: []"), "practice.yaml:1:1: there is no scenario in it"),
        ((ONE, "scenarios: ["), "practice.yaml:"),
        ((ONE, ""), "practice.yaml:1:1"),
    ],
)
def test_a_faulty_library_is_refused_whole_with_its_place(change: tuple[str, str], said: str) -> None:
    with pytest.raises(PracticeInvalidError) as problem:
        parse_library(ONE.replace(*change), "practice.yaml")
    assert said in str(problem.value)


def test_an_edited_scenario_is_a_new_one() -> None:
    [one] = parse_library(ONE, "p").scenarios
    [same] = parse_library("# a comment\n" + ONE, "p").scenarios
    [other] = parse_library(ONE.replace("Thank her.", "Thank her soon."), "p").scenarios
    assert (one.version == same.version, one.version == other.version) == (True, False)


def test_what_is_new_comes_first_then_what_was_wrong_then_the_oldest() -> None:
    library = Library(scenarios=SHIPPED.scenarios[:4])
    answers: list[Given] = []
    for minute in range(4):
        scenario = next_scenario(library, "UOLIVIA", answers)
        assert scenario is not None
        assert scenario.id not in {each.scenario_id for each in answers}
        choice = "defer" if minute == 2 else scenario.best
        answers.append(judged(scenario, "UOLIVIA", choice, 95, MORNING + timedelta(minutes=minute)))
    wrong = [each.scenario_id for each in answers if not each.right]
    again = next_scenario(library, "UOLIVIA", answers)
    assert again is not None
    assert [again.id] == wrong
    answers.append(judged(again, "UOLIVIA", again.best, 95, MORNING + timedelta(minutes=9)))
    oldest = next_scenario(library, "UOLIVIA", answers)
    assert oldest is not None
    assert oldest.id == answers[0].scenario_id


def test_colleagues_do_not_see_the_same_order() -> None:
    first = {next_scenario(SHIPPED, f"U{n}", []) for n in range(30)}
    assert len(first) > 5
    assert next_scenario(Library(), "U1", []) is None


def test_only_the_first_answer_to_a_scenario_counts() -> None:
    answers = [
        given("U1", "a", 0, right=False, kind="obvious_miss", sureness=95),
        given("U1", "a", 5, right=True, kind="obvious_miss", sureness=95),
        given("U1", "b", 1, right=True, kind="obvious_miss", sureness=50),
        given("U1", "c", 2, right=True),
    ]
    assert standing(answers) == Standing(
        answered=Share(count=2, of=3),
        caught=Share(count=1, of=2),
        reliability=(
            Reliability(sureness=50, right=Share(count=1, of=1)),
            Reliability(sureness=75, right=Share(count=1, of=1)),
            Reliability(sureness=95, right=Share(count=0, of=1)),
        ),
    )


def team(people: int, **more: Any) -> list[Given]:
    return [given(f"U{n}", "a", n, **more) for n in range(people)]


def test_a_team_is_shown_from_five_people_on() -> None:
    assert team_standing(team(4)) is None
    assert team_standing([*team(4), given("U0", "b", 9), given("U0", "c", 9)]) is None
    assert team_standing(team(5)) == Standing(
        answered=Share(count=5, of=5), reliability=(Reliability(sureness=75, right=Share(count=5, of=5)),)
    )


def test_no_part_and_no_remainder_of_a_team_is_one_persons() -> None:
    one_certain = [*team(6), given("U9", "b", 1, sureness=95)]
    assert team_standing(one_certain) == Standing(answered=Share(count=7, of=7))
    one_miss = [*team(6), given("U9", "b", 1, kind="obvious_miss")]
    shown = team_standing(one_miss)
    assert shown is not None
    assert shown.caught == Share()
    misses = [*team(6), *[each.model_copy(update={"kind": "obvious_miss"}) for each in team(6)]]
    both = team_standing([each.model_copy(update={"scenario_id": f"{n}"}) for n, each in enumerate(misses)])
    assert both is not None
    assert both.caught == Share(count=6, of=6)
    assert {each.sureness for each in both.reliability} <= set(SURENESS)
