"""The organisation's fiscal year, named by the calendar year it ends in."""

from __future__ import annotations

from datetime import date

_JANUARY = 1


def fiscal_year_of(day: date, start_month: int) -> int:
    """Return the fiscal year a date falls in; with a start in January it is the calendar year."""
    return day.year + 1 if start_month != _JANUARY and day.month >= start_month else day.year


def fiscal_year_start(year: int, start_month: int) -> date:
    """Return the first day of a fiscal year."""
    return date(year if start_month == _JANUARY else year - 1, start_month, 1)


def fiscal_year_name(year: int) -> str:
    """Name a fiscal year as fundraisers do: "FY2026"."""
    return f"FY{year}"
