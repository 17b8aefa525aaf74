"""When somebody is reminded of a decision: in working time, never after the deadline, never twice at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from policy.value import Value
from policy.working_time import WorkingTime

APART = timedelta(hours=1)


class ReminderSettings(Value):
    """Reminders at half of the time to decide and some working hours before its end; none when both are off.

    Nobody gets more than one message in *at_most_every_minutes*; what falls together is listed in one.
    """

    at_half_time: bool = True
    hours_before: tuple[Annotated[int, Field(ge=1, le=80)], ...] = (4,)
    at_most_every_minutes: Annotated[int, Field(ge=0, le=1440)] = 60


def reminder_moments(
    since: datetime, due_at: datetime, working: WorkingTime, settings: ReminderSettings
) -> tuple[datetime, ...]:
    """Return when to remind of a decision that waits *since* then and is due at *due_at*, the earliest first.

    Of two that are less than an hour apart the later one is left out.
    """
    wanted = {working.subtract_working_hours(due_at, hours) for hours in settings.hours_before}
    if settings.at_half_time:
        wanted.add(working.halfway(since, due_at))
    moments: list[datetime] = []
    for moment in sorted(wanted):
        if since < moment < due_at and (not moments or moment - moments[-1] >= APART):
            moments.append(moment)
    return tuple(moments)
