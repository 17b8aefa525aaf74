"""The public holidays of the world, from a library that is loaded when somebody needs it."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from handlers.ports import DaysOff
from policy.organisation import HolidaySettings, Organisation

if TYPE_CHECKING:
    from holidays import HolidayBase


class HolidayCalendar:
    """The holidays port."""

    def days_off(self, country: str, subdivision: str | None, years: range) -> DaysOff:
        """Return the holidays of a country, and of a part of it, in those years."""
        return _days_off(country, subdivision, years)


def problem_with_holidays(organisation: Organisation) -> str | None:
    """Return what is wrong with a country or subdivision in the settings, and what to write instead."""
    problem = _problem_with(organisation.holidays)
    if problem:
        return f"holidays: {problem}"
    for person in organisation.people:
        problem = _problem_with(person.holidays) if person.holidays else None
        if problem:
            return f"holidays of {person.email}: {problem}"
    return None


def _problem_with(settings: HolidaySettings) -> str | None:
    if settings.country is None:
        return f"name the country of {settings.subdivision}" if settings.subdivision else None
    from holidays import list_supported_countries  # noqa: PLC0415 - 60 ms, only with a country in the settings

    known = list_supported_countries(include_aliases=True)
    if settings.country not in known:
        like = get_close_matches(settings.country.upper(), known, n=1, cutoff=0.3)
        meant = f" (did you mean {like[0]}?)" if like else ""
        return (
            f"no holidays are known for country {settings.country!r}{meant}; write its two letters, like GB"
        )
    parts = known[settings.country]
    if settings.subdivision is not None and settings.subdivision not in parts:
        choice = f"one of {', '.join(parts)}" if parts else "nothing: it has no subdivisions"
        return f"{settings.country} has no subdivision {settings.subdivision!r}; write {choice}"
    return None


@cache
def _days_off(country: str, subdivision: str | None, years: range) -> DaysOff:
    from holidays import country_holidays  # noqa: PLC0415 - the same

    found: HolidayBase = country_holidays(country, subdiv=subdivision, years=list(years))
    return DaysOff(
        weekend=frozenset(day + 1 for day in found.weekend),
        closed=frozenset(found.keys()),
        worked=frozenset(day for day in found.weekend_workdays if day.year in years),
    )
