"""When a schedule comes, in words and in the few forms people choose from; anything else stays as cron."""

from __future__ import annotations

import re
from datetime import time
from typing import Literal, Self, get_args

from policy.organisation import DigestSchedule
from policy.value import Value

RhythmDay = Literal["day", "workday", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "month"]
DAYS: dict[RhythmDay, str] = {
    "workday": "Every working day, Monday to Friday",
    "mon": "Every Monday",
    "tue": "Every Tuesday",
    "wed": "Every Wednesday",
    "thu": "Every Thursday",
    "fri": "Every Friday",
    "sat": "Every Saturday",
    "sun": "Every Sunday",
    "day": "Every day",
    "month": "On the first day of every month",
}
_FIELDS: dict[str, RhythmDay] = {"* * *": "day", "* * mon-fri": "workday", "1 * *": "month"}
_CRON = re.compile(r"(\d{1,2}) (\d{1,2}) (\S+) (\S+) (\S+)")
AT = "{day} at {at}, {zone} time"
EVERY_MINUTES = "Every {minutes} minutes"
EVERY_HOUR = "Every hour"
BY_CRON = "By the schedule “{cron}”, {zone} time"
NEVER = "Never by itself"


class Rhythm(Value):
    """A day and a time of day, in the schedule's own time zone."""

    day: RhythmDay
    at: time

    @property
    def cron(self) -> str:
        """The same as five fields, with weekdays by their names."""
        fields = {day: text for text, day in _FIELDS.items()}
        return f"{self.at.minute} {self.at.hour} {fields.get(self.day, f'* * {self.day}')}"

    @classmethod
    def of(cls, cron: str | None) -> Self | None:
        """Read five fields; None where they say something that has no form of its own here."""
        found = _CRON.fullmatch((cron or "").strip().casefold())
        if found is None:
            return None
        minute, hour, *fields = found.groups()
        day = _FIELDS.get(" ".join(fields)) or _weekday(fields)
        if day is None or int(minute) > 59 or int(hour) > 23:
            return None
        return cls(day=day, at=time(int(hour), int(minute)))


def schedule_words(schedule: DigestSchedule, zone: str) -> str:
    """Say in words when *schedule* comes, in the time zone called *zone*."""
    if schedule.every_minutes:
        words = EVERY_HOUR if schedule.every_minutes == 60 else EVERY_MINUTES
        return words.format(minutes=schedule.every_minutes)
    rhythm = Rhythm.of(schedule.cron)
    if rhythm:
        return AT.format(day=DAYS[rhythm.day], at=f"{rhythm.at:%H:%M}", zone=zone)
    return BY_CRON.format(cron=schedule.cron, zone=zone) if schedule.cron else NEVER


def _weekday(fields: list[str]) -> RhythmDay | None:
    known = next((day for day in get_args(RhythmDay) if day == fields[2]), None)
    return known if fields[:2] == ["*", "*"] and known not in (None, "day", "month", "workday") else None
