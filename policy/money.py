"""Money as integer minor units with a currency; amounts of different currencies are never added."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from policy.value import Value

CURRENCY_CODE = r"^[A-Z]{3}$"
CurrencyCode = Annotated[str, StringConstraints(pattern=CURRENCY_CODE)]

_NO_MINOR_UNIT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = dict.fromkeys(_NO_MINOR_UNIT.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)
"""Decimal places of the minor unit by ISO 4217, where they are not two."""
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$", "JPY": "¥"}


class MixedCurrenciesError(ValueError):
    """Amounts of different currencies were added; convert or report them apart."""


class Money(Value):
    """An amount in *minor* units (cents for USD) of an ISO 4217 *currency*."""

    minor: int = Field(strict=True)
    currency: CurrencyCode

    def __add__(self, other: Money) -> Money:
        """Add an amount of the same currency."""
        if self.currency != other.currency:
            raise MixedCurrenciesError(f"{self.currency} and {other.currency}")
        return Money(minor=self.minor + other.minor, currency=self.currency)

    @classmethod
    def of_major(cls, major: Decimal, currency: str) -> Money:
        """Return an amount given in *major* units, such as dollars; less than a cent is cut off."""
        return cls(minor=int(major * 10 ** _EXPONENTS.get(currency, 2)), currency=currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, such as dollars."""
        return Decimal(self.minor).scaleb(-_EXPONENTS.get(self.currency, 2))

    def __str__(self) -> str:
        """Spell the amount as people read it: "$25,000", "€1,250.50", "CHF 500"."""
        exponent = _EXPONENTS.get(self.currency, 2)
        whole, rest = divmod(abs(self.minor), 10**exponent)
        cents = f".{rest:0{exponent}d}" if rest else ""
        symbol = _SYMBOLS.get(self.currency, f"{self.currency}\N{NO-BREAK SPACE}")
        return f"{'-' if self.minor < 0 else ''}{symbol}{whole:,}{cents}"


def total(amounts: Iterable[Money]) -> dict[str, Money]:
    """Sum amounts per currency; an empty input gives an empty mapping."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        known = sums.get(amount.currency)
        sums[amount.currency] = known + amount if known else amount
    return sums
