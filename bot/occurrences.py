"""When a schedule comes next, and which of its occurrences are owed, each in the time zone it is kept in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from handlers.digests.schedules import InForce
from policy.organisation import DigestSchedule, Organisation

INSTALLED_AT = "installed_at"
"""The setting that holds since when this installation exists: nothing from before is owed."""
LOOK_BACK = timedelta(days=7)
"""What fell due longer ago, with nobody there to do it, is not made up for."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One delivery that is owed: *key* is unique per schedule, *at* is when it fell due (UTC)."""

    schedule: DigestSchedule
    key: str
    at: datetime


def problem_with_cron(cron: str) -> str | None:
    """Return what is wrong with a time in five fields, and how one is written; None for a right one."""
    try:
        CronTrigger.from_crontab(cron, timezone=UTC)
    except ValueError:
        return f'{cron!r} is no time; write minute, hour, day, month and weekday, like "0 8 * * mon"'
    return None


def owed_since(installed: object, now: datetime) -> datetime:
    """Return from when on occurrences are owed; *installed* is what is stored under INSTALLED_AT."""
    return max(now - LOOK_BACK, datetime.fromisoformat(installed) if isinstance(installed, str) else now)


def next_in(organisation: Organisation) -> Callable[[DigestSchedule, datetime], datetime | None]:
    """Return what says when a schedule of *organisation* comes next after a moment, in its own time zone."""

    def when(schedule: DigestSchedule, now: datetime) -> datetime | None:
        return next_occurrence(schedule, now, ZoneInfo(schedule.time_zone or organisation.time_zone))

    return when


def next_occurrence(schedule: DigestSchedule, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when *schedule* comes next after *now* (UTC)."""
    if schedule.every_minutes:
        seconds = schedule.every_minutes * 60
        return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, UTC)
    if schedule.cron is None:
        return None
    trigger = CronTrigger.from_crontab(schedule.cron, timezone=zone)
    due: datetime | None = trigger.get_next_fire_time(None, now.astimezone(zone))
    return due.astimezone(UTC) if due else None


def owed(
    organisation: Organisation, schedules: Sequence[InForce], since: datetime, now: datetime
) -> list[Occurrence]:
    """Return the latest occurrence of each schedule that fell due after *since* and not after *now*."""
    own = ZoneInfo(organisation.time_zone)
    found = (
        _latest(
            each.schedule,
            each.since(since),
            now,
            ZoneInfo(each.schedule.time_zone) if each.schedule.time_zone else own,
        )
        for each in schedules
        if each.is_on
    )
    return [occurrence for occurrence in found if occurrence]


def _latest(schedule: DigestSchedule, since: datetime, now: datetime, zone: ZoneInfo) -> Occurrence | None:
    if schedule.every_minutes:
        seconds = schedule.every_minutes * 60
        at = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
        return Occurrence(schedule, at.isoformat(), at) if at > since else None
    trigger = CronTrigger.from_crontab(schedule.cron, timezone=zone)
    latest: datetime | None = None
    due = trigger.get_next_fire_time(None, since.astimezone(zone))
    while due is not None and due <= now:
        latest = due
        due = trigger.get_next_fire_time(latest, latest)
    if latest is None:
        return None
    return Occurrence(schedule, _named(trigger, latest, zone), latest.astimezone(UTC))


def _named(trigger: CronTrigger, due: datetime, zone: ZoneInfo) -> str:
    """Name an occurrence by its local date, or by date and time where it is not the first of its day.

    By what the clock on the wall shows, so that a clock put back cannot deliver it twice.
    """
    first = trigger.get_next_fire_time(None, datetime.combine(due.date(), time(), zone))
    shown = due.replace(tzinfo=None)
    if first is None or first.replace(tzinfo=None) == shown:
        return due.date().isoformat()
    return shown.isoformat(timespec="minutes")
