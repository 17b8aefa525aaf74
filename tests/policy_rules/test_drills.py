"""Drills: when they come, what they are about, and figures that single nobody out."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from policy.drills import Caught, Drill, caught, next_drill_at, scenario_for, team_caught
from policy.practice import Library, Share, parse_library
from policy.working_time import WorkingTime

MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
SHIPPED = parse_library((files("policy") / "default" / "practice.yaml").read_text(), "practice.yaml")
HOURS = WorkingTime(
    time_zone="Europe/Berlin",
    weekdays=frozenset({1, 2, 3, 4, 5}),
    start_hour=9,
    end_hour=17,
    closed=frozenset({date(2026, 11, 26)}),
)


def drill(person: str, number: int, **more: Any) -> Drill:
    usual = {"kind": "obvious_miss", "state": "answered", "choice": "edit", "right": True}
    usual |= {"ended_at": MORNING, "scenario_id": f"s{number}"}
    return Drill(
        id=f"drill-{person}-{number}",
        person=person,
        version="v",
        made_at=MORNING,
        due_at=MORNING + timedelta(days=3),
        **{**usual, **more},
    )


def test_they_come_in_working_time_at_moments_nobody_foresees() -> None:
    moments = {next_drill_at(MORNING, HOURS, f"turn {n}") for n in range(300)}
    assert len(moments) > 250
    assert all(HOURS.is_working(moment) for moment in moments)
    assert {moment.date() for moment in moments} == {
        *(date(2026, 11, day) for day in (24, 25, 27, 30)),
        *(date(2026, 12, day) for day in (1, 2)),
    }


def test_most_have_a_mistake_some_have_none_and_none_comes_twice_before_the_others() -> None:
    past: list[Drill] = []
    kinds: Counter[str] = Counter()
    for n in range(400):
        scenario = scenario_for(SHIPPED, past[-7:], f"turn {n}", MORNING)
        assert scenario is not None
        kinds[scenario.kind] += 1
        assert scenario.kind != "obvious_miss" or scenario.id not in {each.scenario_id for each in past[-7:]}
        past.append(drill("U1", n, scenario_id=scenario.id))
    assert set(kinds) == {"obvious_miss", "clear"}
    assert 60 < kinds["clear"] < 140
    assert scenario_for(Library(), [], "turn", MORNING) is None


@pytest.mark.parametrize(("people", "shown"), [(4, None), (5, Share(count=4, of=5))])
def test_a_team_is_shown_from_five_people_on(people: int, shown: Share | None) -> None:
    drills = [drill(f"U{n}", n, right=n > 0) for n in range(people)]
    found = team_caught([*drills, drill("U0", 99, kind="clear", choice="approve")])
    assert found == (Caught(mistakes=shown) if shown else None)


def test_what_nobody_answered_counts_for_nothing() -> None:
    nothing = {"state": "ended", "choice": None, "right": None}
    assert caught([drill("U1", 1, **nothing), drill("U1", 2), drill("U1", 3, kind="clear", right=False)]) == (
        Caught(mistakes=Share(count=1, of=1), genuine=Share(count=0, of=1))
    )
