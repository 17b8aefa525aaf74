"""The day it is where the fictional organisation works, whatever day it is in Greenwich."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

HOME = ZoneInfo("America/New_York")


def day_of(moment: datetime) -> date:
    """Return the organisation's date at an aware *moment*."""
    return moment.astimezone(HOME).date()
