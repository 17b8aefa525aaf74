"""Whether each figure is what the words call it: a true number in the wrong place is a false claim."""

from __future__ import annotations

import re
from itertools import pairwise

from policy.claims import SlotKind
from policy.donor import Gift, Interaction
from policy.facts_giving import CASH_LIKE
from policy.verifier_binding import Evidence
from policy.verifier_language import EXCLUSIVE, Qualifier, needed, qualifiers_in, topic, unit
from policy.verifier_placing import Placed, blanked, unsupported

_ADJACENT = re.compile(
    r"\W*(?:gifts?|donations?)?\W*(?:(?:made|given|came|dated) )?(?:on|of|from|in|dated)?\W*"
)
_DUE = re.compile(r"\bdue(?: on| by)?\s*$", re.IGNORECASE)
_KIND_OF_CONTACT = re.compile(
    r"\b(?:meeting|met|call|visit|letter|e-?mail|event|reply|phone)\b", re.IGNORECASE
)
_RECEIVES = re.compile(r"\s+(?:\w+ )?(?:receiv|pays|paying|takes|taking)", re.IGNORECASE)
_YEARLY = ("giving.this_year", "giving.last_year", "giving.year.")
_TOTALS = ("giving.lifetime", "giving.soft_credit", "pledge.balance", "pledge.overdue_amount", *_YEARLY)
_SUFFIX = re.compile(r"\.[a-z]{3}$")


def check_meaning(text: str, placed: list[Placed], evidence: Evidence) -> None:
    """Raise UnverifiedError when a figure is passed off as another one."""
    _words_fit(text, placed)
    _donor_gives(text, placed)
    _one_topic(placed)
    _qualifiers_are_answered(text, placed, evidence)
    _years_belong(placed)
    _pairs_belong(text, placed)
    _dues_belong(text, placed)
    _totals_cover_their_count(placed)
    _totals_are_whole(placed, evidence)
    _pledge_amounts_are_apart(text, placed)
    _kind_of_contact_is_bound(text, placed, evidence)
    _special_gifts_are_named(placed, evidence)


def _words_fit(text: str, placed: list[Placed]) -> None:
    wording = blanked(text, placed, statuses=False)
    for place in placed:
        name = place.binding.name
        if not all(pattern.search(wording) for pattern in needed(name)):
            raise unsupported("A figure is passed off as another one.")
        following = unit(name)
        if place.slot.kind is SlotKind.COUNT and following and not following.match(text, place.end):
            raise unsupported("A number is said of something else.")


def _donor_gives(text: str, placed: list[Placed]) -> None:
    """Somebody named gives; that they receive is nothing a gift record says."""
    for place in placed:
        if place.slot.kind is SlotKind.NAME and _RECEIVES.match(text, place.end):
            raise unsupported("It says something that no record bears out.")


def _one_topic(placed: list[Placed]) -> None:
    """A sentence keeps to one topic: a pledge's amount is not said of a standing gift."""
    topics = {found for place in placed if (found := topic(place.binding.name)) is not None}
    if len(topics) > 1:
        raise unsupported("It mixes figures about different things.")


def _answers(qualifier: Qualifier, place: Placed, evidence: Evidence) -> bool:
    """Say whether a slot is what a qualifier speaks of, by its fact or by the record a fact singles out."""
    if qualifier.answered_by(place.binding.name):
        return True
    if place.slot.record is None:
        return False
    if qualifier.name == "pledge":
        return any(place.slot.record == pledge.id for pledge in evidence.record.pledges)
    if qualifier.name == "soft credit":
        return place.slot.record in evidence.soft_credited
    return qualifier.exclusive and any(
        fact.records == (place.slot.record,)
        for fact in evidence.facts.facts
        if qualifier.answered_by(fact.id)
    )


def _qualifiers_are_answered(text: str, placed: list[Placed], evidence: Evidence) -> None:
    found = qualifiers_in(blanked(text, placed, statuses=True))
    for _, qualifier in found:
        if not any(_answers(qualifier, place, evidence) for place in placed):
            raise unsupported("It speaks of something that no record bears out.")
    exclusive = [(start, q) for start, q in found if q.exclusive]
    for place in placed:
        if exclusive and _is_singled_out(place, evidence):
            before = [q for start, q in exclusive if start < place.start]
            nearest = before[-1] if before else exclusive[0][1]
            if not _answers(nearest, place, evidence):
                raise unsupported("A figure is passed off as another one.")


def _is_singled_out(place: Placed, evidence: Evidence) -> bool:
    return place.slot.kind in (SlotKind.MONEY, SlotKind.DATE) and any(
        _answers(each, place, evidence) for each in EXCLUSIVE
    )


def _years_belong(placed: list[Placed]) -> None:
    """A year's total must stand next to the name of that year, and nothing else may."""
    names = [place for place in placed if place.binding.name.startswith("fiscal_year.")]
    for place in placed:
        name = place.binding.name
        if not name.startswith(_YEARLY):
            if names and place.slot.kind is SlotKind.MONEY:
                raise unsupported("A figure of another period is said of a year.")
            continue
        if not names:
            raise unsupported("A year's total stands without its year.")
        nearest = min(names, key=lambda one: (abs(one.start - place.end), one.start))
        year = _SUFFIX.sub("", name).removeprefix("giving.").removeprefix("year.")
        wanted = {"this_year": "fiscal_year.current", "last_year": "fiscal_year.last"}.get(year)
        if nearest.binding.name != wanted and str(nearest.binding.value) != f"FY{year}":
            raise unsupported("A year's total is said of another year.")


def _pairs_belong(text: str, placed: list[Placed]) -> None:
    """An amount and the date next to it must be of the same gift."""
    kinds = {SlotKind.MONEY, SlotKind.DATE}
    for left, right in pairwise(placed):
        if {left.slot.kind, right.slot.kind} != kinds:
            continue
        if (
            _ADJACENT.fullmatch(text[left.end : right.start])
            and left.binding.records != right.binding.records
        ):
            raise unsupported("An amount and a date are of different records.")


def _dues_belong(text: str, placed: list[Placed]) -> None:
    """A due date is called due, and no other date is."""
    for place in placed:
        if place.slot.kind is SlotKind.DATE:
            called_due = _DUE.search(text[: place.start]) is not None
            is_due = place.binding.name.split(".")[-1].endswith("due_on")
            was_due = place.binding.name == "pledge.overdue_since"
            if called_due != is_due and not (called_due and was_due):
                raise unsupported("A date is passed off as another one.")


def _totals_cover_their_count(placed: list[Placed]) -> None:
    """A total and a number of gifts in one sentence must be of the same gifts; one currency is named once."""
    names = [place.binding.name for place in placed if place.slot.kind is SlotKind.MONEY and place.slot.fact]
    if len(set(names)) != len(names):
        raise unsupported("The same amount is counted twice.")
    counts = [place for place in placed if place.binding.name == "giving.count"]
    totals = [place for place in placed if place.binding.name.startswith("giving.lifetime")]
    covered = frozenset().union(*(place.binding.records for place in totals))
    if totals and any(place.binding.records != covered for place in counts):
        raise unsupported("A total leaves out or adds records.")


def _totals_are_whole(placed: list[Placed], evidence: Evidence) -> None:
    """A total that came in several currencies is said in all of them."""
    said = {place.binding.name for place in placed if place.slot.kind is SlotKind.MONEY and place.slot.fact}
    for total in {_SUFFIX.sub("", name) for name in said if name.startswith(_TOTALS)}:
        if not said.issuperset(evidence.facts.currencies_of(total)):
            raise unsupported("A part in one currency is passed off as the whole.")


_NEXT_LEFT = re.compile(r"\bnext (?:payment|instal?lment)(?: of|:| is|,)?\s*$", re.IGNORECASE)
_NEXT_RIGHT = re.compile(r"\s*(?:is |falls |comes )?(?:due|next)\b", re.IGNORECASE)
_OWED_LEFT = re.compile(r"\b(?:balance(?: of| is|:)?|(?:owed|outstanding)(?: is|:)?)\s*$", re.IGNORECASE)
_AND_MORE = r"(?:(?:plus|and) \W{0,3}[A-Z]{0,3}\W{0,2}[\d.,]+\s+)*"
_OWED_RIGHT = re.compile(
    rf"\s*{_AND_MORE}(?:is |are |remains )?(?:outstanding|owed|to go|to pay)\b", re.IGNORECASE
)


def _pledge_amounts_are_apart(text: str, placed: list[Placed]) -> None:
    """What is outstanding and what is due next are both of the pledge: each stands in its own words."""
    frames = {
        "pledge.balance": (_OWED_LEFT, _OWED_RIGHT),
        "pledge.next_due_amount": (_NEXT_LEFT, _NEXT_RIGHT),
    }
    for place in placed:
        frame = frames.get(_SUFFIX.sub("", place.binding.name))
        if frame and not (frame[0].search(text[: place.start]) or frame[1].match(text, place.end)):
            raise unsupported("A figure is passed off as another one.")


def _kind_of_contact_is_bound(text: str, placed: list[Placed], evidence: Evidence) -> None:
    """Where the date of a contact is given, what kind of contact it was comes from the record too."""
    dated = any(
        place.binding.name.startswith("contact.")
        or type(evidence.records.get(place.slot.record or "")) is Interaction
        for place in placed
    )
    if dated and _KIND_OF_CONTACT.search(blanked(text, placed, statuses=True)):
        raise unsupported("It says something that no record bears out.")


def _special_gifts_are_named(placed: list[Placed], evidence: Evidence) -> None:
    """A refunded, pending, planned or in-kind gift must be called so."""
    for place in placed:
        found = evidence.records.get(place.slot.record or "")
        if not isinstance(found, Gift) or place.slot.kind is not SlotKind.MONEY:
            continue
        said = {p.slot.field for p in placed if p.slot.record == found.id and p.slot.kind is SlotKind.ENUM}
        status_unsaid = found.status != "completed" and "status" not in said
        if status_unsaid or (found.type not in CASH_LIKE and "type" not in said):
            raise unsupported("A gift that does not count is passed off as one that does.")
