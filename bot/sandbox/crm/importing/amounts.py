"""Read amounts as people and programs write them, into integer minor units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from bot.sandbox.crm.model import Money

DecimalMark = Literal[".", ","]

_SYMBOLS: Final = {
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "NZ$": "NZD",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
}
_CURRENCIES: Final = frozenset(
    "USD EUR GBP CAD AUD NZD CHF SEK NOK DKK ISK PLN CZK HUF RON "  # noqa: SIM905
    "BGN JPY CNY HKD SGD INR ZAR BRL MXN ILS KRW TRY".split()
)
_WITHOUT_MINOR: Final = frozenset({"JPY", "KRW", "ISK"})
_SPACES: Final = re.compile(r"[\s\u00a0\u202f\u2009'’]+")
_CODE: Final = re.compile(r"[A-Za-z]{3}")
_SIGN: Final = re.compile(r"^(?:US\$|CA?\$|A\$|NZ\$|[$€£¥])|(?:[$€£¥])$")
_NUMBER: Final = re.compile(r"\d[\d.,]*|[.,]\d+")
_GROUPED: Final = re.compile(r"\d{1,3}(?:(?:[.,]\d{2})*[.,]\d{3})+")
_LARGEST: Final = Decimal(10) ** 12


class UnreadableAmountError(ValueError):
    """The text is no amount; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class AmountColumn:
    """What a column of amounts says about itself: its decimal mark, if it shows one, and its currency."""

    decimal_mark: DecimalMark | None
    is_mixed: bool
    currency: str


def study_amounts(values: Iterable[str], currency: str = "USD") -> AmountColumn:
    """Decide the decimal mark of a column from the values that leave no doubt."""
    marks = {mark for value in values if (mark := _certain_mark(_bare(value))) is not None}
    return AmountColumn(next(iter(marks)) if len(marks) == 1 else None, len(marks) > 1, currency)


def read_amount(text: str, column: AmountColumn, currency: str = "") -> Money:
    """*text* as money; negative in brackets or with a minus; UnreadableAmountError says what is wrong."""
    if not any(c.isdigit() for c in text):
        raise UnreadableAmountError("The amount is not a number.")
    stated = _currency_in(text)
    if currency and stated and stated != currency and text.strip()[:1] != "$":
        raise UnreadableAmountError(f"The amount says {stated} and its currency column says {currency}.")
    code = currency or stated or column.currency
    number = Decimal(_digits(_bare(text), column))
    if number >= _LARGEST:
        raise UnreadableAmountError("The amount is too large to be a gift.")
    scaled = number if code in _WITHOUT_MINOR else number * 100
    if scaled != scaled.to_integral_value():
        raise UnreadableAmountError(f"The amount has more decimal places than {code} has.")
    return Money(minor=-int(scaled) if _is_negative(text) else int(scaled), currency=code)


def read_currency(text: str) -> str:
    """An ISO 4217 code from *text* (code or symbol), empty for empty; UnreadableAmountError if unknown."""
    if not text:
        return ""
    code = _SYMBOLS.get(text.upper(), text.upper())
    if code not in _CURRENCIES:
        raise UnreadableAmountError("The currency is not known.")
    return code


def currency_of_header(title: str) -> str:
    """The currency a header names, as in 'Amount (EUR)'; empty when it names none."""
    found: list[str] = [code for code in _CODE.findall(title) if code in _CURRENCIES]
    signs = [_SYMBOLS[sign] for sign in ("€", "£", "$") if sign in title]
    return (found + signs + [""])[0]


def _currency_in(text: str) -> str:
    if codes := _CODE.findall(text):
        return read_currency(codes[0])
    sign = _SIGN.search(text.strip("()-−+ \u00a0"))
    return _SYMBOLS[sign.group()] if sign else ""


def _is_negative(text: str) -> bool:
    bare = text.strip()
    return bare.startswith("(") or "-" in bare or "−" in bare


def _bare(text: str) -> str:
    """*text* without currency, sign, brackets and spaces; empty when anything else is left."""
    bare = _SPACES.sub("", text)
    bare = bare.removeprefix("(").removesuffix(")").strip("-−+")
    bare = _SIGN.sub("", _CODE.sub("", bare, count=1)).strip("-−+")
    return bare if _NUMBER.fullmatch(bare) else ""


def _certain_mark(bare: str) -> DecimalMark | None:
    """The decimal mark of *bare*, if only one reading is possible."""
    last = max(bare.rfind("."), bare.rfind(","))
    if last < 0:
        return None
    mark: DecimalMark = "." if bare[last] == "." else ","
    other: DecimalMark = "," if mark == "." else "."
    if bare.count(mark) > 1:
        return other
    if other in bare or len(bare) - last - 1 != 3:
        return mark
    return None


def _digits(bare: str, column: AmountColumn) -> str:
    if not bare:
        raise UnreadableAmountError("The amount is not a number.")
    mark = _certain_mark(bare)
    if mark is None and "." not in bare and "," not in bare:
        return bare
    if mark is None:
        return _doubtful(bare, column)
    whole, _, fraction = bare.rpartition(mark) if mark in bare else (bare, "", "")
    if any(sign in whole for sign in ".,") and not _GROUPED.fullmatch(whole):
        raise UnreadableAmountError("The points and commas of the amount do not make a number.")
    return f"{_ungrouped(whole) or '0'}.{fraction or '0'}"


def _doubtful(bare: str, column: AmountColumn) -> str:
    """One mark and three digits after it: thousands, unless the column uses that mark for decimals."""
    if column.is_mixed:
        raise UnreadableAmountError(
            "The mark in the amount could separate thousands or decimals; this column uses both ways."
        )
    if column.decimal_mark is not None and column.decimal_mark in bare:
        return bare.replace(",", ".")
    if not _GROUPED.fullmatch(bare):
        raise UnreadableAmountError("The points and commas of the amount do not make a number.")
    return _ungrouped(bare)


def _ungrouped(number: str) -> str:
    return number.replace(".", "").replace(",", "")
