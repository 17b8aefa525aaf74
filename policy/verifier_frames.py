"""Whether the words right beside a figure suit it: an amount is no time, and what holds now is not past."""

from __future__ import annotations

import re

from policy.claims import SlotKind
from policy.verifier_placing import Placed, blanked, unsupported

_WHEN = re.compile(r"\b(?:since|on|until|before|after)\s+$", re.IGNORECASE)
_BY = re.compile(r"(?<!\bdue )\bby\s+$", re.IGNORECASE)
_FROM = re.compile(r"\s+from\s+", re.IGNORECASE)
_AGO = re.compile(r"\s+days ago\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\s+days between\b", re.IGNORECASE)
_RATE = re.compile(
    r"\b(?:per|each|every) (?:day|week|month|quarter|year|annum)\b|\b(?:daily|weekly)\b", re.IGNORECASE
)
_WAS = re.compile(r"\b(?:was|were|had been)\s+(?:marked\s+)?[“\"']?$", re.IGNORECASE)
# Statuses that hold now: the past tense would say that they no longer do.
_PRESENT = frozenset(
    (
        "donor.do_not_contact",
        "donor.legal_review",
        "donor.sensitive",
        "donor.vulnerable",
        "acknowledgement.overdue",
        "pledge.overdue",
    )
)


def check_frames(text: str, placed: list[Placed]) -> None:
    """Raise UnverifiedError where a figure stands in words for another kind of figure, rate or time."""
    for index, place in enumerate(placed):
        before = text[: place.start]
        kind, name = place.slot.kind, place.binding.name
        if kind is SlotKind.MONEY and (_WHEN.search(before) or _is_said_to_be_from(text, placed, index)):
            raise unsupported("An amount stands where a date belongs.")
        if kind is SlotKind.DATE and _BY.search(before) and not name.endswith("due_on"):
            raise unsupported("A date is passed off as another one.")
        if kind is SlotKind.COUNT:
            _days_are_what_they_are_called(text, place)
        holds_now = name in _PRESENT or (name == "recurring.status" and place.binding.value == "active")
        if kind is SlotKind.ENUM and holds_now and _WAS.search(before):
            raise unsupported("What holds now is said of the past.")
    rates = _RATE.search(blanked(text, placed, statuses=True))
    if rates and not any(place.binding.name.startswith("recurring.") for place in placed):
        raise unsupported("It speaks of something that no record bears out.")


def _is_said_to_be_from(text: str, placed: list[Placed], index: int) -> bool:
    """Say whether an amount follows a date as its day: "5 Mar 2026 from $50"."""
    left = placed[index - 1] if index else None
    between = text[left.end : placed[index].start] if left else ""
    return left is not None and left.slot.kind is SlotKind.DATE and bool(_FROM.fullmatch(between))


def _days_are_what_they_are_called(text: str, place: Placed) -> None:
    name = place.binding.name
    if (_AGO.match(text, place.end) and "days_since" not in name) or (
        _BETWEEN.match(text, place.end) and "median_gap" not in name
    ):
        raise unsupported("A figure is passed off as another one.")
