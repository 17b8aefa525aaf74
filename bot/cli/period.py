"""Days given on the command line, as moments in UTC."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta


class NotADay(Exception):
    """What was given is no day."""


def period(options: argparse.Namespace) -> tuple[datetime | None, datetime | None]:
    """Return the beginning of --from and the end of --to; raises NotADay."""
    start, end = _day(options.since), _day(options.until)
    return start, end + timedelta(days=1) if end else None


def _day(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotADay(f"{text} is not a day; write it as in 2026-11-24.") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
