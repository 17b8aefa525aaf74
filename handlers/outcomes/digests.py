"""What managers receive."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from policy.decided import Behind, OnlyBy
from policy.digest import DigestFigure, DigestKind, DigestSection
from policy.rhythm import RhythmDay
from policy.value import Value

__all__ = [
    "DecisionLine",
    "DecisionsShown",
    "DigestDetail",
    "DigestFigure",
    "DigestShown",
    "ScheduleForm",
    "ScheduleLine",
    "SchedulesShown",
]


class DigestShown(Value):
    """A digest of one *team*, or of everybody, in the time zone *zone*; the period before ends at its start.

    The first charts of the *sections* are shown at once where *charts* may be, the rest is for the thread.
    """

    type: Literal["digest"] = "digest"
    kind: DigestKind = DigestKind.ADOPTION
    title: str
    team: str | None = None
    zone: str = "UTC"
    period_start: AwareDatetime
    period_end: AwareDatetime
    headline: str
    figures: tuple[DigestFigure, ...]
    sections: tuple[DigestSection, ...] = ()
    footnotes: tuple[str, ...] = ()
    late: bool = False
    charts: bool = True

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of the period, where its figures are counted."""
        zone = ZoneInfo(self.zone)
        last = self.period_end.astimezone(zone) - timedelta(microseconds=1)
        return self.period_start.astimezone(zone).date(), last.date()


class DigestDetail(Value):
    """One section of a digest, in its thread."""

    type: Literal["digest_detail"] = "digest_detail"
    section: DigestSection
    charts: bool = True


class ScheduleLine(Value):
    """One digest's schedule in words; *next_at* is None while it is switched off."""

    schedule_id: str
    title: str
    team: str | None = None
    channel: str
    words: str
    next_at: AwareDatetime | None = None
    is_on: bool = True
    changed_by: str = ""
    changed_at: AwareDatetime | None = None


class SchedulesShown(Value):
    """The schedules of the digests that somebody may see."""

    type: Literal["schedules"] = "schedules"
    lines: tuple[ScheduleLine, ...]
    may_change: bool = False


class ScheduleForm(Value):
    """What somebody may change about a schedule, as it stands by its *mark*.

    *day* and *at* are None where it comes in a way that has no form of its own.
    """

    type: Literal["schedule_form"] = "schedule_form"
    schedule_id: str
    mark: str
    title: str
    team: str | None = None
    words: str
    zone: str
    day: RhythmDay | None = None
    at: time | None = None
    channel: str
    is_on: bool = True


class DecisionLine(Value):
    """One decision behind a figure; it names no donor. *person* is a Slack user id, or empty.

    *confidence* was at least this much of 100.
    """

    escalation_id: str | None
    at: AwareDatetime
    what: str
    proposal: str
    stage: str = ""
    person: str = ""
    confidence: int | None = None
    reason: str = ""
    reference: str = ""


class Narrowing(Value):
    """What a list of decisions can be narrowed to: a *value* by its action, or by its reason or rule."""

    by: OnlyBy
    value: str
    label: str


class DecisionsShown(Value):
    """One *page* of the decisions behind the figures of a *team*, or of everybody, the latest first.

    *choices* are what it can be narrowed to.
    """

    type: Literal["decisions"] = "decisions"
    team: str | None = None
    days: int
    behind: Behind
    narrowed_by: OnlyBy = ""
    only: str = ""
    choices: tuple[Narrowing, ...] = ()
    lines: tuple[DecisionLine, ...]
    page: int
    pages: int
    total: int
