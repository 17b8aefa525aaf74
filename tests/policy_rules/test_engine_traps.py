"""Each way in which the engine could quietly turn a rule off, kept shut."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.conditions import ENGINE, ConditionInvalidError, Failed, environment
from policy.decide import compile_policy, decide
from policy.decision_facts import CalendarFacts
from policy.fact_catalogue import catalogue
from policy.language import PolicyInvalidError, parse_policy

HEAD = "policy: 1\ntitle: A test\nguards:\n"


def guard(when: str) -> str:
    gate = "  - id: the_gate\n    reason: A reason for people.\n"
    return f"{HEAD}{gate}    when: >-\n      {when}\n    deny: true\n"


def fault(when: str) -> str:
    with pytest.raises(PolicyInvalidError) as caught:
        parse_policy(guard(when), "p.yaml")
    return str(caught.value)


def ask(when: str, **values: object) -> object:
    condition = environment().compile(when)
    bound = {name.replace("__", "."): value for name, value in values.items()}
    return condition.evaluate(environment().activation(bound))


def test_the_engine_is_the_one_that_was_examined() -> None:
    assert f"cel-expr-python {importlib.metadata.version('cel-expr-python')}".startswith(ENGINE)


def test_an_error_is_not_a_no() -> None:
    answer = ask("donor.deceased")
    assert answer == Failed("donor.deceased is missing", answer.detail)


def test_a_missing_fact_is_absorbed_only_where_it_cannot_matter() -> None:
    question = "cadence.has_days_since_ask && cadence.days_since_ask < 30"
    assert ask(question, cadence__has_days_since_ask=False) is False
    assert ask(question, cadence__has_days_since_ask=True, cadence__days_since_ask=3) is True
    assert ask(question, cadence__has_days_since_ask=True) == Failed("cadence.days_since_ask is missing", ANY)


class _Any:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None


ANY = _Any()


@pytest.mark.parametrize(
    ("value", "question"),
    [
        (1, "donor.deceased"),
        (None, "donor.deceased"),
        ("yes", "donor.deceased"),
    ],
)
def test_a_value_of_the_wrong_type_is_no_answer(value: object, question: str) -> None:
    assert isinstance(ask(question, donor__deceased=value), Failed)


def test_values_the_engine_refuses_are_no_answer() -> None:
    assert isinstance(ask("ai.confidence > 3", ai__confidence=2**63), Failed)
    assert isinstance(ask("cal.now > cal.blackout_ends_at", cal__now=datetime(1, 1, 1, tzinfo=UTC)), Failed)


def test_a_budget_overrun_is_no_answer() -> None:
    tags, segments = [f"tag {index}" for index in range(500)], [f"segment {index}" for index in range(500)]
    question = "donor.tags.exists(a, donor.segments.exists(b, a == b))"
    assert isinstance(ask(question, donor__tags=tags, donor__segments=segments), Failed)


def test_a_policy_that_could_overrun_the_budget_is_refused() -> None:
    assert "no answer for some facts" in fault("donor.tags.exists(a, donor.segments.exists(b, a == b))")


@pytest.mark.parametrize("size", [0, 1, 500])
def test_a_long_list_fits_the_budget(size: int) -> None:
    tags = [f"entry {index}" for index in range(size)]
    assert ask("donor.tags.exists(tag, tag == 'absent')", donor__tags=tags) is False


def test_durations_in_days_are_refused_at_load() -> None:
    assert "no answer for some facts" in fault("cal.now - cal.now < duration('90d')")


def test_an_unguarded_optional_fact_is_refused_at_load() -> None:
    message = fault("cadence.days_since_ask < 30")
    assert "cadence.days_since_ask is missing" in message
    assert "cadence.has_days_since_ask && ..." in message


def test_an_optional_fact_behind_a_rare_condition_is_refused_at_load() -> None:
    rare = "action.kind == 'assign_owner' && donor.vulnerable && cadence.asks_90_days == 7"
    when = f"{rare} && giving.days_since_gift < 3"
    assert "giving.days_since_gift is missing" in fault(when)


def test_dividing_by_a_fact_is_refused_at_load() -> None:
    assert "no answer for some facts" in fault("100 / cadence.asks_90_days > 3")


def test_a_regular_expression_that_is_broken_is_refused_at_load() -> None:
    assert "no answer for some facts" in fault("donor.region.matches('[')")


def test_a_regular_expression_cannot_run_away() -> None:
    started = time.thread_time()
    assert ask("donor.region.matches('^(a+)+$')", donor__region="a" * 200 + "b") is False
    assert time.thread_time() - started < 5


def test_whole_and_broken_numbers_do_not_mix() -> None:
    assert "a whole number and a number with a point do not go together" in fault("ai.confidence > 5.0")


@pytest.mark.parametrize("question", ["ai.confidence", "1 + 1", "donor.tier"])
def test_what_is_no_question_is_refused(question: str) -> None:
    with pytest.raises(ConditionInvalidError, match="yes-or-no"):
        environment().compile(question)


@pytest.mark.parametrize(
    "question",
    [
        "has(donor.tier)",
        "donor.tags.map(t, t) == donor.tags",
        "donor.tier + 'a' == 'b'",
        "dyn(ai.confidence) == 'x'",
        "type(ai.confidence) == int",
        "cel.bind(x, 1, x == 1)",
        "donor.deceased && " * 150 + "donor.deceased",
        "(" * 40 + "donor.deceased" + ")" * 40,
    ],
)
def test_what_was_cut_from_the_language_is_refused(question: str) -> None:
    with pytest.raises(ConditionInvalidError):
        environment().compile(question)


def test_filter_still_works() -> None:
    assert ask("donor.tags.filter(t, t == 'a').size() == 1", donor__tags=["a", "b"]) is True


def test_joining_lists_stays_small_and_quick() -> None:
    tags = [f"{index:03d}" * 80 for index in range(500)]
    with pytest.raises(ConditionInvalidError, match="more than 32 levels deep"):
        environment().compile(f"({' + '.join(['donor.tags'] * 100)}).size() > 0")
    doubled = " + ".join(["donor.tags"] * 25)
    question = f"(({doubled}) + ({doubled}) + ({doubled})).size() == 37500"
    started = time.thread_time()
    assert ask(question, donor__tags=tags) is True
    assert time.thread_time() - started < 5


def test_no_fact_is_a_map_in_which_the_engine_would_lose_a_time() -> None:
    assert {fact.kind for fact in catalogue().values()} == {"bool", "int", "string", "timestamp", "list"}
    assert ask("cal.now.getHours() == 7", cal__now=datetime(2026, 3, 1, 7, tzinfo=UTC)) is True


@pytest.mark.parametrize(
    ("moment", "hour"),
    [
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), 3),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), 1),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), 1),
    ],
)
def test_the_engine_knows_when_clocks_change(moment: datetime, hour: int) -> None:
    assert ask(f"cal.now.getHours('America/New_York') == {hour}", cal__now=moment) is True


def test_naive_times_never_reach_a_rule() -> None:
    with pytest.raises(ValidationError):
        CalendarFacts(
            now=datetime(2026, 1, 1),  # noqa: DTZ001 - the point of the test
            hour=0,
            weekday=1,
            quiet_hours=False,
            in_blackout=False,
            blackouts=(),
        )


def test_the_time_zone_of_the_process_does_not_matter() -> None:
    script = (
        "from datetime import *\nfrom policy.conditions import environment as e\n"
        "now = datetime(2026, 3, 1, 2, tzinfo=timezone(timedelta(hours=-5)))\n"
        "c = e().compile(\"cal.now == timestamp('2026-03-01T07:00:00Z')\")\n"
        "print(c.evaluate(e().activation({'cal.now': now})))\n"
    )
    for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
        ran = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "TZ": zone, "PYTHONPATH": os.pathsep.join(p or "." for p in sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == "True", zone


def test_the_version_does_not_depend_on_the_compiled_form(policy_text: str) -> None:
    assert len({compile_policy(parse_policy(policy_text, "p")).version for _ in range(3)}) == 1


def test_a_broken_value_denies_whatever_else_matches(compiled, facts) -> None:
    whole = facts({"rollout.phase": 3})
    broken = whole.model_copy(update={"donor": whole.donor.model_copy(update={"vulnerable": "perhaps"})})
    decision = decide(compiled, broken)
    assert decision.outcome == "deny"
    assert decision.gate_ids == ("planned_contact", "owner_approves_in_phase_three", "policy_error")
    assert [error.id for error in decision.errors] == ["vulnerable_contact"]


@given(
    st.lists(
        st.sampled_from(
            [
                "donor.deceased",
                "cadence.days_since_ask < 30",
                "ai.confidence > 50",
                "1 / cadence.asks_90_days == 1",
                "donor.tags.exists(t, donor.tags.exists(u, t == u && t == 'z'))",
                "true",
                "false",
            ]
        ),
        max_size=6,
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "donor.deceased": st.booleans(),
            "cadence.days_since_ask": st.integers(0, 60),
            "ai.confidence": st.integers(0, 100),
            "cadence.asks_90_days": st.integers(0, 2),
            "donor.tags": st.sampled_from([["a"], [f"tag {index}" for index in range(200)]]),
        },
    ),
)
def test_asking_together_is_asking_one_by_one(questions: list[str], values: dict[str, object]) -> None:
    conditions = [environment().compile(question) for question in questions]
    activation = environment().activation(values)
    together = environment().bundle(conditions).evaluate(activation)
    assert list(together) == [condition.evaluate(activation) for condition in conditions]
