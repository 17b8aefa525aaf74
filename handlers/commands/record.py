"""What people and schedules ask of the evidence."""

from __future__ import annotations

from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.value import Value


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


class EvidenceRequested(Value):
    """Somebody asks why a card says what it says; *view_id* is the modal already open and waiting."""

    type: Literal["evidence"] = "evidence"
    escalation_id: str
    view_id: str
    by: ChatUser


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
