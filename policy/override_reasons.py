"""Why people overrule a proposal: one short list for every way of doing it, so that digests can count."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated

from pydantic import Field

from policy.value import Value

LONGEST_TEXT = 2000


@unique
class Override(StrEnum):
    """The ways of not simply approving what was proposed."""

    DECLINE = "decline"
    EDIT = "edit"
    DEFER = "defer"
    SEND_BACK = "send_back"
    ESCALATE = "escalate"
    UNDO = "undo"


@unique
class OverrideReason(StrEnum):
    """Why; what stands behind a code in somebody's own words is kept apart from it."""

    WRONG_TIMING = "wrong_timing"
    WRONG_ACTION = "wrong_action"
    WRONG_PERSON = "wrong_person"
    WRONG_CHANNEL = "wrong_channel"
    WRONG_WORDING = "wrong_wording"
    WRONG_FACTS = "wrong_facts"
    RELATIONSHIP_REASON = "relationship_reason"
    DONOR_ASKED_OTHERWISE = "donor_asked_otherwise"
    ALREADY_DONE = "already_done"
    NOT_WORTH_IT = "not_worth_it"
    WAITING_FOR_DONOR = "waiting_for_donor"
    WAITING_FOR_COLLEAGUE = "waiting_for_colleague"
    WRONG_OWNER = "wrong_owner"
    WRONG_CONTACT_DATA = "wrong_contact_data"
    DUPLICATE_RECORD = "duplicate_record"
    MISSING_GIFT = "missing_gift"
    STALE_FACTS = "stale_facts"
    NEEDS_SENIORITY = "needs_seniority"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    KNOWS_DONOR_BETTER = "knows_donor_better"
    OTHER = "other"


_R = OverrideReason

LABELS: dict[OverrideReason, str] = {
    _R.WRONG_TIMING: "Not the right time",
    _R.WRONG_ACTION: "Not the right step",
    _R.WRONG_PERSON: "Not the right person to do it",
    _R.WRONG_CHANNEL: "Not the right way to reach them",
    _R.WRONG_WORDING: "Not the right words",
    _R.WRONG_FACTS: "What it is based on is wrong",
    _R.RELATIONSHIP_REASON: "The relationship asks for something else",
    _R.DONOR_ASKED_OTHERWISE: "The donor asked for something else",
    _R.ALREADY_DONE: "Already done",
    _R.NOT_WORTH_IT: "Not worth doing",
    _R.WAITING_FOR_DONOR: "Waiting for the donor",
    _R.WAITING_FOR_COLLEAGUE: "Waiting for a colleague",
    _R.WRONG_OWNER: "Wrong relationship owner",
    _R.WRONG_CONTACT_DATA: "Wrong address, e-mail or phone",
    _R.DUPLICATE_RECORD: "The donor is recorded twice",
    _R.MISSING_GIFT: "A gift or a soft credit is missing",
    _R.STALE_FACTS: "The record is out of date",
    _R.NEEDS_SENIORITY: "Somebody more senior should decide",
    _R.CONFLICT_OF_INTEREST: "I should not decide this one",
    _R.KNOWS_DONOR_BETTER: "Somebody else knows the donor better",
    _R.OTHER: "Something else (say what)",
}

_REASONS: dict[Override, tuple[OverrideReason, ...]] = {
    Override.DECLINE: (
        _R.WRONG_TIMING,
        _R.WRONG_ACTION,
        _R.WRONG_FACTS,
        _R.RELATIONSHIP_REASON,
        _R.DONOR_ASKED_OTHERWISE,
        _R.ALREADY_DONE,
        _R.NOT_WORTH_IT,
        _R.OTHER,
    ),
    Override.EDIT: (
        _R.WRONG_TIMING,
        _R.WRONG_PERSON,
        _R.WRONG_CHANNEL,
        _R.WRONG_WORDING,
        _R.WRONG_FACTS,
        _R.RELATIONSHIP_REASON,
        _R.DONOR_ASKED_OTHERWISE,
        _R.OTHER,
    ),
    Override.DEFER: (
        _R.WRONG_TIMING,
        _R.WAITING_FOR_DONOR,
        _R.WAITING_FOR_COLLEAGUE,
        _R.RELATIONSHIP_REASON,
        _R.OTHER,
    ),
    Override.SEND_BACK: (
        _R.WRONG_OWNER,
        _R.WRONG_CONTACT_DATA,
        _R.DUPLICATE_RECORD,
        _R.MISSING_GIFT,
        _R.STALE_FACTS,
        _R.OTHER,
    ),
    Override.ESCALATE: (
        _R.NEEDS_SENIORITY,
        _R.KNOWS_DONOR_BETTER,
        _R.RELATIONSHIP_REASON,
        _R.CONFLICT_OF_INTEREST,
        _R.OTHER,
    ),
    Override.UNDO: (
        _R.WRONG_ACTION,
        _R.WRONG_FACTS,
        _R.WRONG_PERSON,
        _R.DONOR_ASKED_OTHERWISE,
        _R.ALREADY_DONE,
        _R.OTHER,
    ),
}

NO_REASON = "Choose a reason."
WRONG_REASON = "Choose one of the reasons in the list."
SAY_WHAT = "Say in a few words what it is."
TOO_LONG = f"Keep it under {LONGEST_TEXT:,} characters."
OPTIONAL = frozenset({Override.DEFER, Override.UNDO})
"""Where nobody has to give a reason: putting a decision off for a day, or undoing from a list, is one tap."""


class GivenReason(Value):
    """A reason as somebody gave it: a *code* that is counted, and *text* in their own words."""

    code: OverrideReason
    text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""

    @property
    def label(self) -> str:
        """The code in words."""
        return LABELS[self.code] if self.code is not OverrideReason.OTHER else "Something else"


def reasons_for(override: Override) -> tuple[OverrideReason, ...]:
    """Return the reasons to choose from, in the order in which they are offered."""
    return _REASONS[override]


def problem_with_reason(override: Override, code: str | None, text: str) -> str | None:
    """Return what is wrong with a reason for *override*, in words for whoever gave it; None when it holds."""
    if len(text) > LONGEST_TEXT:
        return TOO_LONG
    if not code:
        return None if override in OPTIONAL else NO_REASON
    if code not in reasons_for(override):
        return WRONG_REASON
    return SAY_WHAT if code == OverrideReason.OTHER and not text.strip() else None
