"""Whose figure it is, and that it is said as a fact: a true number said of somebody else is a false claim.

A sentence with a figure speaks of the donor, in the indicative. A sentence without one may advise, and be
marked as a judgement; it asserts nothing about anybody that no record bears out.
"""

from __future__ import annotations

import re

from policy.claims import SlotKind
from policy.donor import Donor, StaffMember
from policy.verifier_binding import Evidence
from policy.verifier_language import MASK, topic
from policy.verifier_lexicon import VERBS
from policy.verifier_placing import Placed, blanked, unsupported

_OF_GIVING = ("giving", "pledge", "recurring", "acknowledgement", "giving.soft_credit")
_GIVING_FIELDS = frozenset({"amount", "received_on", "pledged_on", "started_on", "next_due_on"})
_OTHERS = re.compile(
    r"\b(?:spouse|friends?|family|partner|colleagues?|director|manager|company|foundation|charity|institution"
    r"|members?|staff|officer|others?|fundraisers?|team|supporters|persons?|people|donors)\b",
    re.IGNORECASE,
)
_WE_GIVE = re.compile(
    r"\b(?:we|you|i)\s+(?:\w+\s+)?(?:g[ai]ven?|gave|donat\w+|contribut\w+|pledg\w+|made|paid|sent|receiv\w+)\b",
    re.IGNORECASE,
)
_OF_LATE = re.compile(r"\bthis (?:week|month|quarter)\b|\btoday\b", re.IGNORECASE)
_NOT_A_FACT = re.compile(
    r"\b(?:could|can|may|might|should|would|shall|will|if|whether|wants?|wish(?:es)?|plans?|planning|needs?"
    r"|ask(?:s|ed|ing)?|send(?:s|ing)?|pay(?:s|ing)?|suggest(?:s)?|recommend(?:s|ed)?|consider(?:s|ing)?"
    r"|likely|perhaps|maybe|seems?|appears?|invite[sd]?|needed)\b",
    re.IGNORECASE,
)
_THANKING = re.compile(r"\b(?:thank|acknowledg|appreciat|recogni[sz]|gratitude|celebrat)", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:.!?]|,? (?:so|but)\b")
_ADVICE = frozenset({"deserve", "deserves", "merit", "merits", "need", "needs"})
_PAST = "gave made met said spoke told took brought built came held kept sent wrote found learned knew paid"

_FINITE = sorted(
    {verb for verb in VERBS.split() if verb.endswith(("s", "ed")) and verb not in _ADVICE}
    | set(_PAST.split())
    | {"is", "was", "has", "had", "does", "did", "will", "shall", "are", "were", "want", "plan", "say"}
)
_SOMEBODY = rf"(?:{MASK}+|she|he|they|the donor|donor|{_OTHERS.pattern[2:-2]}|household)"
_ASSERTS = re.compile(
    rf"(?:^|(?<=[\s“\"(])){_SOMEBODY}(?:['’]s)?,? (?:\w+ly |also |now |still )?(?:{'|'.join(_FINITE)})\b",
    re.IGNORECASE,
)


def check_subject(text: str, placed: list[Placed], evidence: Evidence) -> None:
    """Raise UnverifiedError when a figure is said of somebody else, or of what might be."""
    figures = [place for place in placed if place.slot.kind is not SlotKind.NAME]
    wording = blanked(text, placed, statuses=True)
    giving = [place for place in figures if _is_giving(place)]
    _nobody_else_is_named(placed, evidence, giving=bool(giving) or _speaks_of_gifts(wording))
    if not figures:
        if _ASSERTS.search(wording):
            raise unsupported("It says something that no record bears out.")
        return
    if "?" in wording:
        raise unsupported("It asks what a record says.")
    if any(topic(place.binding.name) != "giving.soft_credit" for place in giving):
        _donor_is_the_giver(wording)
    if giving and _OF_LATE.search(wording) and not _THANKING.search(wording):
        raise unsupported("A figure is said of another time.")
    for place in giving:
        if place.slot.kind in (SlotKind.MONEY, SlotKind.COUNT):
            _is_said_as_fact(wording[: place.start])


def _is_giving(place: Placed) -> bool:
    name = place.binding.name
    return topic(name) in _OF_GIVING or (place.slot.record is not None and name in _GIVING_FIELDS)


def _speaks_of_gifts(wording: str) -> bool:
    return (
        re.search(r"\b(?:gifts?|g[ai]ven?|gives|donat|contribut|pledg)", wording, re.IGNORECASE) is not None
    )


def _nobody_else_is_named(placed: list[Placed], evidence: Evidence, *, giving: bool) -> None:
    donor = evidence.record.donor
    for place in placed:
        if place.slot.kind is not SlotKind.NAME:
            continue
        found = evidence.records.get(place.slot.record or "")
        another = isinstance(found, Donor) and found.id != donor.id
        if another or (giving and isinstance(found, StaffMember)):
            raise unsupported("A figure is said of somebody else.")


def _donor_is_the_giver(wording: str) -> None:
    if _OTHERS.search(wording) or _WE_GIVE.search(wording):
        raise unsupported("A figure is said of somebody else.")


def _is_said_as_fact(before: str) -> None:
    """Look at the words of the same clause ahead of the figure; thanks for it may well be advised."""
    clause = _CLAUSE.split(before)[-1]
    found = list(_NOT_A_FACT.finditer(clause))
    if found and not _THANKING.search(clause, found[0].start()):
        raise unsupported("A figure is said of what might be, not of what was.")
