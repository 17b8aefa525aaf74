"""What people do with the rules and the emergency stop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from handlers.commands.people import ChatUser, ReplyAddress
from policy.decision_facts import Capability
from policy.value import Value

LONGEST_PAUSE_MINUTES = 90 * 24 * 60


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


class AlarmPauseClicked(Value):
    """Somebody wants the capability paused that a drift alarm is about."""

    type: Literal["alarm_pause"] = "alarm_pause"
    alarm_id: str
    by: ChatUser
    reply_to: ReplyAddress


class AlarmRollBackClicked(Value):
    """Somebody wants to go back to the prompt that was promoted before the one a drift alarm is about."""

    type: Literal["alarm_roll_back"] = "alarm_roll_back"
    alarm_id: str
    by: ChatUser
    reply_to: ReplyAddress


class AlarmAcknowledged(Value):
    """Somebody takes note of a drift alarm, and *note* says what they found or will do."""

    type: Literal["alarm_acknowledge"] = "alarm_acknowledge"
    alarm_id: str
    note: str
    by: ChatUser
    reply_to: ReplyAddress


class PauseEnded(Value):
    """The time that a pause was to last is over."""

    type: Literal["pause_ended"] = "pause_ended"
    change_id: str
