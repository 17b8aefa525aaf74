"""The closed catalogue of actions: nothing else can be proposed, approved or written to the CRM."""

from __future__ import annotations

from datetime import date
from enum import StrEnum, unique
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from policy.donor import Channel, LifecycleStage
from policy.value import Value

Title = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(max_length=3000)]


@unique
class UndoPromise(StrEnum):
    """What undoing can do: restore exactly, make up for it by a further change, or nothing."""

    EXACT = "exact"
    COMPENSATION = "compensation"
    IMPOSSIBLE = "impossible"


class _Action(Value):
    """What every action has: the donor it is for, named by the host and never by a model."""

    donor_id: str


class CreateTask(_Action):
    """Create an open task in the CRM for a member of staff."""

    kind: Literal["create_task"] = "create_task"
    title: Title
    details: Text = ""
    due_on: date
    assignee_id: str | None = None


class ScheduleFollowUp(_Action):
    """Plan a call, visit or e-mail by a member of staff; nothing is sent to the donor."""

    kind: Literal["schedule_follow_up"] = "schedule_follow_up"
    title: Title
    details: Text = ""
    channel: Channel
    due_on: date
    assignee_id: str | None = None


class AddNote(_Action):
    """Add a note to the donor's record."""

    kind: Literal["add_note"] = "add_note"
    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class RecordAcknowledgement(_Action):
    """Record that a gift was acknowledged by a person; no letter is sent by this."""

    kind: Literal["record_acknowledgement"] = "record_acknowledgement"
    gift_id: str
    acknowledged_on: date


class UpdateStage(_Action):
    """Move the donor to another lifecycle stage."""

    kind: Literal["update_stage"] = "update_stage"
    stage: LifecycleStage


class AddToSegment(_Action):
    """Put the donor into a segment."""

    kind: Literal["add_to_segment"] = "add_to_segment"
    segment: Title


class RemoveFromSegment(_Action):
    """Take the donor out of a segment."""

    kind: Literal["remove_from_segment"] = "remove_from_segment"
    segment: Title


class SuppressChannel(_Action):
    """Record that the donor must not be contacted through a channel."""

    kind: Literal["suppress_channel"] = "suppress_channel"
    channel: Channel
    purpose: str = "all"


class AssignOwner(_Action):
    """Give the relationship to another member of staff."""

    kind: Literal["assign_owner"] = "assign_owner"
    owner_id: str


class DraftMessage(_Action):
    """Keep a draft for a person to send from their own account; Countersign never sends it."""

    kind: Literal["draft_message"] = "draft_message"
    channel: Channel
    subject: Title
    body: Text


Action = Annotated[
    CreateTask
    | ScheduleFollowUp
    | AddNote
    | RecordAcknowledgement
    | UpdateStage
    | AddToSegment
    | RemoveFromSegment
    | SuppressChannel
    | AssignOwner
    | DraftMessage,
    Field(discriminator="kind"),
]

ACTION: TypeAdapter[Action] = TypeAdapter(Action)

UNDO: dict[str, UndoPromise] = {
    "create_task": UndoPromise.EXACT,
    "schedule_follow_up": UndoPromise.EXACT,
    "add_note": UndoPromise.EXACT,
    "record_acknowledgement": UndoPromise.EXACT,
    "update_stage": UndoPromise.EXACT,
    "add_to_segment": UndoPromise.EXACT,
    "remove_from_segment": UndoPromise.EXACT,
    "suppress_channel": UndoPromise.COMPENSATION,
    "assign_owner": UndoPromise.EXACT,
    "draft_message": UndoPromise.EXACT,
}


class FieldChange(Value):
    """One field of the CRM as it is and as it will be, spelled for people."""

    record: str
    field: str
    before: str
    after: str
