"""What Countersign answers, in the language of fundraising; how it looks in Slack is decided elsewhere."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from policy.actions import FieldChange, UndoPromise
from policy.claims import Confidence, Origin, Summary, VerifiedClaim
from policy.cleanup import CleanupState
from policy.considered import Figures
from policy.decision_facts import Capability
from policy.donor import DonorMatch, LifecycleStage, Tier, TimelineEntry
from policy.escalation import EscalationState
from policy.override_reasons import Override, OverrideReason
from policy.undoing import Difference
from policy.value import Value


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
    """What a citation points to, named for people: "gift of 22 Nov 2026", "53 gifts"."""

    id: str
    label: str


class SummaryShown(Value):
    """A donor summary with the timeline under it."""

    type: Literal["summary"] = "summary"
    answer_id: str
    donor: DonorHeader
    summary: Summary
    sources: tuple[Source, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    shared_by: str | None = None
    reference: str


class TimelineShown(Value):
    """A donor's recent history alone."""

    type: Literal["timeline"] = "timeline"
    donor: DonorHeader
    timeline: tuple[TimelineEntry, ...]
    as_of: date
    reference: str


class DonorPicker(Value):
    """Several donors match; the reader picks one."""

    type: Literal["picker"] = "picker"
    query: str
    wanted: Literal["summary", "timeline", "why", "for_donor"]
    matches: tuple[DonorMatch, ...]


class NoDonorFound(Value):
    """Nobody matches; *near* are names that look alike."""

    type: Literal["no_donor"] = "no_donor"
    query: str
    wanted: Literal["summary", "timeline", "why", "for_donor"]
    near: tuple[DonorMatch, ...] = ()


class HelpShown(Value):
    """What Countersign can do; *unknown* is what it did not understand."""

    type: Literal["help"] = "help"
    unknown: str = ""


class Notice(Value):
    """A short honest sentence to one person or a channel: what happened and what to do next."""

    type: Literal["notice"] = "notice"
    text: str
    next_step: str = ""
    reference: str = ""
    mention: str | None = None


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
    """Who changed the proposal, when, and each field as it was proposed and as it is now."""

    by_user_id: str
    by_name: str
    at: AwareDatetime
    differences: tuple[FieldChange, ...]
    reason: str = ""
    reason_text: str = ""


class EscalationCard(Value):
    """What an owner needs to decide, as it was when the card was made.

    *also* is what else happened, of *folded* further events. *replaces* is the proposal in whose place this
    one came, *held_back* what waits until this is decided. What is *urgent* is always decided by itself.
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


class UndoShown(Value):
    """How an undo stands: *asked* for and on its way, *refused* (nothing was touched), or *done*.

    *differences* are what stood in its way, *rest* what can still be undone without touching them. *changes*
    are what it did; where the action is made up for rather than undone, that is *instead*.
    """

    stage: Literal["asked", "refused", "done"]
    by_user_id: str
    by_name: str
    at: AwareDatetime
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

    *to_email* is None for whoever of the reviewers takes it. *reason* is a code in words, *note* their own.
    """

    to: str
    to_email: str | None = None
    from_email: str | None = None
    by: str | None = None
    by_user_id: str | None = None
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


class CleanupShown(Value):
    """A record to put right: whose, what is wrong with it, who asked, and what became of it.

    *waiting* is the proposal that waits for it. *answer* says what came of it, for people.
    """

    type: Literal["cleanup"] = "cleanup"
    item_id: str
    donor: DonorHeader
    reason: str
    text: str = ""
    waiting: str
    asked_by_user_id: str
    asked_by: str
    asked_at: AwareDatetime
    steward_user_id: str | None = None
    state: CleanupState = CleanupState.OPEN
    answered_by_user_id: str | None = None
    answered_by: str | None = None
    answered_at: AwareDatetime | None = None
    answer: str = ""
    reference: str


class CleanupListShown(Value):
    """The records that wait to be put right, the oldest first; *more* were left out."""

    type: Literal["cleanup_list"] = "cleanup_list"
    items: tuple[CleanupShown, ...]
    more: int = 0
    only_own: bool = False


class Successor(Value):
    """What took a decision's place."""

    proposal: str
    permalink: str | None = None


class CardStatus(Value):
    """Where the card's decision stands now.

    *reason* and *reason_text* say why it was overruled: a code in words, and the person's own words. *passed*
    is how it came to whoever decides now. *since* is what changed since an earlier approval.
    """

    state: EscalationState
    by_user_id: str | None = None
    by_name: str | None = None
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


class PausesShown(Value):
    """What is paused now, and what has just been done about it, if anything.

    *changed* are the capabilities that were just paused, resumed or whose time ran out (*what*).
    """

    type: Literal["pauses"] = "pauses"
    what: Literal["shown", "paused", "resumed", "ended"] = "shown"
    changed: tuple[Capability, ...] = ()
    by_name: str = ""
    pauses: tuple[PauseShown, ...] = ()
    not_understood: str = ""
    reference: str = ""


class PolicyCard(Value):
    """A proposed change of the rules as it stands: what it would do, who is asked, who agreed so far.

    *effects* says in sentences what replaying the recorded decisions found, the looser answers first; *gates*
    what differs between the versions. *approvals* are names; *still_needed* is 0 once it is decided.
    """

    proposal_id: str
    kind: Literal["first", "change", "rollback", "upgrade"]
    state: Literal["proposed", "in_force", "retired", "rejected", "withdrawn"]
    title: str
    version: str
    base_version: str | None
    author: str
    proposed_at: AwareDatetime
    may_loosen: bool
    headline: str
    effects: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    people_needed: int
    approvals: tuple[str, ...] = ()
    still_needed: int = 0
    decided_by: str = ""
    decided_at: AwareDatetime | None = None
    reference: str


class PolicyReportShown(Value):
    """The whole report on a proposed change, for a window; each part has a title and its lines."""

    type: Literal["policy_report"] = "policy_report"
    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    reference: str


class PolicyShown(Value):
    """The rules in force: the lifecycle table in words, since when and by whom, and what is paused.

    *table* holds what, where and the answer per capability, in the order of *capabilities*.
    """

    type: Literal["policy"] = "policy"
    title: str
    version: str
    since: AwareDatetime | None
    by: str
    phase: int
    capabilities: tuple[str, ...]
    table: tuple[tuple[str, str, tuple[str, ...]], ...]
    notes: tuple[str, ...] = ()
    shadow: str = ""
    pauses: tuple[PauseShown, ...] = ()
    reference: str


class RuleSaid(Value):
    """One rule that spoke in a decision: what it says, what it asked, and the facts it saw."""

    reason: str
    asked: str
    saw: tuple[str, ...] = ()


class DecisionExplained(Value):
    """Why one decision came out as it did; *paragraph* in plain words, then rule by rule."""

    title: str
    at: AwareDatetime
    paragraph: str
    rules: tuple[RuleSaid, ...] = ()
    near: tuple[str, ...] = ()
    caution: str = ""
    escalation_id: str = ""
    reference: str


class WhyShown(Value):
    """The decisions somebody asked about, the latest first; *more* of them are not shown."""

    type: Literal["why"] = "why"
    decisions: tuple[DecisionExplained, ...]
    more: int = 0


class QueueItem(Value):
    """One decision in somebody's queue; *has_card* is False while it is only a line in a list."""

    escalation_id: str
    donor_name: str
    proposal: str
    state: EscalationState
    due_at: AwareDatetime
    deferred_until: AwareDatetime | None = None
    permalink: str | None = None
    has_card: bool = True
    can_undo: bool = False
    decided_by: str | None = None
    waits_for: str = ""


class HomeShown(Value):
    """The Home tab: the reader's open and deferred decisions by deadline, and what was decided lately.

    *elsewhere* are those the reader has agreed to and that wait for somebody else. *together* is how many of
    the open ones may be approved several at a time. *delegations* say who decides for whom,
    *considered* how the reader made their decisions of the last four weeks, for their eyes only.
    """

    type: Literal["home"] = "home"
    name: str
    open: tuple[QueueItem, ...] = ()
    deferred: tuple[QueueItem, ...] = ()
    elsewhere: tuple[QueueItem, ...] = ()
    decided: tuple[QueueItem, ...] = ()
    delegations: tuple[str, ...] = ()
    together: int = 0
    considered: Figures | None = None


class QueueShown(Value):
    """The same in an answer to one person, *page* of *pages* from 0; *waiting* of *total* are open."""

    type: Literal["queue_shown"] = "queue_shown"
    items: tuple[QueueItem, ...]
    page: int
    pages: int
    total: int
    waiting: int
    together: int = 0


class TogetherItem(Value):
    """One of several decisions that may be approved at a time, as it stands at *revision*."""

    escalation_id: str
    revision: int
    donor_name: str
    proposal: str
    changes: tuple[FieldChange, ...]
    due_at: AwareDatetime


class TogetherForm(Value):
    """The decisions that may be approved with one press; *more* follow when these are decided.

    Each is *checked* beforehand or not, as the organisation wants it.
    """

    type: Literal["together_form"] = "together_form"
    items: tuple[TogetherItem, ...]
    more: int = 0
    checked: bool = False
    channel_id: str = ""
    thread_ts: str | None = None


class TogetherResult(Value):
    """What became of one of them; *problem* is empty when the approval was taken."""

    donor_name: str
    proposal: str
    problem: str = ""


class TogetherDone(Value):
    """What became of each of several decisions that were approved with one press."""

    type: Literal["together_done"] = "together_done"
    results: tuple[TogetherResult, ...]
    reference: str


class GroupingShown(Value):
    """A list of decisions that have no card of their own, for whoever decides there."""

    type: Literal["grouping"] = "grouping"
    grouping_id: str
    items: tuple[QueueItem, ...]
    waiting: int
    together: int = 0
    mention: str | None = None


class EvidenceLine(Value):
    """One audit entry in plain words."""

    at: AwareDatetime
    what: str
    who: str
    details: tuple[str, ...] = ()


class EvidenceShown(Value):
    """The whole path of one decision, oldest first."""

    type: Literal["evidence"] = "evidence"
    title: str
    lines: tuple[EvidenceLine, ...]
    reference: str


class Choice(Value):
    """One thing to choose; *value* is opaque."""

    value: str
    label: str


class FormField(Value):
    """One field that a person may change; *most* is its greatest length in characters."""

    name: str
    label: str
    kind: Literal["line", "text", "date", "choice"]
    value: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = True
    most: int = 255
    hint: str = ""


class EditForm(Value):
    """The fields of a proposal that may be changed, as they were at *revision* and *action_digest*."""

    type: Literal["edit_form"] = "edit_form"
    escalation_id: str
    revision: int
    action_kind: str
    action_digest: str
    donor_name: str
    proposal: str
    fields: tuple[FormField, ...]
    channel_id: str
    thread_ts: str | None = None


class OverrideForm(Value):
    """The reasons to choose from for declining, passing on or sending back a proposal.

    For passing it on, *next_user_id* is who is next in the chain and *next_hint* says who gets it when nobody
    is chosen; without a hint somebody has to be chosen.
    """

    type: Literal["override_form"] = "override_form"
    override: Override
    escalation_id: str
    donor_name: str
    proposal: str
    reasons: tuple[Choice, ...]
    next_user_id: str | None = None
    next_hint: str = ""
    channel_id: str
    thread_ts: str | None = None


class CheckedEdit(Value):
    """Somebody's version beside the proposal, what it would write, and what policy says about it.

    *verdict*: the reader's yes is all that is missing, others have to agree as well (*needs* says who), only
    others can agree, policy denies it, it cannot be done as it stands, or it is no change at all.
    """

    type: Literal["checked_edit"] = "checked_edit"
    edit_id: str
    escalation_id: str
    donor_name: str
    verdict: Literal["approve", "approve_first", "propose", "denied", "impossible", "unchanged"]
    proposal: str
    differences: tuple[FieldChange, ...]
    changes: tuple[FieldChange, ...]
    reasons: tuple[str, ...] = ()
    needs: str = ""
    void: tuple[str, ...] = ()
    undo_text: str = ""
    channel_id: str
    thread_ts: str | None = None


class AbsenceShown(Value):
    """Somebody's absence in full words; *absence_id* is set while it can be called off."""

    type: Literal["absence"] = "absence"
    headline: str
    lines: tuple[str, ...] = ()
    next_step: str = ""
    absence_id: str | None = None


class ListedDecision(Value):
    """One decision in a list; *standing* says in words where it stands when it is no longer open."""

    donor_name: str
    proposal: str
    due_at: AwareDatetime | None = None
    standing: str = ""


class DecisionList(Value):
    """Several decisions in one message to whoever is mentioned, the most urgent first."""

    type: Literal["decision_list"] = "decision_list"
    title: str
    items: tuple[ListedDecision, ...]
    next_step: str = ""
    mentions: tuple[str, ...] = ()


class ConsideredShown(Value):
    """How somebody considered their own decisions *since* then; shown to nobody else."""

    type: Literal["considered"] = "considered"
    since: AwareDatetime
    figures: Figures


class CardInFull(Value):
    """Everything a card stands for, without its limits."""

    type: Literal["card_in_full"] = "card_in_full"
    card: EscalationCard


class DigestFigure(Value):
    """One figure of a digest with the same figure of the period before; None where there were none."""

    label: str
    value: str
    before: str | None = None


class ForDonorShown(Value):
    """An account for a donor: what was *told* of each matter, and the *disclosure* about the software."""

    type: Literal["for_donor"] = "for_donor"
    donor_name: str
    organisation: str
    as_of: date
    told: tuple[str, ...]
    disclosure: tuple[str, ...]
    reference: str


class CheckpointShown(Value):
    """A signed checkpoint of the audit log; *note* is its text, to be shown exactly."""

    type: Literal["checkpoint"] = "checkpoint"
    size: int
    note: str


class DigestShown(Value):
    """The weekly digest for managers."""

    type: Literal["digest"] = "digest"
    title: str
    period_start: AwareDatetime
    period_end: AwareDatetime
    headline: str
    figures: tuple[DigestFigure, ...]
    decisions: tuple[tuple[str, int], ...] = ()
    footnotes: tuple[str, ...] = ()
    late: bool = False


Outcome = Annotated[
    SummaryShown
    | TimelineShown
    | DonorPicker
    | NoDonorFound
    | HelpShown
    | Notice
    | HeldNotice
    | CleanupListShown
    | HomeShown
    | QueueShown
    | GroupingShown
    | TogetherDone
    | EvidenceShown
    | DigestShown
    | CheckpointShown
    | ForDonorShown
    | PausesShown
    | AbsenceShown
    | DecisionList
    | PolicyShown
    | WhyShown,
    Field(discriminator="type"),
]

Window = Annotated[
    EvidenceShown
    | EditForm
    | TogetherForm
    | OverrideForm
    | CheckedEdit
    | CardInFull
    | PolicyReportShown
    | Notice,
    Field(discriminator="type"),
]
"""What can fill a window that was opened while it was still being read."""

WINDOW: TypeAdapter[Window] = TypeAdapter(Window)

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
