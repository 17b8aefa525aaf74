"""Amounts as people read them, by the decimal places that ISO 4217 gives each currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policy.money import Money


@pytest.mark.parametrize(
    ("minor", "currency", "spelled"),
    [
        (2_500_000, "USD", "$25,000"),
        (125_050, "EUR", "€1,250.50"),
        (-500, "CHF", "-CHF\N{NO-BREAK SPACE}5"),
        (5_000, "JPY", "¥5,000"),
        (655_957, "XOF", "XOF\N{NO-BREAK SPACE}655,957"),
        (12_345, "JOD", "JOD\N{NO-BREAK SPACE}12.345"),
    ],
)
def test_an_amount_is_spelled_in_its_own_units(minor: int, currency: str, spelled: str) -> None:
    amount = Money(minor=minor, currency=currency)
    assert str(amount) == spelled
    assert Money.of_major(amount.major, currency) == amount
    assert Money.of_major(Decimal("0.001"), "JOD").minor == 1
