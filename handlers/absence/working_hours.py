"""Whose working hours count: a person's own, else the organisation's, with the holidays of their country."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handlers.context import Context
from handlers.ports import Colleague, DaysOff
from policy.organisation import WEEKDAYS, HolidaySettings
from policy.working_time import WorkingTime

EVERY_DAY = frozenset(range(1, 8))
SATURDAY_AND_SUNDAY = DaysOff(weekend=frozenset({6, 7}))
YEARS_AHEAD = 3


def working_time_of(colleague: Colleague, context: Context) -> WorkingTime:
    """Return when *colleague* works, in the time zone that Slack knows them in."""
    return working_time(colleague.email, colleague.time_zone, context)


async def working_time_by_email(email: str | None, context: Context) -> WorkingTime:
    """Return when the person with this e-mail address works; the organisation's time for nobody in Slack."""
    colleague = await context.chat.colleague_by_email(email) if email else None
    return working_time_of(colleague, context) if colleague else working_time(email, None, context)


def working_time(email: str | None, time_zone: str | None, context: Context) -> WorkingTime:
    """Return the working time of the person with this e-mail address; of the organisation for None."""
    organisation = context.organisation
    person = organisation.person(email) if email else None
    settings = (person.holidays if person else None) or organisation.holidays
    off = _days_off(settings, context)
    names = (person.working_days if person else None) or organisation.working_days
    start, end = organisation.hours_of(person)
    # When the house is closed it is closed for everybody, wherever they are.
    house_closed = (*settings.closed_days, *organisation.holidays.closed_days)
    return WorkingTime(
        time_zone=_known(time_zone, organisation.time_zone),
        weekdays=frozenset(WEEKDAYS.index(name) + 1 for name in names) if names else EVERY_DAY - off.weekend,
        start_hour=start,
        end_hour=end,
        closed=off.closed.union(house_closed),
        worked=off.worked,
    )


def _days_off(settings: HolidaySettings, context: Context) -> DaysOff:
    if settings.country is None or context.holidays is None:
        return SATURDAY_AND_SUNDAY
    this_year = context.today().year
    years = range(this_year - 1, this_year + YEARS_AHEAD)
    return context.holidays.days_off(settings.country, settings.subdivision, years)


def _known(time_zone: str | None, fallback: str) -> str:
    """Return *time_zone* if there is one of that name: Slack's list is not always ours."""
    try:
        return ZoneInfo(time_zone).key if time_zone else fallback
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return fallback
