"""Days and instants for readers: a day is a day everywhere, an instant shows in the reader's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

DAY_AND_TIME = "{date_short_pretty} at {time}"
DAY = "{date_short_pretty}"


def on_day(day: date) -> str:
    """Spell a calendar day without ambiguity between countries: "24 Nov 2026"."""
    return f"{day.day} {day:%b} {day.year}"


def in_utc(at: datetime) -> str:
    """Spell an instant for clients that cannot place it in the reader's time zone."""
    at = at.astimezone(UTC)
    return f"{on_day(at)}, {at:%H:%M} UTC"


def token(at: datetime, shape: str = DAY_AND_TIME) -> str:
    """Return the mrkdwn token that every reader sees in their own time zone."""
    return f"<!date^{int(at.timestamp())}^{shape}|{in_utc(at)}>"
