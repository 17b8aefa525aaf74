"""Read dates in the forms exports have; each column decides for itself what 03/04/2026 means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

Order = Literal["day first", "month first"]

_EXCEL_EPOCH: Final = date(1899, 12, 30)
_SERIAL: Final = re.compile(r"(\d{5})(?:\.(\d+))?")
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NUMERIC: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)")
_DAY_MONTH: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[-. ]+([A-Za-z]{3,9})\.?[-, ]+(\d{4}|\d\d)", re.IGNORECASE
)
_MONTH_DAY: Final = re.compile(r"([A-Za-z]{3,9})\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})", re.IGNORECASE)
_CLOCK: Final = re.compile(
    r"(?P<day>.*?\d)(?:T|,? +)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
    r" *(?P<half>[AaPp]\.?[Mm]\.?)?(?: *(?P<zone>Z|UTC|[+-]\d\d:?\d\d))?"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EARLIEST: Final = date(1900, 1, 1)
_LATEST: Final = date(2199, 12, 31)


class UnreadableDateError(ValueError):
    """The text is no date; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class DateColumn:
    """How a column of dates is read and why; *order* is None where the column contradicts itself."""

    order: Order | None
    reason: str
    is_guess: bool = False


def study_dates(values: Iterable[str]) -> DateColumn:
    """Decide the order of day and month of a column from the dates that leave no doubt."""
    day_first = month_first = doubtful = dotted = 0
    for value in values:
        if (match := _NUMERIC.match(value)) is None:
            continue
        first, second = int(match[1]), int(match[3])
        day_first += first > 12 >= second
        month_first += second > 12 >= first
        doubtful += first <= 12 and second <= 12
        dotted += match[2] == "."
    return _verdict(day_first, month_first, doubtful, dotted)


def _verdict(day_first: int, month_first: int, doubtful: int, dotted: int) -> DateColumn:
    if day_first and month_first:
        return DateColumn(
            None,
            "Some dates have the day first, some the month; those that could be either are not imported.",
        )
    if day_first:
        return DateColumn(
            "day first", f"Dates are read with the day first; nothing else fits {_dates(day_first)}."
        )
    if month_first:
        return DateColumn(
            "month first", f"Dates are read with the month first; nothing else fits {_dates(month_first)}."
        )
    if dotted:
        return DateColumn(
            "day first", "Dates with points are read with the day first, as is usual with points."
        )
    guess = "No date in this column shows whether day or month comes first; read with the month first (US)."
    return DateColumn("month first", guess if doubtful else "", is_guess=bool(doubtful))


def _dates(count: int) -> str:
    return "one of them" if count == 1 else f"{count} of them"


def read_date(text: str, column: DateColumn, today: date) -> date:
    """*text* as a calendar date, a time of day ignored; UnreadableDateError says what is wrong."""
    return _day(_without_clock(text), column, today)


def read_instant(text: str, column: DateColumn, today: date) -> datetime:
    """*text* as an instant in UTC; noon where the text has no time, and UTC where it has no zone."""
    day = read_date(text, column, today)
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return datetime.combine(day, _serial_time(text) or time(12), UTC)
    try:
        at = datetime.combine(day, _time_of(clock), UTC)
    except ValueError as error:
        raise UnreadableDateError("The time of day does not exist.") from error
    return at - _offset(clock["zone"] or "Z")


def _time_of(clock: re.Match[str]) -> time:
    hour, half = int(clock["hour"]), (clock["half"] or "").lower()[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, int(clock["minute"]), int(clock["second"] or 0))


def _offset(zone: str) -> timedelta:
    if zone in ("Z", "UTC"):
        return timedelta(0)
    amount = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -amount if zone[0] == "-" else amount


def _serial_time(text: str) -> time | None:
    match = _SERIAL.fullmatch(text)
    if match is None or match[2] is None:
        return None
    return (
        datetime(1900, 1, 1, tzinfo=UTC) + timedelta(seconds=round(float(f"0.{match[2]}") * 86_399))
    ).time()


def _without_clock(text: str) -> str:
    clock = _CLOCK.fullmatch(text)
    return clock["day"] if clock else text


def _day(text: str, column: DateColumn, today: date) -> date:
    year, month, day = _parts(text, column, today)
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise UnreadableDateError("There is no such day in the calendar.") from error
    if not _EARLIEST <= found <= _LATEST:
        raise UnreadableDateError("The year cannot be right.")
    return found


def _parts(text: str, column: DateColumn, today: date) -> tuple[int, int, int]:
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC.fullmatch(text):
        return _ordered(int(match[1]), int(match[3]), _year(match[4], today), column)
    if match := _SERIAL.fullmatch(text):
        serial = _EXCEL_EPOCH + timedelta(days=int(match[1]))
        return serial.year, serial.month, serial.day
    if match := _DAY_MONTH.fullmatch(text):
        return _year(match[3], today), _month(match[2]), int(match[1])
    if match := _MONTH_DAY.fullmatch(text):
        return int(match[3]), _month(match[1]), int(match[2])
    raise UnreadableDateError("The date is in no form that is understood.")


def _ordered(first: int, second: int, year: int, column: DateColumn) -> tuple[int, int, int]:
    if first > 12 or second > 12:
        return (year, second, first) if first > 12 else (year, first, second)
    if first == second:
        return year, first, second
    if column.order is None:
        raise UnreadableDateError("Day and month could be either way round; this column uses both ways.")
    return (year, second, first) if column.order == "day first" else (year, first, second)


def _year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year // 100 * 100 + int(digits)
    return year if year <= today.year + 1 else year - 100


def _month(name: str) -> int:
    short = name[:3].lower()
    if short not in _MONTHS:
        raise UnreadableDateError("The name of the month is not understood.")
    return _MONTHS.index(short) + 1
