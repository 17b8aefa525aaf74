"""Reading amounts, dates and numbers from prose: exactly, or not at all."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from policy.facts_model import MONTHS
from policy.money import Money

_SYMBOLS = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "CA$": "CAD",
    "C$": "CAD",
    "A$": "AUD",
    "¥": "JPY",
}
_UNITS = {"dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP"}
_SCALES = {
    "": 1,
    "k": 1_000,
    "thousand": 1_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "million": 1_000_000,
    "bn": 1_000_000_000,
    "billion": 1_000_000_000,
}
_DIGITS = r"(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
_SCALE = r"\s?(?P<scale>k|thousand|mn|m|million|bn|billion)?"
_PREFIXED = re.compile(rf"(?P<unit>[A-Z]{{0,3}}[$€£¥]|[A-Z]{{3}})\s?{_DIGITS}{_SCALE}", re.IGNORECASE)
_SUFFIXED = re.compile(rf"{_DIGITS}{_SCALE}\s?(?P<unit>[$€£¥]|[A-Z]{{3}}|[a-z]+)", re.IGNORECASE)
_NUMBER = re.compile(rf"{_DIGITS}{_SCALE}", re.IGNORECASE)

_WIDE_GAP = re.compile(r"\s\s|[\t\n\r\f\v]")
_SMALL_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_ONES = tuple(_SMALL_WORDS.split())
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
}
_HUNDRED = 100


def normalised(text: str) -> str:
    """Return text with one kind of space, apostrophe and hyphen, so that look-alikes compare equal."""
    if text.isascii() and _WIDE_GAP.search(text) is None:
        return text.strip()
    text = unicodedata.normalize("NFKC", text)
    text = text.replace("\u2019", "'").replace("\u2010", "-").replace("\u2011", "-").replace("\u2212", "-")
    return re.sub(r"\s+", " ", text).strip()


def read_money(text: str) -> tuple[Decimal, str] | None:
    """Read an amount in major units and its currency code; None for anything that is not exactly one."""
    text = normalised(text)
    match = _PREFIXED.fullmatch(text) or _SUFFIXED.fullmatch(text)
    if match is None:
        words = text.rsplit(" ", 1)
        number = read_number(words[0]) if len(words) > 1 else None
        currency = _currency(words[-1])
        return (Decimal(number), currency) if number is not None and currency else None
    currency = _currency(match["unit"])
    return (_scaled(match), currency) if currency else None


def read_number(text: str) -> int | None:
    """Read a whole number from digits, k and M, number words and ordinals; None for anything else."""
    text = normalised(text).lower()
    if match := _NUMBER.fullmatch(text):
        value = _scaled(match)
        return int(value) if value == value.to_integral_value() else None
    if match := re.fullmatch(r"(\d+)(st|nd|rd|th)", text):
        return int(match[1])
    if text in ("once", "twice"):
        return 1 if text == "once" else 2
    return _from_words(text)


def _scaled(match: re.Match[str]) -> Decimal:
    return Decimal(match["digits"].replace(",", "")) * _SCALES[(match["scale"] or "").lower()]


def _currency(unit: str) -> str | None:
    if unit.lower() in _UNITS:
        return _UNITS[unit.lower()]
    if unit in _SYMBOLS:
        return _SYMBOLS[unit]
    return unit if re.fullmatch(r"[A-Z]{3}", unit) else None


def _from_words(text: str) -> int | None:
    value = part = 0
    words = [word for word in re.split(r"[ -]", text) if word != "and"]
    for word in words:
        if (small := _small(word)) is not None:
            part += small
        elif word == "hundred":
            part = max(part, 1) * _HUNDRED
        elif word in ("thousand", "million"):
            value += max(part, 1) * _SCALES[word]
            part = 0
        else:
            return None
    return value + part if words else None


def _small(word: str) -> int | None:
    if word in _ORDINALS:
        return _ORDINALS[word]
    stem = word.removesuffix("th")
    stem = f"{stem[:-2]}y" if stem.endswith("tie") else stem
    if stem in _ONES:
        return _ONES.index(stem)
    return (_TENS.index(stem) + 2) * 10 if stem in _TENS else None


def spelled_count(number: int) -> str:
    """Spell a number in running text: words below ten, digits from there on."""
    return _ONES[number] if 0 <= number < 10 else f"{number:,}"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as prose gives it: a year, a month of a year, or a day."""

    year: int
    month: int | None = None
    day: int | None = None

    def covers(self, day: date) -> bool:
        """Say whether *day* is the day, or lies within the month or year."""
        return day.year == self.year and self.month in (None, day.month) and self.day in (None, day.day)


_MONTH = {
    **{name.lower(): number for number, name in enumerate(MONTHS, 1)},
    **{name[:3].lower(): number for number, name in enumerate(MONTHS, 1)},
    "sept": 9,
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATE_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})",
        rf"(?P<month>[a-z]+)\.? {_DAY},? (?P<year>\d{{4}})",
        rf"{_DAY}(?: of)? (?P<month>[a-z]+)\.?,? (?P<year>\d{{4}})",
        r"(?P<month>[a-z]+)\.?,? (?P<year>\d{4})",
        r"(?P<year>\d{4})",
    )
)


def read_date(text: str) -> PartialDate | None:
    """Read a date; None for an impossible one, an ambiguous one such as 03/04/2026, and anything else."""
    text = normalised(text).lower()
    weekday, _, rest = text.partition(", ")
    named = weekday if weekday in _WEEKDAYS and rest else None
    text = rest if named else text
    for shape in _DATE_SHAPES:
        if match := shape.fullmatch(text):
            found = _partial(match.groupdict())
            return found if found and (named is None or _falls_on(found, named)) else None
    return None


def _partial(parts: dict[str, str]) -> PartialDate | None:
    name = parts.get("month")
    month = None if name is None else int(name) if name.isdigit() else _MONTH.get(name)
    day = int(parts["day"]) if "day" in parts else None
    try:
        date(int(parts["year"]), month or 1, day or 1)
    except ValueError:
        return None
    if name is not None and month is None:
        return None
    return PartialDate(int(parts["year"]), month, day)


def _falls_on(found: PartialDate, weekday: str) -> bool:
    if found.month is None or found.day is None:
        return False
    return date(found.year, found.month, found.day).weekday() == _WEEKDAYS.index(weekday)


def states_money(text: str, value: Money) -> bool | None:
    """Compare exactly; None when *text* is not an amount."""
    read = read_money(text)
    return None if read is None else read == read_money(str(value).removeprefix("-")) and value.minor >= 0


def states_date(text: str, value: date) -> bool | None:
    """Compare as far as *text* goes (a year, a month, a day); None when *text* is not a possible date."""
    read = read_date(text)
    return None if read is None else read.covers(value)


def states_number(text: str, value: int) -> bool | None:
    """Compare exactly; None when *text* is not a whole number."""
    read = read_number(text)
    return None if read is None else read == value
