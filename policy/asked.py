"""A question about one donor, and what can be said to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.claims import Claim
from policy.donor import DonorRecord
from policy.facts_model import DonorFacts
from policy.sentences import Writer
from policy.value import Value

LONGEST_ANSWER = 6
MOST_LISTED = 3


class Answered(Value):
    """What can be said to a question: cited sentences, and *notes* on what is not recorded or not told here.

    *understood* is False when no rule knows what was asked.
    """

    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()
    understood: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in small letters, with the record it is about and who writes sentences of that."""

    writer: Writer
    record: DonorRecord
    facts: DonorFacts
    question: str


Said = Iterator[Claim | str]
"""Cited sentences, and notes on what is not recorded or not told here."""
