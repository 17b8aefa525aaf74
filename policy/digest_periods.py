"""Which period a digest looks back on: whole local days, weeks, months, fiscal quarters or fiscal years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from policy.fiscal_year import fiscal_year_of, fiscal_year_start

PeriodUnit = Literal["days", "week", "month", "quarter", "fiscal_year"]
_MONTHS_IN_YEAR = 12
_MONTHS_IN_QUARTER = 3


@dataclass(frozen=True, slots=True)
class Period:
    """From *start* until before *end*, and the period *before* it, which ends at *start*. In UTC."""

    before: datetime
    start: datetime
    end: datetime


def last_period(
    unit: PeriodUnit, days: int, at: datetime, zone: ZoneInfo, fiscal_year_start_month: int
) -> Period:
    """Return the last period that was over at the start of the local day of *at*, and the one before it.

    It begins and ends at local midnights: one in which the clocks change is an hour shorter or longer, and
    there is never a gap between neighbours nor an overlap.
    """
    today = at.astimezone(zone).date()
    end = _begin(unit, today, fiscal_year_start_month)
    start = _one_back(unit, days, end)
    before = _one_back(unit, days, start)
    return Period(*(_midnight(day, zone) for day in (before, start, end)))


def rolling_period(days: int, at: datetime) -> Period:
    """Return the last so many times 24 hours, for a clock that runs fast."""
    length = timedelta(days=days)
    return Period(at - 2 * length, at - length, at)


def _begin(unit: PeriodUnit, today: date, first_month: int) -> date:
    """Return the first day of the period that *today* is in."""
    match unit:
        case "days":
            return today
        case "week":
            return today - timedelta(days=today.weekday())
        case "month":
            return today.replace(day=1)
        case "quarter":
            past = (today.month - first_month) % _MONTHS_IN_YEAR % _MONTHS_IN_QUARTER
            return _months_back(today.replace(day=1), past)
        case "fiscal_year":
            return fiscal_year_start(fiscal_year_of(today, first_month), first_month)


def _one_back(unit: PeriodUnit, days: int, begin: date) -> date:
    match unit:
        case "days":
            return begin - timedelta(days=days)
        case "week":
            return begin - timedelta(days=7)
        case "month":
            return _months_back(begin, 1)
        case "quarter":
            return _months_back(begin, _MONTHS_IN_QUARTER)
        case "fiscal_year":
            return _months_back(begin, _MONTHS_IN_YEAR)


def _months_back(first: date, months: int) -> date:
    number = first.year * _MONTHS_IN_YEAR + first.month - 1 - months
    return date(number // _MONTHS_IN_YEAR, number % _MONTHS_IN_YEAR + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
