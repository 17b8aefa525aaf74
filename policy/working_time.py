"""When somebody works: days, hours, time zone and holidays; deadlines and reminders are counted in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from policy.value import Value

ONE_DAY = timedelta(days=1)
DAYS_OF_A_WEEK = 7
LONGEST_SEARCH = 1500

Weekday = Annotated[int, Field(ge=1, le=7)]


def is_quiet(hour: int, hours: tuple[int, int] | None) -> bool:
    """Say whether a local *hour* lies in quiet *hours*, which may go over midnight."""
    if hours is None:
        return False
    start, end = hours
    return start <= hour < end if start <= end else hour >= start or hour < end


class WorkingTime(Value):
    """The working hours of one person, from *start_hour* until before *end_hour* of their local day.

    *weekdays* are ISO numbers, 1 for Monday. *closed* days are never worked; *worked* days are, although they
    fall on a weekend, as some countries do in exchange for a bridge day. Instants are aware; those returned
    are in UTC.
    """

    time_zone: str = "UTC"
    weekdays: frozenset[Weekday] = frozenset({1, 2, 3, 4, 5})
    start_hour: Annotated[int, Field(ge=0, le=23)] = 9
    end_hour: Annotated[int, Field(ge=1, le=24)] = 17
    closed: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    @field_validator("weekdays")
    @classmethod
    def somebody_works_sometimes(cls, weekdays: frozenset[int]) -> frozenset[int]:
        """Refuse a week without a working day."""
        if not weekdays:
            raise ValueError("name at least one working day")
        return weekdays

    @model_validator(mode="after")
    def starts_before_it_ends(self) -> Self:
        """Refuse a day that ends before it begins."""
        if self.end_hour <= self.start_hour:
            raise ValueError("the working day must end after it starts")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    def local_day(self, at: datetime) -> date:
        """Return the calendar day of *at* where this person is."""
        return at.astimezone(self.zone).date()

    def is_working_day(self, day: date) -> bool:
        """Say whether *day* is worked."""
        if day in self.closed:
            return False
        return day.isoweekday() in self.weekdays or day in self.worked

    def is_working(self, at: datetime) -> bool:
        """Say whether *at* lies within working hours."""
        hours = self.hours_of(self.local_day(at))
        return hours is not None and hours[0] <= at < hours[1]

    def hours_of(self, day: date) -> tuple[datetime, datetime] | None:
        """Return when work begins and ends on *day* (UTC), or None when it is not worked or does not exist.

        An hour that the clocks skip is the first instant after the gap; of an hour that happens twice the
        first counts.
        """
        if not self.is_working_day(day):
            return None
        opens, closes = self._instant(day, self.start_hour), self._instant(day, self.end_hour)
        # A day that a country skipped when it crossed the date line has no hours.
        return (opens, closes) if self.local_day(opens) == day and opens < closes else None

    def first_working_day(self, day: date) -> date:
        """Return *day* if it is worked, else the next one that is; *day* itself when none is in sight."""
        days = (day + n * ONE_DAY for n in range(LONGEST_SEARCH))
        return next((each for each in days if self.hours_of(each)), day)

    def next_working_day(self, day: date) -> date:
        """Return the first working day after *day*."""
        return self.first_working_day(day + ONE_DAY)

    def first_of_next_week(self, day: date) -> date:
        """Return the first working day of the week after the one that *day* is in.

        A week begins after the longest run of free weekdays: on Monday where Saturday and Sunday are free, on
        Sunday where Friday and Saturday are.
        """
        ahead = (self._first_weekday() - day.isoweekday()) % DAYS_OF_A_WEEK or DAYS_OF_A_WEEK
        return self.first_working_day(day + ahead * ONE_DAY)

    def morning_of(self, day: date) -> datetime:
        """Return when work begins on *day*, or would begin if it were worked."""
        return self._instant(day, self.start_hour)

    def next_working_instant(self, at: datetime) -> datetime:
        """Return *at* if it lies within working hours, else when they begin next."""
        return next((max(at, opens) for opens, closes in self._ahead(at) if at < closes), at).astimezone(UTC)

    def add_working_days(self, at: datetime, days: int) -> datetime:
        """Return the instant after *days* whole working days, at the same time of day.

        Outside working hours it is counted from when they begin next, so that nobody is timed while asleep.
        """
        start = self.next_working_instant(at)
        day = self.local_day(start)
        for _ in range(days):
            day = self.next_working_day(day)
        same_time = datetime.combine(day, start.astimezone(self.zone).time(), tzinfo=self.zone)
        return self.next_working_instant(same_time.astimezone(UTC)) if days else start

    def subtract_working_hours(self, at: datetime, hours: float) -> datetime:
        """Return the instant that lies *hours* of working time before *at*."""
        left = timedelta(hours=hours)
        for opens, closes in self._back(at):
            end = min(at, closes)
            if end - opens >= left:
                return end - left
            left -= max(end - opens, timedelta())
        return at.astimezone(UTC) - left

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much working time lies between two instants; nothing when *end* is before *start*."""
        total = timedelta()
        for opens, closes in self._ahead(start):
            if opens >= end:
                break
            total += max(min(end, closes) - max(start, opens), timedelta())
        return total

    def halfway(self, start: datetime, end: datetime) -> datetime:
        """Return when half of the working time between two instants is over."""
        left = self.between(start, end) / 2
        for opens, closes in self._ahead(start):
            begins = max(start, opens)
            if closes - begins >= left:
                return (begins + left).astimezone(UTC)
            left -= max(closes - begins, timedelta())
        return start.astimezone(UTC)

    def _ahead(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield working hours from the day of *at* on."""
        return self._from(self.local_day(at), ONE_DAY)

    def _back(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield working hours from the day of *at* backwards."""
        return self._from(self.local_day(at), -ONE_DAY)

    def _from(self, day: date, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
        for n in range(LONGEST_SEARCH):
            hours = self.hours_of(day + n * step)
            if hours:
                yield hours

    def _instant(self, day: date, hour: int) -> datetime:
        day, hour = (day + ONE_DAY, 0) if hour == 24 else (day, hour)
        return datetime.combine(day, time(hour), tzinfo=self.zone).astimezone(UTC)

    def _first_weekday(self) -> int:
        """Return the weekday that follows the longest run of free ones."""
        free_before = {
            weekday: next(
                n for n in range(DAYS_OF_A_WEEK) if (weekday - 2 - n) % DAYS_OF_A_WEEK + 1 in self.weekdays
            )
            for weekday in self.weekdays
        }
        return max(sorted(free_before), key=free_before.__getitem__)
