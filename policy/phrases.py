"""The wordings that state a status: which words may stand for which value, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Status = str | bool | int

# By "name=value", so that False and 0 stay two things. Countersign itself writes the first wording.
PHRASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "donor.deceased=True": ("has died", "deceased", "died", "is deceased"),
        "donor.do_not_contact=True": ("do not contact", "do-not-contact", "must not be contacted"),
        "donor.legal_review=True": ("under legal review", "in legal review", "legal review"),
        "donor.sensitive=True": ("sensitive", "a sensitive relationship"),
        "donor.vulnerable=True": ("in vulnerable circumstances", "vulnerable"),
        "donor.anonymous=True": ("gives anonymously", "anonymous", "anonymously"),
        "donor.merged=True": ("merged into another record", "merged"),
        "donor.owner_active=False": ("no longer on the staff", "has left"),
        "complaint.recent=True": ("complaint", "recent complaint", "complained"),
        "acknowledgement.overdue=True": ("overdue", "late"),
        "acknowledgement.overdue=False": ("not overdue", "still in time"),
        "acknowledgement.due_count=0": ("no thanks are due", "nothing to acknowledge"),
        "pledge.overdue=True": ("overdue", "late", "past due"),
        "pledge.overdue=False": ("on schedule", "up to date", "not overdue"),
        "pledge.paid_by_daf=True": ("donor-advised fund", "a donor-advised fund payment"),
        "recurring.missed=True": ("missed", "has missed a payment"),
        "recurring.frequency=monthly": ("monthly", "a month", "every month"),
        "recurring.frequency=quarterly": ("quarterly", "a quarter", "every quarter"),
        "recurring.frequency=yearly": ("yearly", "a year", "every year", "annually"),
        "giving.count=0": ("no gift on record", "has not given yet", "no gifts"),
        "giving.lybunt=True": ("not yet", "has not given yet", "but not yet", "LYBUNT"),
        "giving.sybunt=True": ("has lapsed", "lapsed", "SYBUNT"),
        "giving.status=new": ("new", "a new donor", "new donor", "first-time donor"),
        "giving.status=retained": ("retained", "a retained donor"),
        "giving.status=recaptured": ("came back", "recaptured", "returned", "has come back"),
        "giving.status=lybunt": ("not yet", "has not given yet", "LYBUNT"),
        "giving.status=at_risk": ("at risk", "at risk of lapsing"),
        "giving.status=lapsed": ("has lapsed", "lapsed", "is lapsed", "a lapsed donor"),
        "giving.change=upgraded": ("upgraded", "increased", "rose", "grew", "went up", "more than"),
        "giving.change=downgraded": (
            "downgraded",
            "decreased",
            "declined",
            "fell",
            "went down",
            "less than",
        ),
        "giving.change=same": ("unchanged", "the same", "stayed level", "as much as"),
        "ask.open=True": ("open ask", "awaiting an answer", "still open"),
        "ask.open=False": ("no open ask", "no ask is open"),
        "ask.recent_count=0": ("no recent ask", "not been asked"),
    }
)

_CONSENT = {
    "opted_in": ("opted in", "allowed"),
    "opted_out": ("opted out", "has opted out", "not allowed", "suppressed"),
    "soft_opt_in": ("soft opt-in",),
    "unknown": ("unknown", "not known", "without recorded consent"),
}

_INTERACTION = {
    "meeting": ("meeting", "met"),
    "call": ("call", "phone call"),
    "email": ("email", "e-mail"),
    "letter": ("letter",),
    "event": ("event",),
    "visit": ("visit",),
    "reply": ("reply",),
}


def wordings(name: str, value: Status) -> tuple[str, ...]:
    """Return the wordings that may state *value* of a fact or field; empty when none may.

    Yes-or-no values and numbers have the wordings listed here only; other words may also stand as the CRM
    spells them.
    """
    listed = PHRASES.get(f"{name}={value}", ())
    if isinstance(value, bool | int):
        return listed
    if name.startswith("consent."):
        return _CONSENT.get(value, ())
    if name in ("contact.last_kind", "contact.next_kind", "kind") and value in _INTERACTION:
        return _INTERACTION[value]
    return (*listed, value.replace("_", " "), value.replace("_", "-"), value)


def wording(name: str, value: Status) -> str:
    """Return the wording Countersign writes itself; KeyError when there is none."""
    found = wordings(name, value)
    if not found:
        raise KeyError(name)
    return found[0]


def statuses() -> frozenset[str]:
    """Return every wording that states a status."""
    listed = (*PHRASES.values(), *_CONSENT.values())
    return frozenset(phrase for phrases in listed for phrase in phrases)
