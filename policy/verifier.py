"""The verifier: recomputes every figure of a sentence from the records; what does not hold is removed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from policy.claims import Claim, Slot, SlotKind, Verdict, Verification, VerifiedClaim
from policy.donor import DonorRecord
from policy.facts_model import DonorFacts
from policy.money import Money
from policy.phrases import wordings
from policy.verifier_assertion import check_assertion
from policy.verifier_binding import Binding, Evidence, UnboundError
from policy.verifier_frames import check_frames
from policy.verifier_language import unexplained
from policy.verifier_literals import normalised, states_date, states_money, states_number
from policy.verifier_meaning import check_meaning
from policy.verifier_placing import UnverifiedError, masked, place_slots, unsupported
from policy.verifier_subject import check_subject

_LONGEST_QUOTE = 160


_OWNER = re.compile(r"The relationship owner is (?P<who>.+)\.")


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
        cited = evidence.cited(claim.cites)
        placed = place_slots(claim.text, [(slot, _bind(slot, cited, evidence)) for slot in claim.slots])
        _nothing_unexplained(masked(claim.text, placed))
        check_meaning(claim.text, placed, evidence)
        check_frames(claim.text, placed)
        check_assertion(claim.text, placed)
        check_subject(claim.text, placed, evidence)
    except UnverifiedError as error:
        return VerifiedClaim(claim=claim, verdict=error.verdict, reason=error.reason)
    bound = any(slot.kind is not SlotKind.NAME for slot in claim.slots) or _says_who_owns(claim)
    verdict = Verdict.SUPPORTED if bound else Verdict.OPINION
    return VerifiedClaim(claim=claim, verdict=verdict)


def _says_who_owns(claim: Claim) -> bool:
    """Say whether a sentence with no figure in it still states what the record does: whose donor it is."""
    said = _OWNER.fullmatch(claim.text)
    return said is not None and any(
        slot.fact == "donor.owner" and slot.text == said["who"] for slot in claim.slots
    )


def _citations_exist(claim: Claim, evidence: Evidence) -> None:
    if not all(evidence.exists(cite) for cite in claim.cites):
        raise unsupported("It cites a record that was not read.")


def _bind(slot: Slot, cited: frozenset[str], evidence: Evidence) -> Binding:
    try:
        binding = evidence.bind(slot)
    except UnboundError as error:
        raise unsupported(str(error)) from error
    if not binding.records <= cited:
        raise unsupported("A figure rests on records the sentence does not cite.")
    stated = _states(slot, binding, evidence)
    if stated is None:
        raise unsupported("A figure cannot be read as what it is said to be.")
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


def _nothing_unexplained(residual: str) -> None:
    reason = unexplained(residual)
    if reason is not None:
        raise unsupported(reason)
