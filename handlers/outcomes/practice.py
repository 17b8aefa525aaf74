"""Practice, as people see it."""

from __future__ import annotations

from typing import Literal

from policy.drills import Caught
from policy.practice import Choice, Scenario, Standing
from policy.value import Value


class PracticeShown(Value):
    """What practice is and how somebody is doing; *team* for managers, *too_few* where it is hidden.

    *drills* says whether they asked for drills, *caught* and *team_caught* what those say.
    """

    type: Literal["practice"] = "practice"
    scenarios: int
    done: int
    standing: Standing
    team: Standing | None = None
    too_few: bool = False
    drills: bool = False
    caught: Caught = Caught()
    team_caught: Caught | None = None


class ScenarioShown(Value):
    """A decision to practise on as it reads today; *version* is that of the scenario it was made from."""

    type: Literal["scenario"] = "scenario"
    scenario: Scenario
    version: str
    number: int
    scenarios: int


class VerdictShown(Value):
    """What is to be said about somebody's answer."""

    type: Literal["verdict"] = "verdict"
    scenario: Scenario
    choice: Choice
    right: bool
    standing: Standing
    done: int
    scenarios: int


class DrillOver(Value):
    """What a drill's card turns into, for everybody who can read it; it says nothing about the answer."""

    type: Literal["drill_over"] = "drill_over"
    name: str


class DrillVerdict(Value):
    """What is to be said about an answer to a drill, to nobody but whoever gave it."""

    type: Literal["drill_verdict"] = "drill_verdict"
    scenario: Scenario
    choice: Choice
    right: bool
    caught: Caught
