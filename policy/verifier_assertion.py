"""How a sentence asserts its figures: as facts of the record, and not as hearsay, possibility or effect."""

from __future__ import annotations

import re

from policy.claims import SlotKind
from policy.verifier_placing import Placed, unsupported

_BEYOND = re.compile(
    r"\b(?:because|it seems|seems?|seemingly|apparently|reportedly|supposedly|said to)\b"
    r"|, an? record\b|\bwithin an? [a-z]+",
    re.IGNORECASE,
)
# Right before a figure: "may be overdue" of what is overdue, "will be given $50" of what was given.
_POSSIBLY = re.compile(
    r"\b(?:may|might|could|would|will|should|must|shall)(?: not)? (?:be|have)"
    r"(?: been| given| marked| an?| the)*\s*[“\"']?$"
    r"|\b(?:maybe|perhaps|possibly|probably|presumably)\s+$",
    re.IGNORECASE,
)
_GIVEN_TO = re.compile(r"\b(?:was|were|is|are|be|been) given\s+$", re.IGNORECASE)
_TAKEN = re.compile(r"\bhousehold (?:received|asked|plans|would|will|may|borrowed|owes)\b", re.IGNORECASE)
_NO_GIFT = re.compile(
    r"\b(?:largest|biggest|last|latest|first|earliest|monthly|quarterly|yearly|annual|soft credit for)"
    r" (?:letter|visit|call|meeting|donor|e-?mail|event)s?\b",
    re.IGNORECASE,
)
_OTHER_THINGS = re.compile(r"\s+(?:letter|visit|call|meeting|donor|e-?mail|event)s?\b", re.IGNORECASE)
# Nothing below can find anything in a sentence without one of these; most sentences have none.
_TELLTALE = (
    *("because", "seem", "apparently", "reportedly", "supposedly", "said to", ", a record", ", an record"),
    *("within", "may ", "might", "could", "would", "will ", "should", "must", "shall", "maybe", "perhaps"),
    *("possibly", "probably", "presumably", "was given", "re given", "is given", "be given", "been given"),
    *("household received", "household asked", "household plans", "household borrowed", "household owes"),
    *("letter", "visit", "call", "meeting", "donor", "mail", "event"),
)
_OTHERWISE_DATED = ("contact.", "ask.", "task.")


def _holds_one(lower: str) -> bool:
    # One after the other: a pattern of them all, or any(), takes several times as long.
    for word in _TELLTALE:  # noqa: SIM110
        if word in lower:
            return True
    return False


def check_assertion(text: str, placed: list[Placed]) -> None:
    """Raise UnverifiedError where words around a figure make something else of it than the record does."""
    if not _holds_one(text.lower()):
        return
    figures = [place for place in placed if place.slot.kind is not SlotKind.NAME]
    if not figures:
        return
    if _BEYOND.search(text):
        raise unsupported("It says more of a figure than the record does.")
    for place in figures:
        before = text[: place.start]
        if _POSSIBLY.search(before):
            raise unsupported("What the record states is put as a possibility.")
        if place.slot.kind is SlotKind.MONEY and _OTHER_THINGS.match(text, place.end):
            raise unsupported("A gift is passed off as something else.")
        if _GIVEN_TO.search(before):
            raise unsupported("Who gave and who received change places.")
    names = [place.binding.name for place in figures]
    if "household.lifetime" in names and _TAKEN.search(text):
        raise unsupported("Who gave and who received change places.")
    if _NO_GIFT.search(text) and not any(name.startswith(_OTHERWISE_DATED) for name in names):
        raise unsupported("A gift is passed off as something else.")
