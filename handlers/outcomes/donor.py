"""Who a donor is and what is known of them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from policy.actions import Action, FieldChange
from policy.claims import Confidence, Origin, Summary, VerifiedClaim
from policy.donor import DonorMatch, LifecycleStage, Tier, TimelineEntry
from policy.value import Value

Wanted = Literal["summary", "timeline", "why", "for_donor", "next"]
"""What somebody wanted of a donor when several matched, or none."""


class DonorHeader(Value):
    """Who the donor is, on one line, with the marks nobody may overlook."""

    id: str
    name: str
    stage: LifecycleStage
    tier: Tier | None = None
    owner_name: str | None = None
    household_name: str | None = None
    warnings: tuple[str, ...] = ()
    record_url: str | None = None


class Source(Value):
    """What a citation points to, named for people: "gift of 22 Nov 2026", "53 gifts".

    *url* leads to that very record, where the CRM has an address for it.
    """

    id: str
    label: str
    url: str | None = None


class SummaryShown(Value):
    """A donor summary with the timeline under it; *before* is the meeting it was written for."""

    type: Literal["summary"] = "summary"
    answer_id: str
    donor: DonorHeader
    summary: Summary
    sources: tuple[Source, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    shared_by: str | None = None
    before: AwareDatetime | None = None
    reference: str


class TimelineShown(Value):
    """A donor's recent history alone."""

    type: Literal["timeline"] = "timeline"
    donor: DonorHeader
    timeline: tuple[TimelineEntry, ...]
    as_of: date
    reference: str


class FollowUpShown(Value):
    """An answer to a question about a donor; *notes* say what is not recorded or not told here."""

    type: Literal["follow_up"] = "follow_up"
    answer_id: str
    donor: DonorHeader
    question: str
    claims: tuple[VerifiedClaim, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    removed: int = 0
    origin: Origin
    as_of: date
    reference: str


class ConsideredStep(Value):
    """Another step that was considered, and why it is not the one recommended."""

    step: str
    why_not: str


class NextStepShown(Value):
    """The one step recommended next about a donor, with what speaks for it and what else was considered.

    Without *step* nothing is due, and *nothing* says why, or nothing that is due may be done. With
    *may_be_proposed* it can be put before *decider*, who is not the owner where the *owner_asks*; otherwise
    *why_not* says what keeps it an idea. *waits* says that a decision about it is open already. *hidden*
    counts the reasons that are not for this place.
    """

    type: Literal["next_step"] = "next_step"
    answer_id: str
    donor: DonorHeader
    nothing: str = ""
    rule: str = ""
    step: Action | None = None
    headline: str = ""
    proposal: str = ""
    proposal_details: str = ""
    changes: tuple[FieldChange, ...] = ()
    signals: tuple[VerifiedClaim, ...] = ()
    hidden: int = 0
    sources: tuple[Source, ...] = ()
    removed: int = 0
    gates: tuple[str, ...] = ()
    considered: tuple[ConsideredStep, ...] = ()
    alternatives: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    confidence: Confidence | None = None
    origin: Origin | None = None
    footers: tuple[str, ...] = ()
    undo_text: str = ""
    decider: str = ""
    owner_asks: bool = False
    may_be_proposed: bool = False
    why_not: tuple[str, ...] = ()
    waits: bool = False
    as_of: date
    reference: str


class DonorPicker(Value):
    """Several donors match; the reader picks one."""

    type: Literal["picker"] = "picker"
    query: str
    wanted: Wanted
    matches: tuple[DonorMatch, ...]


class NoDonorFound(Value):
    """Nobody matches; *near* are names that look alike."""

    type: Literal["no_donor"] = "no_donor"
    query: str
    wanted: Wanted
    near: tuple[DonorMatch, ...] = ()
