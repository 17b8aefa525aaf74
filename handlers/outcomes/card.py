"""The card of a decision, and everything it shows."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from handlers.outcomes.donor import DonorHeader, Source
from policy.actions import FieldChange, UndoPromise
from policy.claims import Confidence, Origin, VerifiedClaim
from policy.decision import GivenApproval, RequiredApproval
from policy.decision_facts import Capability
from policy.donor import TimelineEntry
from policy.escalation import EscalationState
from policy.override_reasons import OverrideReason
from policy.undoing import Difference
from policy.value import Value


class HeldNotice(Value):
    """Something happened and policy does not allow the action that would follow; nobody can approve it here.

    *elsewhere* names the place where it can be decided, if there is one, *elsewhere_url* leads there.
    """

    type: Literal["held"] = "held"
    donor: DonorHeader
    happened: str
    proposal: str
    reasons: tuple[str, ...]
    elsewhere: str = ""
    elsewhere_url: str | None = None
    reference: str


class CardEdit(Value):
    """Who changed the proposal, *for_name* if in their place, and each field as proposed and as it is now."""

    by_user_id: str
    by_name: str
    for_name: str = ""
    at: AwareDatetime
    differences: tuple[FieldChange, ...]
    reason: str = ""
    reason_text: str = ""


class TriageShown(Value):
    """How pressing it is, and what could go wrong, the gravest first."""

    urgency: Literal["now", "soon", "routine"]
    risks: tuple[str, ...] = ()
    chances: tuple[str, ...] = ()


class EscalationCard(Value):
    """What an owner needs to decide, as it was when the card was made.

    *also* is what else happened, of *folded* further events. *replaces* is the proposal in whose place this
    one came, *held_back* what waits until this is decided. What is *urgent* is always decided by itself.
    *put_off* are the days it can be put off to with one press, as they are while it is shown.
    """

    type: Literal["card"] = "card"
    escalation_id: str
    donor: DonorHeader
    came_back: str = ""
    awaits: str = ""
    happened: str
    proposal: str
    proposal_details: str = ""
    changes: tuple[FieldChange, ...]
    triage: TriageShown | None = None
    signals: tuple[VerifiedClaim, ...]
    sources: tuple[Source, ...] = ()
    removed: int = 0
    gates: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    confidence: Confidence
    origin: Origin
    recent: tuple[TimelineEntry, ...] = ()
    footers: tuple[str, ...] = ()
    undo: UndoPromise
    undo_text: str
    edits: tuple[CardEdit, ...] = ()
    also: tuple[str, ...] = ()
    folded: int = 0
    replaces: str = ""
    approvals_void: bool = False
    urgent: bool = False
    held_back: tuple[str, ...] = ()
    decider: str
    route: str
    created_at: AwareDatetime
    due_at: AwareDatetime
    reference: str
    put_off: tuple[date, ...] = ()


UNDO_UNSURE = "Something went wrong on our side. What was written may or may not have been taken back."
"""The note of an undo that was given up: whether it reached the CRM is then not known."""


class UndoShown(Value):
    """How an undo stands: on its way (*asked*), *waiting* for others to agree, *refused*, or *done*.

    *for_name* is the absent person in whose place it was asked for, *for_email* their address. *needs* are
    the approvals that the rules ask for besides, *granted* those given, *agreed* by whom. Refused means that
    nothing was touched, unless the note says that nobody knows (`UNDO_UNSURE`).
    *differences* are what stood in its way, *rest* what can still be undone without touching them. *changes*
    are what it did; where the action is made up for rather than undone, that is *instead*.
    """

    stage: Literal["asked", "waiting", "refused", "done"]
    by_user_id: str
    by_name: str
    for_name: str = ""
    for_email: str = ""
    at: AwareDatetime
    rest_only: bool = False
    needs: tuple[RequiredApproval, ...] = ()
    granted: tuple[GivenApproval, ...] = ()
    agreed: tuple[str, ...] = ()
    reason: OverrideReason | None = None
    instead: str = ""
    changes: tuple[FieldChange, ...] = ()
    differences: tuple[Difference, ...] = ()
    rest: str = ""
    note: str = ""


class Execution(Value):
    """What the CRM says after an action was executed; *verified* means read back and equal.

    *undo* is the latest attempt to take it back. *since* is what had changed when it was to be carried out.
    """

    ref: str | None = None
    record_url: str | None = None
    changes: tuple[FieldChange, ...] = ()
    verified: bool = False
    problem: str = ""
    at: AwareDatetime
    undo: UndoShown | None = None
    since: tuple[FieldChange, ...] = ()


class PassedOn(Value):
    """A decision passed from one person to the next; without *by*, because of *why* and by nobody.

    *by_for* names the absent person they did it for. *to_email* is None for whoever of the reviewers takes
    it. *reason* is a code in words, *note* their own.
    """

    to: str
    to_email: str | None = None
    from_email: str | None = None
    by: str | None = None
    by_user_id: str | None = None
    by_for: str = ""
    reason: str = ""
    note: str = ""
    why: str = ""
    at: AwareDatetime


class PauseShown(Value):
    """One capability that somebody has paused; *until* None means until somebody resumes it."""

    capability: Capability
    by_name: str
    reason: str = ""
    since: AwareDatetime
    until: AwareDatetime | None = None


class Successor(Value):
    """What took a decision's place."""

    proposal: str
    permalink: str | None = None


class CardStatus(Value):
    """Where the card's decision stands now.

    *for_name* is the absent person in whose place *by_name* decided. *reason* and *reason_text* say why it
    was overruled: a code in words, and the person's own words. *passed* is how it came to whoever decides
    now, *elsewhere* the address of the card where it is decided now, for its copies. *since* is what changed
    since an earlier approval.
    """

    state: EscalationState
    by_user_id: str | None = None
    by_name: str | None = None
    for_name: str | None = None
    at: AwareDatetime | None = None
    deferred_until: AwareDatetime | None = None
    execution: Execution | None = None
    note: str = ""
    reason: str = ""
    reason_text: str = ""
    passed: PassedOn | None = None
    successor: Successor | None = None
    paused: PauseShown | None = None
    since: tuple[FieldChange, ...] = ()
    elsewhere: str | None = None


class CardInFull(Value):
    """Everything a card stands for, without its limits."""

    type: Literal["card_in_full"] = "card_in_full"
    card: EscalationCard
