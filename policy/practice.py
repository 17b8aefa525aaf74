"""Practice: made-up decisions with a considered answer, and what somebody's answers to them say.

Nothing here touches a donor: the people in a scenario do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from policy.actions import FieldChange
from policy.canonical import digest
from policy.donor import LifecycleStage, Tier
from policy.value import Value
from policy.yaml_source import YamlInvalidError, YamlSource, read_yaml

Choice = Literal["approve", "edit", "defer", "escalate", "send_back", "decline"]
CHOICES: tuple[Choice, ...] = ("approve", "edit", "defer", "escalate", "send_back", "decline")
Kind = Literal["clear", "borderline", "obvious_miss"]
Sureness = Literal[50, 75, 95]
SURENESS: tuple[Sureness, ...] = (50, 75, 95)
"""How sure somebody is that their answer is right, in per cent."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
ScenarioId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]

SMALLEST_GROUP = 5
"""Nobody's answers are shown to a manager in a group of fewer people."""
MOST_SCENARIOS = 500
_DAY = re.compile(r"\{([+-]\d{1,4})\}")


class PracticeInvalidError(ValueError):
    """A library of scenarios cannot be used; the message says where and why."""


class Past(Value):
    """One line of a made-up history."""

    days_ago: Annotated[int, Field(ge=0, le=4000)]
    text: Words


SMALL = frozenset({"Task", "Acknowledged"})
"""What the cards change that may be approved several at a time: a new task, a thank-you that is recorded."""


class Scenario(Value):
    """One decision to practise on: what the card shows, what is right, and why.

    *acceptable* are answers as good as *best*. An obvious miss holds a *mistake* that a careful reader sees
    on the card itself; *clue* says where it was to be seen. *as_of* is the day a scenario was placed on.
    """

    id: ScenarioId
    kind: Kind
    mistake: Words | None = None
    donor: Words
    stage: LifecycleStage
    tier: Tier | None = None
    marks: tuple[Words, ...] = ()
    happened: Words
    proposal: Words
    changes: Annotated[tuple[FieldChange, ...], Field(max_length=6)] = ()
    why: Annotated[tuple[Words, ...], Field(min_length=1, max_length=6)]
    unknown: Annotated[tuple[Words, ...], Field(max_length=6)] = ()
    history: Annotated[tuple[Past, ...], Field(max_length=6)] = ()
    confidence: Literal["high", "medium", "low"]
    best: Choice
    acceptable: tuple[Choice, ...] = ()
    reasoning: Words
    clue: Words
    as_of: date | None = None

    @model_validator(mode="after")
    def misses_name_their_mistake(self) -> Self:
        """Refuse an obvious miss without its mistake, one that may be approved, and a mistake elsewhere."""
        if (self.mistake is not None) != (self.kind == "obvious_miss"):
            raise ValueError("an obvious miss names its mistake, and nothing else has one")
        if self.kind == "obvious_miss" and self.accepts("approve"):
            raise ValueError("approving an obvious miss cannot be right")
        return self

    @property
    def is_small(self) -> bool:
        """Say whether a real card like it may be among those approved several at a time."""
        fields = {change.field for change in self.changes}
        return (
            bool(fields)
            and fields <= SMALL
            and not self.marks
            and self.tier not in ("major", "principal")
            and self.confidence != "low"
        )

    @property
    def version(self) -> str:
        """Return what changes with any part of the scenario: sixteen hexadecimal digits."""
        return digest(self)[:16]

    def on(self, today: date) -> Scenario:
        """Return the scenario as it reads *today*: "{-3}" becomes the day three days ago, as "12 Nov"."""

        def placed(part: Any) -> Any:
            if isinstance(part, str):
                return _DAY.sub(lambda found: _spelled(today + timedelta(days=int(found[1]))), part)
            if isinstance(part, dict):
                return {name: placed(value) for name, value in part.items()}
            return [placed(each) for each in part] if isinstance(part, list | tuple) else part

        return Scenario.model_validate({**placed(self.model_dump(mode="json")), "as_of": today})

    def accepts(self, choice: Choice) -> bool:
        """Say whether *choice* is a good answer."""
        return choice == self.best or choice in self.acceptable


class Library(Value):
    """Scenarios to practise on; each id once."""

    scenarios: Annotated[tuple[Scenario, ...], Field(max_length=MOST_SCENARIOS)] = ()

    @model_validator(mode="after")
    def ids_are_unique(self) -> Self:
        """Refuse two scenarios of one id."""
        known: set[str] = set()
        for scenario in self.scenarios:
            if scenario.id in known:
                raise ValueError(f"two scenarios are called {scenario.id}")
            known.add(scenario.id)
        return self

    def get(self, scenario_id: str) -> Scenario | None:
        """Return one scenario."""
        return next((each for each in self.scenarios if each.id == scenario_id), None)


class Given(Value):
    """One answer somebody gave to one version of a scenario."""

    person: str
    scenario_id: str
    version: str
    kind: Kind
    choice: Choice
    sureness: Sureness
    right: bool
    at: datetime


class Share(Value):
    """So many of so many."""

    count: int = 0
    of: int = 0


class Reliability(Value):
    """Of the answers given with that much *sureness*, in per cent: how many were right."""

    sureness: Sureness
    right: Share


class Standing(Value):
    """What answers say: how many were good, how many mistakes were caught, and how sure people were."""

    answered: Share = Share()
    caught: Share = Share()
    reliability: tuple[Reliability, ...] = ()


def parse_library(text: str, name: str) -> Library:
    """Read a library from YAML; raises PracticeInvalidError with file, line and column."""
    try:
        source = read_yaml(text)
    except YamlInvalidError as error:
        at = error.position
        raise PracticeInvalidError(f"{name}:{at.line}:{at.column}: {error.message}") from None
    try:
        library = Library.model_validate(source.data)
    except ValidationError as error:
        raise PracticeInvalidError("\n".join(_faults(error, source, name))) from None
    if not library.scenarios:
        raise PracticeInvalidError(f"{name}:1:1: there is no scenario in it")
    return library


def _faults(error: ValidationError, source: YamlSource, name: str) -> Iterable[str]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        at = source.position(each["loc"])
        where = ".".join(map(str, each["loc"]))
        yield f"{name}:{at.line}:{at.column}: {where}: {each['msg']}".replace("Value error, ", "")


def next_scenario(library: Library, person: str, given: Sequence[Given]) -> Scenario | None:
    """Return what *person* practises next: what is new to them, then what they got wrong, then the oldest.

    The order differs from person to person, and stays the same for one, so that colleagues who sit together
    do not see the same scenario at once.
    """
    latest = {(each.scenario_id, each.version): each for each in sorted(given, key=lambda each: each.at)}

    def turn(scenario: Scenario) -> tuple[int, float, str]:
        before = latest.get((scenario.id, scenario.version))
        shuffled = sha256(f"{person}\n{scenario.id}".encode()).hexdigest()
        if before is None:
            return 0, 0.0, shuffled
        return 2 if before.right else 1, before.at.timestamp(), shuffled

    return min(library.scenarios, key=turn, default=None)


def judged(scenario: Scenario, person: str, choice: Choice, sureness: Sureness, at: datetime) -> Given:
    """Return *person*'s answer with whether it was a good one."""
    return Given(
        person=person,
        scenario_id=scenario.id,
        version=scenario.version,
        kind=scenario.kind,
        choice=choice,
        sureness=sureness,
        right=scenario.accepts(choice),
        at=at,
    )


def first_answers(given: Iterable[Given]) -> list[Given]:
    """Return everybody's first answer to each scenario: a second one has read the reasoning."""
    first: dict[tuple[str, str, str], Given] = {}
    for each in sorted(given, key=lambda each: each.at):
        first.setdefault((each.person, each.scenario_id, each.version), each)
    return list(first.values())


def standing(given: Iterable[Given]) -> Standing:
    """Return what first answers say."""
    counted = first_answers(given)
    misses = [each for each in counted if each.kind == "obvious_miss"]
    return Standing(
        answered=_share(counted),
        caught=_share(misses),
        reliability=tuple(
            Reliability(sureness=level, right=share)
            for level in SURENESS
            if (share := _share([each for each in counted if each.sureness == level])).of
        ),
    )


def team_standing(given: Iterable[Given]) -> Standing | None:
    """Return a team's standing; None where fewer than five people answered, so that nobody is singled out.

    A part of it is left out where it, or what remains beside it, comes from fewer than five people.
    """
    answers = list(given)
    if not _enough(answers):
        return None
    whole = standing(answers)
    misses = [each for each in answers if each.kind == "obvious_miss"]
    others = [each for each in answers if each.kind != "obvious_miss"]
    levels = [[each for each in answers if each.sureness == level] for level in SURENESS]
    return Standing(
        answered=whole.answered,
        caught=whole.caught if _tellable(misses, others) else Share(),
        reliability=whole.reliability if _tellable(*levels) else (),
    )


def _tellable(*parts: Sequence[Given]) -> bool:
    return all(_enough(part) for part in parts if part)


def _spelled(day: date) -> str:
    return f"{day.day} {day:%b}"


def _enough(given: Iterable[Given]) -> bool:
    return len({each.person for each in given}) >= SMALLEST_GROUP


def _share(given: Sequence[Given]) -> Share:
    return Share(count=sum(each.right for each in given), of=len(given))
