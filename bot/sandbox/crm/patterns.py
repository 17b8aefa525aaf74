"""How people give over eight years: how often, how much, and in which way that changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from .model import LifecycleStage, Tier

Pattern = Literal[
    "loyal",
    "upgrading",
    "downgrading",
    "last_year_but_not_this",
    "some_years_but_not_this",
    "long_lapsed",
    "new_this_year",
    "gave_once",
    "came_back",
    "prospect",
]

YEARS = 8
_SHARES: dict[Pattern, int] = {
    "loyal": 24,
    "upgrading": 9,
    "downgrading": 7,
    "last_year_but_not_this": 13,
    "some_years_but_not_this": 12,
    "long_lapsed": 9,
    "new_this_year": 9,
    "gave_once": 7,
    "came_back": 5,
    "prospect": 5,
}
_STAGES: dict[Pattern, tuple[LifecycleStage, ...]] = {
    "loyal": ("stewardship", "retention"),
    "upgrading": ("cultivation", "solicitation", "stewardship"),
    "downgrading": ("retention",),
    "last_year_but_not_this": ("retention", "reactivation"),
    "some_years_but_not_this": ("reactivation",),
    "long_lapsed": ("reactivation",),
    "new_this_year": ("acquisition", "qualification", "stewardship"),
    "gave_once": ("qualification",),
    "came_back": ("reactivation", "stewardship"),
    "prospect": ("acquisition", "qualification"),
}
# Weights of the months: spring is quiet, Giving Tuesday helps November, December has a third of all gifts.
_MONTHS = (4, 4, 6, 6, 6, 5, 4, 4, 6, 6, 14, 35)
_LAST_WEEK_OF_DECEMBER = 0.4
_CHANGE_BY_YEAR: dict[Pattern, float] = {"upgrading": 1.35, "downgrading": 0.75}

# Weight in a hundred, median gift in dollars, spread of its logarithm, ceiling in dollars.
_TIERS: tuple[tuple[Tier, int, float, float, float], ...] = (
    ("annual", 76, 85, 0.75, 950),
    ("mid_level", 15, 1_800, 0.5, 9_000),
    ("major", 7, 14_000, 0.6, 90_000),
    ("principal", 2, 120_000, 0.5, 500_000),
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How one donor gives; *usual* is their median gift in whole units of money, *ceiling* the most."""

    pattern: Pattern
    stage: LifecycleStage
    tier: Tier
    usual: float
    ceiling: float
    times_a_year: float


def habit(rng: Random) -> Habit:
    """A habit by the shares that a foundation of this size sees."""
    pattern = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    tier, _, middle, spread, ceiling = rng.choices(_TIERS, [tier[1] for tier in _TIERS])[0]
    return Habit(
        pattern=pattern,
        stage=rng.choice(_STAGES[pattern]),
        tier=tier,
        usual=min(middle * rng.lognormvariate(0, spread), ceiling),
        ceiling=ceiling,
        times_a_year=rng.choice((1, 1, 1, 1.5, 2, 3)) if tier == "annual" else rng.choice((1, 1, 1.5)),
    )


def giving_years(pattern: Pattern, this_year: int, rng: Random) -> list[int]:
    """The calendar years in which somebody of *pattern* gave."""
    first = this_year - rng.randint(2, YEARS)
    match pattern:
        case "prospect":
            return []
        case "new_this_year":
            return [this_year]
        case "gave_once":
            return [this_year - rng.randint(1, YEARS)]
        case "last_year_but_not_this":
            return list(range(first, this_year))
        case "some_years_but_not_this":
            return list(range(first - 1, this_year - rng.randint(1, 2)))[-rng.randint(1, 5) :]
        case "long_lapsed":
            return list(range(this_year - YEARS, this_year - rng.randint(4, 6)))
        case "came_back":
            return [*range(this_year - YEARS, this_year - rng.randint(4, 5)), this_year]
        case _:
            return list(range(first, this_year + 1))


def gift_days(years: list[int], today: date, times_a_year: float, rng: Random) -> list[date]:
    """The days of the gifts in *years*, before today, in order; each year has one at least where it can."""
    days: list[date] = []
    for year in years:
        extra = 1 if rng.random() < times_a_year % 1 else 0
        days += [_day_in(year, today, rng) for _ in range(int(times_a_year) + extra)]
    return sorted(day for day in days if day < today)


def _day_in(year: int, today: date, rng: Random) -> date:
    """A day of *year* by the weights of the months; of this year, one of those that have passed."""
    months = range(1, 13) if year < today.year else range(1, today.month + 1)
    month = rng.choices(months, _MONTHS[: len(months)])[0]
    first = date(year, month, 1)
    if month == 12 and year < today.year and rng.random() < _LAST_WEEK_OF_DECEMBER:
        return date(year, 12, rng.randint(25, 31))
    day = first + timedelta(days=rng.randint(0, 27))
    return day if day < today else first + (today - first) * rng.random() - timedelta(days=1)


def amount_of(habit: Habit, turn: int, years_in: int, rng: Random) -> float:
    """What somebody gives at their gift number *turn*, *years_in* years after the first, in whole units."""
    drift = _CHANGE_BY_YEAR.get(habit.pattern, 1.03) ** years_in
    mood = rng.choice((1, 1, 1, 1, 0.5, 1.5, 2)) if turn else 1
    return min(habit.usual * drift * mood, habit.ceiling)
