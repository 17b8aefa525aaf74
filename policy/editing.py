"""What a person may change about a proposed action, typed per kind; never which donor or gift it is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from policy.actions import (
    ACTION,
    Action,
    CreateTask,
    FieldChange,
    RecordAcknowledgement,
    ScheduleFollowUp,
)
from policy.changes import NOBODY, spell_date
from policy.donor import Channel, LifecycleStage
from policy.value import Value

LATEST_DUE = timedelta(days=2 * 366)
IN_THE_PAST = "This day is over. Pick today or a later day."
TOO_FAR = "This is more than two years away. Pick an earlier day."
IN_THE_FUTURE = "This day has not come yet. Pick today or an earlier day."
EMPTY = "Please write something here."
UNKEEPABLE = "This holds invisible control characters, which a CRM cannot keep. Please type it again."


class UnkeepableText(ValueError):
    """A text with characters that no CRM keeps."""


def _keepable(text: str) -> str:
    if any(char < " " and char not in "\n\t\r" for char in text):
        raise UnkeepableText(UNKEEPABLE)
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise UnkeepableText(EMPTY)
    return text


Line = Annotated[str, Field(max_length=255), AfterValidator(_said), AfterValidator(_keepable)]
Text = Annotated[str, Field(max_length=3000), AfterValidator(_keepable)]
NoteText = Annotated[str, Field(max_length=10_000), AfterValidator(_said), AfterValidator(_keepable)]


class TaskEdit(Value):
    """A task as somebody wants it."""

    kind: Literal["create_task"] = "create_task"
    title: Line
    details: Text = ""
    due_on: date
    assignee_id: str | None = None


class FollowUpEdit(Value):
    """A planned contact as somebody wants it."""

    kind: Literal["schedule_follow_up"] = "schedule_follow_up"
    title: Line
    details: Text = ""
    channel: Channel
    due_on: date
    assignee_id: str | None = None


class NoteEdit(Value):
    """A note as somebody wants it."""

    kind: Literal["add_note"] = "add_note"
    text: NoteText


class AcknowledgementEdit(Value):
    """The day a gift was acknowledged; which gift stays as proposed."""

    kind: Literal["record_acknowledgement"] = "record_acknowledgement"
    acknowledged_on: date


class StageEdit(Value):
    """Another lifecycle stage."""

    kind: Literal["update_stage"] = "update_stage"
    stage: LifecycleStage


class SegmentEdit(Value):
    """Another segment to put the donor into."""

    kind: Literal["add_to_segment"] = "add_to_segment"
    segment: Line


class SegmentRemovalEdit(Value):
    """Another segment to take the donor out of."""

    kind: Literal["remove_from_segment"] = "remove_from_segment"
    segment: Line


class SuppressionEdit(Value):
    """Another channel or purpose to close."""

    kind: Literal["suppress_channel"] = "suppress_channel"
    channel: Channel
    purpose: Literal["all", "fundraising", "stewardship"] = "all"


class OwnerEdit(Value):
    """Another member of staff for the relationship."""

    kind: Literal["assign_owner"] = "assign_owner"
    owner_id: Annotated[str, Field(min_length=1)]


class DraftEdit(Value):
    """A draft as somebody wants it."""

    kind: Literal["draft_message"] = "draft_message"
    channel: Channel
    subject: Line
    body: Text


Edit = Annotated[
    TaskEdit
    | FollowUpEdit
    | NoteEdit
    | AcknowledgementEdit
    | StageEdit
    | SegmentEdit
    | SegmentRemovalEdit
    | SuppressionEdit
    | OwnerEdit
    | DraftEdit,
    Field(discriminator="kind"),
]

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)

LABELS = {
    "title": "Title",
    "details": "Details",
    "channel": "Channel",
    "due_on": "Due",
    "assignee_id": "Assigned to",
    "text": "Note",
    "acknowledged_on": "Acknowledged on",
    "stage": "Lifecycle stage",
    "segment": "Segment",
    "purpose": "Purpose",
    "owner_id": "Relationship owner",
    "subject": "Subject",
    "body": "Text",
}
_FIXED = frozenset({"kind", "donor_id", "gift_id"})
_STAFF = frozenset({"assignee_id", "owner_id"})


def edited(action: Action, edit: Edit) -> Action:
    """Return *action* with what *edit* changes; raises ValueError when the edit is for another kind."""
    if action.kind != edit.kind:
        raise ValueError(f"{edit.kind} cannot edit {action.kind}")
    return ACTION.validate_python(action.model_dump() | edit.model_dump())


def differences(before: Action, after: Action, names: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """List what a person changed about the proposal, spelled for people and in full; *names* are of staff."""
    was, now = before.model_dump(), after.model_dump()
    return tuple(
        FieldChange(
            record="proposal",
            field=LABELS[field],
            before=_spell(field, was[field], names),
            after=_spell(field, now[field], names),
        )
        for field in was
        if field not in _FIXED and was[field] != now[field]
    )


def words_changed(before: Action, after: Action) -> int:
    """Return how many words somebody put in or took out: the size of an edit."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    return sum(
        _distance(str(was[field] or "").split(), str(now[field] or "").split())
        for field in was
        if field not in _FIXED
    )


def date_problem(edit: Edit | Action, today: date) -> tuple[str, str] | None:
    """Return the field and what is wrong with its day, seen from *today* in the editor's time zone."""
    match edit:
        case TaskEdit() | FollowUpEdit() | CreateTask() | ScheduleFollowUp():
            if edit.due_on < today:
                return "due_on", IN_THE_PAST
            return ("due_on", TOO_FAR) if edit.due_on - today > LATEST_DUE else None
        case AcknowledgementEdit() | RecordAcknowledgement():
            return ("acknowledged_on", IN_THE_FUTURE) if edit.acknowledged_on > today else None
        case _:
            return None


def _spell(field: str, value: Any, names: Mapping[str, str]) -> str:
    if field in _STAFF:
        return names.get(value or "", value or NOBODY)
    if isinstance(value, date):
        return spell_date(value)
    return str(value.value if isinstance(value, Enum) else value)


def _distance(was: list[str], now: list[str]) -> int:
    """Count words put in or taken out, whichever is more, wherever they stand: cheap at any length."""
    before, after = Counter(was), Counter(now)
    return max((after - before).total(), (before - after).total())
