"""What people ask about a donor, and what they say of the answer."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from handlers.commands.people import ChatUser, ReplyAddress
from policy.pulse import PulseChoice
from policy.value import Value


class SummaryRequested(Value):
    """Somebody wants a donor's summary; *donor_id* is set when they picked one from several matches.

    *before* is the meeting it is for, when nobody asked but the calendar.
    """

    type: Literal["summary"] = "summary"
    query: str
    donor_id: str | None = None
    by: ChatUser
    reply_to: ReplyAddress
    before: AwareDatetime | None = None


class NextStepRequested(Value):
    """Somebody wants to know what to do next about a donor."""

    type: Literal["next_step"] = "next_step"
    query: str
    donor_id: str | None = None
    by: ChatUser
    reply_to: ReplyAddress


class NextStepProposed(Value):
    """Somebody wants the step they were told of put before whoever decides."""

    type: Literal["propose_next_step"] = "propose_next_step"
    answer_id: str
    by: ChatUser
    reply_to: ReplyAddress


class FollowUpAsked(Value):
    """Somebody asked something about the donor that their conversation with us is about."""

    type: Literal["follow_up_asked"] = "follow_up_asked"
    text: str
    by: ChatUser
    reply_to: ReplyAddress


class NoteWanted(Value):
    """Somebody wants a summary kept as a note in the CRM."""

    type: Literal["note_wanted"] = "note_wanted"
    answer_id: str
    by: ChatUser
    reply_to: ReplyAddress


class AnswerStopped(Value):
    """Somebody does not want an answer any more that is being written; *item_id* is what asked for it."""

    type: Literal["answer_stopped"] = "answer_stopped"
    item_id: str
    by: ChatUser
    reply_to: ReplyAddress


class MessagePassedOn(Value):
    """Somebody wants a message triaged that is about a donor."""

    type: Literal["message_passed_on"] = "message_passed_on"
    donor_id: str
    text: str
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


class SummaryShared(Value):
    """Somebody wants a private summary shown in the channel they asked in."""

    type: Literal["share_summary"] = "share_summary"
    answer_id: str
    by: ChatUser
    reply_to: ReplyAddress


class PulseDue(Value):
    """It is time to see who is to be asked how far they trust the suggestions."""

    type: Literal["pulse_due"] = "pulse_due"
    period_key: str


class PulseAnswered(Value):
    """Somebody answered that question, skipped it, or does not want to be asked again."""

    type: Literal["pulse_answered"] = "pulse_answered"
    pulse_id: str
    choice: PulseChoice
    by: ChatUser
    reply_to: ReplyAddress


class PulseSwitched(Value):
    """Somebody wants to be asked that question, or does not."""

    type: Literal["pulse_switched"] = "pulse_switched"
    wanted: bool
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
