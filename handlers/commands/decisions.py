"""What people press on a card and enter in its windows."""

from __future__ import annotations

from datetime import date
from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.awaited_events import AwaitedEvent
from policy.editing import Edit
from policy.override_reasons import GivenReason, Override, OverrideReason
from policy.value import Value


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


class UndoAgreed(Value):
    """Somebody agrees to an undo that another person asked for."""

    type: Literal["undo_agreed"] = "undo_agreed"
    escalation_id: str
    by: ChatUser
    reply_to: ReplyAddress


class UndoKept(Value):
    """Somebody wants what another person asked to undo to stay as it is, or calls their own undo off."""

    type: Literal["undo_kept"] = "undo_kept"
    escalation_id: str
    by: ChatUser
    reply_to: ReplyAddress


class ReadInFullRequested(Value):
    """Somebody wants to read a card without its limits; *view_id* is the modal already open and waiting."""

    type: Literal["read_in_full"] = "read_in_full"
    escalation_id: str
    view_id: str
    by: ChatUser


class BringBackClicked(Value):
    """Somebody does not want to wait for what was put off."""

    type: Literal["bring_back"] = "bring_back"
    escalation_id: str
    by: ChatUser
    reply_to: ReplyAddress
