"""Days and instants for readers: a day is a day everywhere, an instant shows in the reader's time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

DAY_AND_TIME = "{date_short_pretty} at {time}"
DAY = "{date_short_pretty}"
CALENDAR_DAY = "{date_short}"
"""How Slack shows a day: in the words and the order of its reader's own language."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SPELLED = re.compile(rf"(?<![\w.,-])([1-9]|[12]\d|3[01]) ({'|'.join(_MONTHS)}) (19[7-9]\d|2\d\d\d)(?!\w)")
_THE_SAME_DAY = time(10, 5, tzinfo=UTC)
"""When it is one and the same day from Hawaii to the Chatham Islands; a date of Slack's is an instant."""


def on_day(day: date) -> str:
    """Spell a calendar day without ambiguity between countries: "24 Nov 2026"."""
    return f"{day.day} {day:%b} {day.year}"


def week_day(day: date) -> str:
    """Spell a day of the coming weeks where Slack draws no dates: "Mon 23 Nov"."""
    return f"{day:%a} {day.day} {day:%b}"


def in_utc(at: datetime) -> str:
    """Spell an instant for clients that cannot place it in the reader's time zone."""
    at = at.astimezone(UTC)
    return f"{on_day(at)}, {at:%H:%M} UTC"


def token(at: datetime, shape: str = DAY_AND_TIME) -> str:
    """Return the mrkdwn token that every reader sees in their own time zone."""
    return f"<!date^{int(at.timestamp())}^{shape}|{in_utc(at)}>"


def day_token(day: date) -> str:
    """Return the mrkdwn token of a calendar day."""
    return f"<!date^{int(within(day).timestamp())}^{CALENDAR_DAY}|{on_day(day)}>"


def within(day: date) -> datetime:
    """Return an instant at which it is *day* wherever people work."""
    return datetime.combine(day, _THE_SAME_DAY)


def days_in(text: str) -> list[str | date]:
    """Take *text* apart at the days that `on_day` spelled in it; joined, the parts say the same."""
    parts: list[str | date] = []
    end = 0
    for found in _SPELLED.finditer(text):
        day, month, year = found.groups()
        try:
            spelled = date(int(year), _MONTHS.index(month) + 1, int(day))
        except ValueError:
            continue
        parts += [text[end : found.start()], spelled]
        end = found.end()
    return [part for part in (*parts, text[end:]) if part != ""] or [""]
