"""Finding the numbers of accounts, cards and people in free text: those that nobody should pass on."""

from __future__ import annotations

import re

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_SSN = re.compile(r"\b(?!000|666|9\d\d)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}\b")
_INSURANCE = re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
_CARD = re.compile(r"(?<![\w$€£¥.,+])\d(?:[ -]?\d){12,18}(?!\w)")


def passes_luhn(digits: str) -> bool:
    """Say whether the check digit of a card number is right."""
    doubled = [int(d) * (2 if position % 2 else 1) for position, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Say whether the check digits of an account number are right (ISO 7064, mod 97)."""
    plain = re.sub(r"\s", "", text).upper()
    moved = plain[4:] + plain[:4]
    return moved.isalnum() and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def without_account_numbers(text: str) -> str:
    """Return *text* with account, card, social security and insurance numbers named instead of repeated."""
    text = _IBAN.sub(lambda found: "[account]" if is_iban(found[0]) else found[0], text)
    text = _INSURANCE.sub("[id number]", _SSN.sub("[id number]", text))
    return _CARD.sub(lambda found: "[card]" if passes_luhn(re.sub(r"\D", "", found[0])) else found[0], text)
