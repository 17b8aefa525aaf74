"""Periods as people write them: "until Friday", "from Monday until 5 Dec", "for two weeks", "tomorrow"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from policy.value import Value

ONE_DAY = timedelta(days=1)
WEEK = timedelta(days=7)
LONGEST = timedelta(days=366)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SHORTEST_NAME = 3

_FROM = r"(?:from|starting|beginning|since|on)"
_UNTIL = r"(?:until|till|til|through|thru|to|up to|ending|-|–|—)"
_BOTH = re.compile(rf"(?:{_FROM}\s+)?(?P<first>\S.*?)\s*(?<!\w){_UNTIL}(?!\w)\s*(?P<last>\S.*)")
_LAST_ALONE = re.compile(rf"{_UNTIL}\s+(?P<last>\S.*)")
_LASTING = re.compile(
    rf"(?:(?:{_FROM}\s+)?(?P<first>\S.*?)\s+)?for\s+(?P<count>\w+)\s+(?P<unit>day|week)s?(?:\s+{_FROM}\s+(?P<late>\S.*))?"
)
_FIRST_ALONE = re.compile(rf"(?:{_FROM}\s+)?(?P<first>\S.*)")
_DAY_MONTH = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?(?:\s+of)?\s+(?P<month>[a-z]+)\.?(?:,?\s+(?P<year>\d{4}))?"
)
_MONTH_DAY = re.compile(r"(?P<month>[a-z]+)\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_DOTTED = re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})(?:\.\s?(?P<year>\d{4})?)?")
_SLASHED = re.compile(r"(?P<one>\d{1,2})/(?P<other>\d{1,2})(?:/(?P<year>\d{4}))?")


class NotADate(ValueError):
    """Words that name no day; the message is a sentence for whoever wrote them."""


class Period(Value):
    """From *first* until and including *last*, both calendar days."""

    first: date
    last: date


def read_period(words: str, today: date) -> Period:
    """Read *words* as a period that is not over; the last day named is part of it. Raises NotADate."""
    text = _tidy(words)
    if not text:
        raise NotADate("Say until when, for example “until Friday”.")
    period = _period(text, today)
    if period.last < period.first:
        raise NotADate("That ends before it begins.")
    if period.last < today:
        raise NotADate("That is over already.")
    if period.last - today > LONGEST:
        raise NotADate("That is more than a year away.")
    return period


def _tidy(words: str) -> str:
    said = re.sub(r"\b(?:the|and including|inclusive)\b", " ", words.casefold())
    return " ".join(said.split()).strip(" .,;!")


def _period(text: str, today: date) -> Period:
    if found := _LASTING.fullmatch(text):
        return _lasting(found, today)
    if found := _LAST_ALONE.fullmatch(text):
        return Period(first=today, last=_day(found["last"], today, after=today + ONE_DAY)[1])
    if (whole := _whole_day(text, today)) is not None:
        return Period(first=whole[0], last=whole[1])
    if found := _BOTH.fullmatch(text):
        first = _day(found["first"], today, after=today)[0]
        return Period(first=first, last=_day(found["last"], today, after=first)[1])
    if found := _FIRST_ALONE.fullmatch(text):
        first, last = _day(found["first"], today, after=today)
        return Period(first=first, last=last)
    raise NotADate(f"I cannot read “{text}” as a day.")


def _whole_day(text: str, today: date) -> tuple[date, date] | None:
    """Read a day or week that stands alone: a date may hold a dash, which elsewhere means until."""
    try:
        return _day(text, today, after=today)
    except NotADate:
        return None


def _lasting(found: re.Match[str], today: date) -> Period:
    count, starts = found["count"], found["first"] or found["late"]
    first = _day(starts, today, after=today)[0] if starts else today
    if count in ("a", "an"):
        number = 1
    elif count in NUMBERS:
        number = NUMBERS.index(count)
    elif count.isascii() and count.isdigit():
        number = int(count[:4])
    else:
        raise NotADate(f"I cannot read “{count}” as a number.")
    if number < 1:
        raise NotADate("That lasts no time at all.")
    if number > LONGEST.days:
        raise NotADate("That is more than a year away.")
    length = number * (WEEK if found["unit"] == "week" else ONE_DAY)
    return Period(first=first, last=first + length - ONE_DAY)


def _day(text: str, today: date, *, after: date) -> tuple[date, date]:
    """Read one day, or a week as its first and last; without a year it is the first from *after* on."""
    text = text.strip(" ,.")
    relative = {
        "today": (today, today),
        "now": (today, today),
        "tomorrow": (today + ONE_DAY, today + ONE_DAY),
        "day after tomorrow": (today + 2 * ONE_DAY, today + 2 * ONE_DAY),
        "this week": (max(today, after), _sunday(today)),
        "end of week": (max(today, after), _sunday(today)),
        "end of this week": (max(today, after), _sunday(today)),
        "next week": (_sunday(today) + ONE_DAY, _sunday(today) + WEEK),
        "end of next week": (_sunday(today) + ONE_DAY, _sunday(today) + WEEK),
        "end of month": (_month_end(today), _month_end(today)),
        "end of year": (date(today.year, 12, 31), date(today.year, 12, 31)),
    }
    if text in relative:
        return relative[text]
    found = _weekday(text, today, after) or _dated(text, after)
    if found is None:
        raise NotADate(f"I cannot read “{text}” as a day.")
    return found, found


def _weekday(text: str, today: date, after: date) -> date | None:
    which, _, name = text.rpartition(" ")
    if which not in ("", "next", "this", "coming"):
        return None
    number = _named(name, WEEKDAYS)
    if number is None:
        return None
    if which == "next":
        return _sunday(today) + (number + 1) * ONE_DAY
    return after + ((number - after.weekday()) % 7) * ONE_DAY


def _dated(text: str, after: date) -> date | None:
    for shape in (_DAY_MONTH, _MONTH_DAY):
        found = shape.fullmatch(text)
        month = _named(found["month"], MONTHS) if found else None
        if found and month is not None:
            return _from_numbers(text, int(found["day"]), month + 1, found["year"], after)
    for shape in (_ISO, _DOTTED):
        if found := shape.fullmatch(text):
            return _from_numbers(text, int(found["day"]), int(found["month"]), found["year"], after)
    if found := _SLASHED.fullmatch(text):
        return _slashed(text, int(found["one"]), int(found["other"]), found["year"], after)
    return None


def _slashed(text: str, one: int, other: int, year: str | None, after: date) -> date:
    if one <= len(MONTHS) and other <= len(MONTHS) and one != other:
        raise NotADate(f"“{text}” is another day in another country; write it like “5 Dec”.")
    day, month = (other, one) if other > len(MONTHS) else (one, other)
    return _from_numbers(text, day, month, year, after)


def _from_numbers(text: str, day: int, month: int, year: str | None, after: date) -> date:
    for candidate in (int(year),) if year else range(after.year, after.year + 5):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year or found >= after:
            return found
    raise NotADate(f"There is no day “{text}”.")


def _named(word: str, names: tuple[str, ...]) -> int | None:
    """Return the number of the name that *word* abbreviates, such as fri or sept."""
    word = word.strip(".")
    if len(word) < SHORTEST_NAME:
        return None
    return next((index for index, name in enumerate(names) if name.startswith(word)), None)


def _sunday(day: date) -> date:
    return day + (6 - day.weekday()) * ONE_DAY


def _month_end(day: date) -> date:
    first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return first_of_next - ONE_DAY
