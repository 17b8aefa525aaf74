"""Placing the slots of a sentence: where each literal stands, and what is left without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policy.claims import Slot, SlotKind, Verdict
from policy.verifier_binding import Binding
from policy.verifier_language import MASK

_CONTINUES_LEFT = re.compile(r"[\w$€£¥+-]$|\d[.,]$")
_CONTINUES_RIGHT = re.compile(r"[\w%$€£¥+]|[.,:/-]\d")
_QUOTE_MARKS = {"“": "”", '"': '"'}


class UnverifiedError(ValueError):
    """A claim does not hold; *verdict* says whether it contradicts the records or lacks their support."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


def unsupported(reason: str) -> UnverifiedError:
    """Return the error for a claim the records do not bear out."""
    return UnverifiedError(Verdict.UNSUPPORTED, reason)


@dataclass(frozen=True, slots=True)
class Placed:
    """A slot with its binding and its place in the sentence."""

    slot: Slot
    binding: Binding
    start: int
    end: int


def place_slots(text: str, bound: list[tuple[Slot, Binding]]) -> list[Placed]:
    """Find each slot in the sentence, the longest first; a name may stand more than once."""
    taken = [False] * len(text)
    placed: list[Placed] = []
    for slot, binding in sorted(bound, key=lambda pair: -len(pair[0].text)):
        free = [(start, end) for start, end in _spans(slot.text, text) if not any(taken[start:end])]
        if not free:
            raise unsupported("A figure is not in the sentence.")
        for start, end in free if slot.kind is SlotKind.NAME else free[:1]:
            taken[start:end] = [True] * (end - start)
            placed.append(Placed(slot, binding, start, end))
    return sorted(placed, key=lambda place: place.start)


def _spans(literal: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where the literal stands as a whole: not as a part of a longer number, word or amount."""
    start = text.find(literal) if literal else -1
    while start >= 0:
        end = start + len(literal)
        if not _CONTINUES_LEFT.search(text[:start][-2:]) and not _CONTINUES_RIGHT.match(text, end):
            yield start, end
        start = text.find(literal, start + 1)


def masked(text: str, placed: list[Placed]) -> str:
    parts: list[str] = []
    position = 0
    for place in placed:
        between = text[position : place.start]
        if place.slot.kind is SlotKind.QUOTE:
            _in_quotation_marks(text, place)
        parts.extend((between, MASK))
        position = place.end
    return "".join((*parts, text[position:]))


def _in_quotation_marks(text: str, place: Placed) -> None:
    opening = text[place.start - 1 : place.start]
    if _QUOTE_MARKS.get(opening) != text[place.end : place.end + 1]:
        raise unsupported("A quotation does not stand in quotation marks.")


def blanked(text: str, placed: list[Placed], *, statuses: bool) -> str:
    """Return the sentence, equally long, with names and figures blanked, and the statuses too if asked."""
    parts: list[str] = []
    position = 0
    for place in placed:
        if statuses or place.slot.kind is not SlotKind.ENUM:
            parts += (text[position : place.start], MASK * (place.end - place.start))
            position = place.end
    return "".join((*parts, text[position:]))
