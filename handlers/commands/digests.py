"""What managers ask for."""

from __future__ import annotations

from datetime import time
from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.decided import Behind, OnlyBy
from policy.rhythm import RhythmDay
from policy.value import Value


class DecisionsRequested(Value):
    """A manager wants to see the decisions *behind* a figure, *page* by page, in the modal *view_id*.

    They are those of the last *days*, and with *narrowed_by* only those with *only* in that respect.
    """

    type: Literal["decisions_behind"] = "decisions_behind"
    behind: Behind = "all"
    days: int = 7
    narrowed_by: OnlyBy = ""
    only: str = ""
    page: int = 0
    view_id: str
    by: ChatUser


class SchedulesRequested(Value):
    """Somebody wants to see when which digest comes; *view_id* is the modal already open and waiting."""

    type: Literal["schedules"] = "schedules"
    view_id: str
    by: ChatUser


class ScheduleFormRequested(Value):
    """Somebody wants to change a schedule, in the modal that lists them."""

    type: Literal["schedule_form"] = "schedule_form"
    schedule_id: str
    view_id: str
    by: ChatUser


class ScheduleChanged(Value):
    """Somebody changed a schedule that stood as *mark* says; None leaves a thing as it is."""

    type: Literal["schedule_changed"] = "schedule_changed"
    schedule_id: str
    mark: str
    day: RhythmDay | None = None
    at: time | None = None
    channel: str | None = None
    is_on: bool = True
    by: ChatUser
    reply_to: ReplyAddress


class DashboardRequested(Value):
    """Somebody wants to look at the dashboard."""

    type: Literal["dashboard"] = "dashboard"
    by: ChatUser
    reply_to: ReplyAddress


class DigestRequested(Value):
    """Somebody wants a digest now; *kind* is as they typed it."""

    type: Literal["digest_now"] = "digest_now"
    kind: str
    by: ChatUser
    reply_to: ReplyAddress
