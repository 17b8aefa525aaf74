"""Everything that can arrive, as typed values; the inbox stores exactly these."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from policy.awaited_events import AwaitedEvent
from policy.decision_facts import Capability
from policy.editing import Edit
from policy.events import CrmEvent
from policy.override_reasons import GivenReason, Override, OverrideReason
from policy.value import Value

LONGEST_PAUSE_MINUTES = 90 * 24 * 60


class ChatUser(Value):
    """Whoever typed or clicked, as Slack names them; authority is looked up, never taken from here."""

    id: str
    team_id: str = ""


class ReplyAddress(Value):
    """Where an answer goes: through *response_url* while it lives, else to the user or the thread."""

    channel_id: str
    user_id: str
    response_url: str | None = None
    thread_ts: str | None = None
    replace: bool = False


class CrmEventArrived(Value):
    """The CRM reported something."""

    type: Literal["crm_event"] = "crm_event"
    event: CrmEvent


class UnreadableEventArrived(Value):
    """The CRM signed something that cannot be understood; it is kept as it came, for people to look at."""

    type: Literal["unreadable_event"] = "unreadable_event"
    reason: str
    event_type: str = ""
    body: str


class SummaryRequested(Value):
    """Somebody wants a donor's summary; *donor_id* is set when they picked one from several matches."""

    type: Literal["summary"] = "summary"
    query: str
    donor_id: str | None = None
    by: ChatUser
    reply_to: ReplyAddress


class TimelineRequested(Value):
    """Somebody wants a donor's recent history."""

    type: Literal["timeline"] = "timeline"
    query: str
    donor_id: str | None = None
    by: ChatUser
    reply_to: ReplyAddress


class HelpRequested(Value):
    """Somebody asked what Countersign can do, or typed something it does not know (*unknown*)."""

    type: Literal["help"] = "help"
    unknown: str = ""
    by: ChatUser
    reply_to: ReplyAddress


class PauseRequested(Value):
    """Somebody pulls the emergency stop for *capabilities*; without any, they ask what is paused."""

    type: Literal["pause"] = "pause"
    capabilities: tuple[Capability, ...] = ()
    reason: str = ""
    minutes: Annotated[int, Field(ge=1, le=LONGEST_PAUSE_MINUTES)] | None = None
    unknown: str = ""
    by: ChatUser
    reply_to: ReplyAddress


class ResumeRequested(Value):
    """Somebody ends a pause; without *capabilities* they have not said which."""

    type: Literal["resume"] = "resume"
    capabilities: tuple[Capability, ...] = ()
    unknown: str = ""
    by: ChatUser
    reply_to: ReplyAddress


class PolicyRequested(Value):
    """Somebody wants to see the rules in force and what is paused."""

    type: Literal["policy"] = "policy"
    by: ChatUser
    reply_to: ReplyAddress


class WhyRequested(Value):
    """Somebody asks which rule spoke: about a reference, or about a donor's latest decisions."""

    type: Literal["why"] = "why"
    query: str
    by: ChatUser
    reply_to: ReplyAddress


class DonorExplanationRequested(Value):
    """Somebody wants an account of what was done that a donor may read."""

    type: Literal["for_donor"] = "for_donor"
    query: str
    donor_id: str | None = None
    by: ChatUser
    reply_to: ReplyAddress


class PolicyApprovalClicked(Value):
    """Somebody agrees to a proposed change of the rules."""

    type: Literal["policy_approve"] = "policy_approve"
    proposal_id: str
    by: ChatUser
    reply_to: ReplyAddress


class PolicyRejectionClicked(Value):
    """Somebody turns a proposed change of the rules down."""

    type: Literal["policy_reject"] = "policy_reject"
    proposal_id: str
    by: ChatUser
    reply_to: ReplyAddress


class PolicyShadowClicked(Value):
    """Somebody wants a proposed change of the rules asked beside those in force, before deciding."""

    type: Literal["policy_shadow"] = "policy_shadow"
    proposal_id: str
    by: ChatUser
    reply_to: ReplyAddress


class PolicyReportRequested(Value):
    """Somebody wants the whole report on a proposed change; *view_id* is the window already open."""

    type: Literal["policy_report"] = "policy_report"
    proposal_id: str
    view_id: str
    by: ChatUser


class SummaryShared(Value):
    """Somebody wants a private summary shown in the channel they asked in."""

    type: Literal["share_summary"] = "share_summary"
    answer_id: str
    by: ChatUser
    reply_to: ReplyAddress


class FeedbackGiven(Value):
    """Somebody said whether an AI text was useful."""

    type: Literal["feedback"] = "feedback"
    answer_id: str
    value: Literal["useful", "not_useful"]
    reason: str = ""
    by: ChatUser
    reply_to: ReplyAddress | None = None


class ApprovalClicked(Value):
    """Somebody pressed Approve on a card; *seen* marks what was written on it, where the place tells.

    *together* names a press with which several were approved.
    """

    type: Literal["approve"] = "approve"
    escalation_id: str
    seen: str = ""
    together: str | None = None
    by: ChatUser
    reply_to: ReplyAddress


class EditRequested(Value):
    """Somebody wants to change a proposal; *view_id* is the modal already open and waiting."""

    type: Literal["edit"] = "edit"
    escalation_id: str
    view_id: str
    by: ChatUser
    reply_to: ReplyAddress


class EditSubmitted(Value):
    """Somebody's version of a proposal, made from *revision* and *action_digest*, to be checked.

    *window* is the name under which the modal waits for the answer.
    """

    type: Literal["edit_submitted"] = "edit_submitted"
    escalation_id: str
    revision: int
    action_digest: str
    edit: Edit
    window: str
    by: ChatUser
    reply_to: ReplyAddress


class EditApproved(Value):
    """Somebody approves, or puts forward, the version that was checked as *edit_id*."""

    type: Literal["edit_approved"] = "edit_approved"
    escalation_id: str
    edit_id: str
    reason: GivenReason
    by: ChatUser
    reply_to: ReplyAddress


class DeferralClicked(Value):
    """Somebody put a decision off: to a preset, or to a *day* in their own time zone.

    With an *event* it comes back when that happens, and on that day at the latest.
    """

    type: Literal["defer"] = "defer"
    escalation_id: str
    preset: Literal["tomorrow", "next_business_day", "next_week", "date"]
    day: date | None = None
    event: AwaitedEvent | None = None
    reason: GivenReason | None = None
    by: ChatUser
    reply_to: ReplyAddress


class OverrideFormRequested(Value):
    """Somebody wants to decline, pass on or send back; *view_id* is the modal already open and waiting."""

    type: Literal["override_form"] = "override_form"
    override: Override
    escalation_id: str
    view_id: str
    by: ChatUser
    reply_to: ReplyAddress


class DeclineClicked(Value):
    """Somebody decided against the proposal; cards of earlier versions asked for no *reason*."""

    type: Literal["decline"] = "decline"
    escalation_id: str
    reason: GivenReason | None = None
    by: ChatUser
    reply_to: ReplyAddress


class PassOnRequested(Value):
    """Somebody passes the decision on, to a Slack user or, without one, to the next in the chain."""

    type: Literal["pass_on"] = "pass_on"
    escalation_id: str
    to_user_id: str | None = None
    reason: GivenReason
    by: ChatUser
    reply_to: ReplyAddress


class SendBackRequested(Value):
    """Somebody sends the decision back, because the record has to be put right first."""

    type: Literal["send_back"] = "send_back"
    escalation_id: str
    reason: GivenReason
    by: ChatUser
    reply_to: ReplyAddress


class CleanupFixed(Value):
    """A record that was sent back has been put right, somebody says."""

    type: Literal["cleanup_fixed"] = "cleanup_fixed"
    item_id: str
    by: ChatUser
    reply_to: ReplyAddress


class CleanupGivenUp(Value):
    """A record that was sent back cannot be put right, and *note* says why."""

    type: Literal["cleanup_given_up"] = "cleanup_given_up"
    item_id: str
    note: str
    by: ChatUser
    reply_to: ReplyAddress


class CleanupListRequested(Value):
    """Somebody wants to see which records wait to be put right."""

    type: Literal["cleanup_list"] = "cleanup_list"
    by: ChatUser
    reply_to: ReplyAddress


class FreshLookDue(Value):
    """A record was put right, and what happened is to be looked at again."""

    type: Literal["fresh_look"] = "fresh_look"
    item_id: str


class UndoClicked(Value):
    """Somebody wants an executed action taken back, for *reason* where the place asks for one.

    With *rest*, what somebody changed since stays, and only what is left of ours is taken back.
    """

    type: Literal["undo"] = "undo"
    escalation_id: str
    reason: OverrideReason | None = None
    rest: bool = False
    by: ChatUser
    reply_to: ReplyAddress


class EvidenceRequested(Value):
    """Somebody asks why a card says what it says; *view_id* is the modal already open and waiting."""

    type: Literal["evidence"] = "evidence"
    escalation_id: str
    view_id: str
    by: ChatUser


class AwayRequested(Value):
    """Somebody says when they are away and who decides meanwhile; without words they want to know.

    *delegates* are the Slack user ids they mentioned, *delegate_name* is what they wrote where Slack made no
    mention of it.
    """

    type: Literal["away"] = "away"
    words: str = ""
    delegates: tuple[str, ...] = ()
    delegate_name: str = ""
    by: ChatUser
    reply_to: ReplyAddress


class BackRequested(Value):
    """Somebody is back; with *absence_id* they call off that absence alone."""

    type: Literal["back"] = "back"
    absence_id: str | None = None
    by: ChatUser
    reply_to: ReplyAddress


class AbsenceBegan(Value):
    """Somebody's absence begins."""

    type: Literal["absence_began"] = "absence_began"
    absence_id: str


class AbsenceEnded(Value):
    """Somebody's absence is over."""

    type: Literal["absence_ended"] = "absence_ended"
    absence_id: str


class ReadInFullRequested(Value):
    """Somebody wants to read a card without its limits; *view_id* is the modal already open and waiting."""

    type: Literal["read_in_full"] = "read_in_full"
    escalation_id: str
    view_id: str
    by: ChatUser


class HomeOpened(Value):
    """Somebody opened the app's Home tab."""

    type: Literal["home"] = "home"
    by: ChatUser


class BringBackClicked(Value):
    """Somebody does not want to wait for what was put off."""

    type: Literal["bring_back"] = "bring_back"
    escalation_id: str
    by: ChatUser
    reply_to: ReplyAddress


class DeferralEnded(Value):
    """The day a decision was put off to has come, or *because* of an event it may come back before."""

    type: Literal["deferral_ended"] = "deferral_ended"
    escalation_id: str
    revision: int
    because: CrmEvent | None = None


class OwnerLooked(Value):
    """The relationship owner of a donor with open decisions may have changed."""

    type: Literal["owner_looked"] = "owner_looked"
    donor_id: str


class ReminderDue(Value):
    """It may be time to remind of a decision that waits *since* then; *planned* is None at first."""

    type: Literal["reminder_due"] = "reminder_due"
    escalation_id: str
    since: AwareDatetime
    due_at: AwareDatetime
    planned: AwareDatetime | None = None


class RemindersOwed(Value):
    """Somebody, or a role, is to be told what they are owed reminders of."""

    type: Literal["reminders_owed"] = "reminders_owed"
    person: str


class DecisionDue(Value):
    """The time to decide is over."""

    type: Literal["decision_due"] = "decision_due"
    escalation_id: str


class PauseEnded(Value):
    """The time that a pause was to last is over."""

    type: Literal["pause_ended"] = "pause_ended"
    change_id: str


class GroupingDue(Value):
    """A channel's list of decisions that have no card of their own is to be posted."""

    type: Literal["grouping_due"] = "grouping_due"
    route: str
    decider_email: str | None = None


class GroupedDueSoon(Value):
    """A decision that is only a line in a list has a day left."""

    type: Literal["grouped_due_soon"] = "grouped_due_soon"
    escalation_id: str


class CardWanted(Value):
    """Somebody wants a decision of a list as a card."""

    type: Literal["card_wanted"] = "card_wanted"
    escalation_id: str
    by: ChatUser
    reply_to: ReplyAddress


class TogetherRequested(Value):
    """Somebody wants to approve several small decisions at once; *source* is a list's id, or where they are.

    *view_id* is the modal already open and waiting.
    """

    type: Literal["together"] = "together"
    source: str
    view_id: str
    by: ChatUser
    reply_to: ReplyAddress


class ChosenItem(Value):
    """One decision as it was listed, at its *revision* then."""

    escalation_id: str
    revision: int


class TogetherApproved(Value):
    """Somebody approved several decisions with one press."""

    type: Literal["together_approved"] = "together_approved"
    chosen: tuple[ChosenItem, ...]
    by: ChatUser
    reply_to: ReplyAddress


class QueueRequested(Value):
    """Somebody wants to see what waits for them, *page* by page from 0."""

    type: Literal["queue"] = "queue"
    page: int = 0
    by: ChatUser
    reply_to: ReplyAddress


class DigestDue(Value):
    """A scheduled digest is to be delivered for the period named by *period_key*."""

    type: Literal["digest"] = "digest"
    schedule_id: str
    period_key: str


class CheckpointDue(Value):
    """The audit log is to be signed as it stands; once a day *for_everybody* to see."""

    type: Literal["checkpoint_due"] = "checkpoint_due"
    period_key: str
    for_everybody: bool = False


class RetentionDue(Value):
    """Payloads whose time of retention is over are to be removed."""

    type: Literal["retention_due"] = "retention_due"
    period_key: str


class ReplayDue(Value):
    """Recorded decisions are to be decided again, to see that they come out the same."""

    type: Literal["replay_due"] = "replay_due"
    period_key: str


Command = Annotated[
    CrmEventArrived
    | UnreadableEventArrived
    | SummaryRequested
    | TimelineRequested
    | HelpRequested
    | PauseRequested
    | ResumeRequested
    | PolicyRequested
    | WhyRequested
    | PolicyApprovalClicked
    | PolicyRejectionClicked
    | PolicyReportRequested
    | PolicyShadowClicked
    | SummaryShared
    | FeedbackGiven
    | ApprovalClicked
    | EditRequested
    | EditSubmitted
    | EditApproved
    | DeferralClicked
    | OverrideFormRequested
    | DeclineClicked
    | PassOnRequested
    | SendBackRequested
    | CleanupFixed
    | CleanupGivenUp
    | CleanupListRequested
    | FreshLookDue
    | UndoClicked
    | EvidenceRequested
    | ReadInFullRequested
    | AwayRequested
    | BackRequested
    | AbsenceBegan
    | AbsenceEnded
    | HomeOpened
    | BringBackClicked
    | DeferralEnded
    | DecisionDue
    | OwnerLooked
    | ReminderDue
    | RemindersOwed
    | PauseEnded
    | GroupingDue
    | GroupedDueSoon
    | CardWanted
    | QueueRequested
    | TogetherRequested
    | TogetherApproved
    | DigestDue
    | DonorExplanationRequested
    | CheckpointDue
    | RetentionDue
    | ReplayDue,
    Field(discriminator="type"),
]

COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
