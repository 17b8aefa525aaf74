"""The verifier: recomputes every figure of a sentence from the records; what does not hold is removed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from policy.claims import Claim, Slot, SlotKind, Verdict, Verification, VerifiedClaim
from policy.donor import DonorRecord, Gift
from policy.facts_giving import CASH_LIKE
from policy.facts_model import DonorFacts
from policy.money import Money
from policy.phrases import wordings
from policy.verifier_binding import Binding, Evidence, UnboundError
from policy.verifier_language import MASK, QUALIFIERS, needed, unexplained, unit
from policy.verifier_literals import normalised, states_date, states_money, states_number

_LONGEST_QUOTE = 160
_QUOTE_MARKS = {"“": "”", '"': '"'}
_ADJACENT = re.compile(
    r"\W*(?:gifts?|donations?)?\W*(?:(?:made|given|came|dated) )?(?:on|of|from|in|dated)?\W*"
)


class UnverifiedError(ValueError):
    """A claim does not hold; *verdict* says whether it contradicts the records or lacks their support."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Placed:
    """A slot with its binding and its place in the sentence."""

    slot: Slot
    binding: Binding
    start: int
    end: int


def verify(claims: Iterable[Claim], record: DonorRecord, facts: DonorFacts) -> Verification:
    """Judge every claim on its own; only supported sentences and opinions without facts are kept."""
    evidence = Evidence(record, facts)
    judged = [_judge(claim, evidence) for claim in claims]
    shown = (Verdict.SUPPORTED, Verdict.OPINION)
    return Verification(
        kept=tuple(claim for claim in judged if claim.verdict in shown),
        removed=tuple(claim for claim in judged if claim.verdict not in shown),
    )


def _judge(claim: Claim, evidence: Evidence) -> VerifiedClaim:
    try:
        _citations_exist(claim, evidence)
        bound = [(slot, _bind(slot, claim, evidence)) for slot in claim.slots]
        placed = _place(claim.text, bound)
        _nothing_unexplained(_masked(claim.text, placed))
        _figures_are_what_they_are_called(claim.text, placed, evidence)
    except UnverifiedError as error:
        return VerifiedClaim(claim=claim, verdict=error.verdict, reason=error.reason)
    verdict = Verdict.SUPPORTED if claim.slots else Verdict.OPINION
    return VerifiedClaim(claim=claim, verdict=verdict)


def _unsupported(reason: str) -> UnverifiedError:
    return UnverifiedError(Verdict.UNSUPPORTED, reason)


def _citations_exist(claim: Claim, evidence: Evidence) -> None:
    if not all(evidence.exists(cite) for cite in claim.cites):
        raise _unsupported("It cites a record that was not read.")


def _bind(slot: Slot, claim: Claim, evidence: Evidence) -> Binding:
    try:
        binding = evidence.bind(slot)
    except UnboundError as error:
        raise _unsupported(str(error)) from error
    cited = frozenset(evidence.facts.sources(claim.cites))
    if not binding.records <= cited:
        raise _unsupported("A figure rests on records the sentence does not cite.")
    stated = _states(slot, binding, evidence)
    if stated is None:
        raise _unsupported("A figure cannot be read as what it is said to be.")
    if not stated:
        raise UnverifiedError(Verdict.CONTRADICTED, "A figure differs from the record.")
    return binding


def _states(slot: Slot, binding: Binding, evidence: Evidence) -> bool | None:
    value = binding.value
    if slot.kind is SlotKind.MONEY:
        return states_money(slot.text, value) if isinstance(value, Money) else None
    if slot.kind is SlotKind.DATE:
        return states_date(slot.text, value) if isinstance(value, date) else None
    if slot.kind is SlotKind.COUNT:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return states_number(slot.text, value) if is_number and isinstance(value, int) else None
    if slot.kind is SlotKind.ENUM:
        return _words_status(slot.text, binding)
    if slot.kind is SlotKind.QUOTE:
        return _quotes(slot, binding, evidence)
    return normalised(slot.text) == normalised(value) if isinstance(value, str) else None


def _words_status(text: str, binding: Binding) -> bool | None:
    value = binding.value
    if isinstance(value, Money | date):
        return None
    spelled = normalised(text).casefold()
    return spelled in {normalised(phrase).casefold() for phrase in wordings(binding.name, value)}


def _quotes(slot: Slot, binding: Binding, evidence: Evidence) -> bool | None:
    value = binding.value
    plain = len(slot.text) <= _LONGEST_QUOTE and not re.search(r"[\d@<>|`*_~$€£¥%]|//|www\.", slot.text)
    if not plain or not isinstance(value, str) or not evidence.quotable(slot):
        return None
    return normalised(slot.text) in normalised(value)


def _place(text: str, bound: list[tuple[Slot, Binding]]) -> list[Placed]:
    """Find each slot in the sentence, the longest first; a name may stand more than once."""
    taken = [False] * len(text)
    placed: list[Placed] = []
    for slot, binding in sorted(bound, key=lambda pair: -len(pair[0].text)):
        free = [
            match.span()
            for match in _literal(slot).finditer(text)
            if not any(taken[match.start() : match.end()]) and match.end() > match.start()
        ]
        if not free:
            raise _unsupported("A figure is not in the sentence.")
        for start, end in free if slot.kind is SlotKind.NAME else free[:1]:
            taken[start:end] = [True] * (end - start)
            placed.append(Placed(slot, binding, start, end))
    return sorted(placed, key=lambda place: place.start)


def _literal(slot: Slot) -> re.Pattern[str]:
    """Match the literal as a whole: not a part of a longer number, word or amount."""
    return re.compile(rf"(?<![\w$€£¥+-])(?<!\d[.,]){re.escape(slot.text)}(?![\w%$€£¥+])(?![.,:/-]\d)")


def _masked(text: str, placed: list[Placed]) -> str:
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
        raise _unsupported("A quotation does not stand in quotation marks.")


def _nothing_unexplained(residual: str) -> None:
    reason = unexplained(residual)
    if reason is not None:
        raise _unsupported(reason)


def _figures_are_what_they_are_called(text: str, placed: list[Placed], evidence: Evidence) -> None:
    wording = _wording(text, placed)
    for place in placed:
        name = place.binding.name
        if not all(pattern.search(wording) for pattern in needed(name)):
            raise _unsupported("A figure is passed off as another one.")
        following = unit(name)
        if place.slot.kind is SlotKind.COUNT and following and not following.match(text, place.end):
            raise _unsupported("A number is said of something else.")
    _qualifiers_are_answered(text, placed, evidence)
    _years_belong(placed)
    _pairs_belong(text, placed)
    _special_gifts_are_named(placed, evidence)


def _wording(text: str, placed: list[Placed]) -> str:
    """Return the sentence with names and figures blanked, statuses left."""
    blanked = list(text)
    for place in placed:
        if place.slot.kind is not SlotKind.ENUM:
            blanked[place.start : place.end] = MASK * (place.end - place.start)
    return "".join(blanked)


def _answers(qualifier_name: str, place: Placed, evidence: Evidence) -> bool:
    """Say whether a slot is what a qualifier speaks of, by its fact or by the record a fact singles out."""
    qualifier = next(q for q in QUALIFIERS if q.name == qualifier_name)
    if qualifier.answered_by(place.binding.name):
        return True
    if place.slot.record is None:
        return False
    if qualifier_name == "pledge":
        return any(place.slot.record == pledge.id for pledge in evidence.record.pledges)
    if qualifier_name == "soft credit":
        return place.slot.record in evidence.soft_credited
    return qualifier.exclusive and any(
        fact.records == (place.slot.record,)
        for fact in evidence.facts.facts
        if qualifier.answered_by(fact.id)
    )


def _qualifiers_are_answered(text: str, placed: list[Placed], evidence: Evidence) -> None:
    wording = _blank(text, placed)
    found = [(match.start(), q) for q in QUALIFIERS for match in q.words.finditer(wording)]
    for _, qualifier in found:
        if not any(_answers(qualifier.name, place, evidence) for place in placed):
            raise _unsupported("It speaks of something that no record bears out.")
    exclusive = sorted((start, q.name) for start, q in found if q.exclusive)
    for place in placed:
        if place.slot.kind not in (SlotKind.MONEY, SlotKind.DATE) or not exclusive:
            continue
        if not _own_qualifiers(place, evidence):
            continue
        before = [name for start, name in exclusive if start < place.start]
        nearest = before[-1] if before else exclusive[0][1]
        if not _answers(nearest, place, evidence):
            raise _unsupported("A figure is passed off as another one.")


def _own_qualifiers(place: Placed, evidence: Evidence) -> bool:
    return any(q.exclusive and _answers(q.name, place, evidence) for q in QUALIFIERS)


def _blank(text: str, placed: list[Placed]) -> str:
    blanked = list(text)
    for place in placed:
        blanked[place.start : place.end] = MASK * (place.end - place.start)
    return "".join(blanked)


def _years_belong(placed: list[Placed]) -> None:
    """A year's total must stand next to the name of that year."""
    names = [place for place in placed if place.binding.name.startswith("fiscal_year.")]
    for place in placed:
        if not place.binding.name.startswith(("giving.this_year", "giving.last_year", "giving.year.")):
            continue
        if not names:
            raise _unsupported("A year's total stands without its year.")
        nearest = min(names, key=lambda name: (abs(name.start - place.end), name.start))
        year = place.binding.name.removeprefix("giving.").removeprefix("year.")
        wanted = {"this_year": "fiscal_year.current", "last_year": "fiscal_year.last"}.get(year)
        if nearest.binding.name != wanted and str(nearest.binding.value) != f"FY{year}":
            raise _unsupported("A year's total is said of another year.")


def _pairs_belong(text: str, placed: list[Placed]) -> None:
    """An amount and the date next to it must be of the same gift."""
    kinds = {SlotKind.MONEY, SlotKind.DATE}
    for left, right in pairwise(placed):
        if {left.slot.kind, right.slot.kind} != kinds or "due" in right.binding.name:
            continue
        if (
            _ADJACENT.fullmatch(text[left.end : right.start])
            and left.binding.records != right.binding.records
        ):
            raise _unsupported("An amount and a date are of different records.")


def _special_gifts_are_named(placed: list[Placed], evidence: Evidence) -> None:
    """A refunded, pending, planned or in-kind gift must be called so."""
    for place in placed:
        found = evidence.records.get(place.slot.record or "")
        if not isinstance(found, Gift) or place.slot.kind is not SlotKind.MONEY:
            continue
        said = {p.slot.field for p in placed if p.slot.record == found.id and p.slot.kind is SlotKind.ENUM}
        unsaid = (found.status != "completed" and "status" not in said) or (
            found.type not in CASH_LIKE and "type" not in said
        )
        if unsaid:
            raise _unsupported("A gift that does not count is passed off as one that does.")
