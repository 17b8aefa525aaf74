"""Drills: made-up cards among real ones, for whoever asked for them; what comes when, and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Literal

from policy.practice import SMALLEST_GROUP, Choice, Kind, Library, Scenario, Share
from policy.value import Value
from policy.working_time import WorkingTime

DrillState = Literal["open", "answered", "ended"]

SOONEST_DAYS, LATEST_DAYS = 2, 7
"""Between two drills of one person lie that many working days: rare enough to be met unprepared."""
DAYS_TO_ANSWER = 3
CASE = "drill-"
"""What the id of a drill begins with; what follows is the correlation id of its case."""
GENUINE = 4
"""One drill in so many has no mistake: whoever only learns to say no learns nothing."""


class Drill(Value):
    """One made-up card before one person; *choice* is what they pressed, *right* whether that was good."""

    id: str
    person: str
    scenario_id: str
    version: str
    kind: Kind
    state: DrillState = "open"
    made_at: datetime
    due_at: datetime
    channel_id: str | None = None
    message_ts: str | None = None
    permalink: str | None = None
    choice: Choice | None = None
    right: bool | None = None
    ended_at: datetime | None = None


class Member(Value):
    """Somebody who asked for drills; *turn* changes each time they do, so that old timers end."""

    person: str
    email: str
    name: str
    turn: str
    since: datetime


class Caught(Value):
    """What drills say: mistakes that were caught, and cards without one that were approved."""

    mistakes: Share = Share()
    genuine: Share = Share()


def next_drill_at(now: datetime, working: WorkingTime, turn: str) -> datetime:
    """Return when somebody's next drill comes: in their working time, at a moment nobody can foresee."""
    chance = _chance(f"{turn}\n{now.isoformat()}")
    days = SOONEST_DAYS + chance % (LATEST_DAYS - SOONEST_DAYS + 1)
    day = working.first_working_day(working.local_day(working.add_working_days(now, days)))
    hours = working.hours_of(day)
    if hours is None:
        return working.morning_of(day)
    opened, closed = hours
    return opened + (closed - opened) * ((chance >> 16) % 1000) / 1000


def scenario_for(library: Library, past: Sequence[Drill], turn: str, now: datetime) -> Scenario | None:
    """Return what somebody's next drill is about: rarely one without a mistake, and the least used first."""
    chance = _chance(f"{turn}\n{now.isoformat()}\nscenario")
    mistaken = [each for each in library.scenarios if each.kind == "obvious_miss"]
    plain = [each for each in library.scenarios if each.kind == "clear" and each.best == "approve"]
    among = plain if plain and (chance % GENUINE == 0 or not mistaken) else mistaken
    used = [each.scenario_id for each in past]

    def turns(scenario: Scenario) -> tuple[int, str]:
        return used.count(scenario.id), sha256(f"{chance}\n{scenario.id}".encode()).hexdigest()

    return min(among, key=turns, default=None)


def caught(drills: Iterable[Drill]) -> Caught:
    """Return what answered drills say."""
    answered = [each for each in drills if each.state == "answered"]
    mistakes = [each for each in answered if each.kind == "obvious_miss"]
    genuine = [each for each in answered if each.kind != "obvious_miss"]
    return Caught(mistakes=_share(mistakes), genuine=_share(genuine))


def team_caught(drills: Iterable[Drill]) -> Caught | None:
    """Return what a team's drills say; None, or without a part, where fewer than five people answered it."""
    answered = [each for each in drills if each.state == "answered"]
    mistakes = [each for each in answered if each.kind == "obvious_miss"]
    if len({each.person for each in mistakes}) < SMALLEST_GROUP:
        return None
    genuine = [each for each in answered if each.kind != "obvious_miss"]
    enough = len({each.person for each in genuine}) >= SMALLEST_GROUP
    return Caught(mistakes=_share(mistakes), genuine=_share(genuine) if enough else Share())


def _share(drills: Sequence[Drill]) -> Share:
    return Share(count=sum(bool(each.right) for each in drills), of=len(drills))


def _chance(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8])
