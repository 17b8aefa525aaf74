"""What callers may send to the REST API, checked at the edge."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from .model import (
    Acknowledgement,
    ConsentChannel,
    ConsentPurpose,
    ConsentStatus,
    LifecycleStage,
    NoteCategory,
    TaskKind,
    TaskStatus,
)

Line = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Patch(Body):
    """A body whose fields are all optional: only those sent are changed."""

    def sent(self) -> dict[str, object]:
        """The fields that the caller named, null included."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class DonorPatch(Patch):
    """PATCH /donors/{id}."""

    lifecycle_stage: LifecycleStage = "acquisition"
    owner_id: str | None = None
    tags: tuple[Label, ...] = ()
    segments: tuple[Label, ...] = ()


class GiftPatch(Body):
    """PATCH /gifts/{id}: an acknowledged gift says when, any other says neither when nor by whom."""

    acknowledgement: Acknowledgement

    @model_validator(mode="after")
    def _dated_when_acknowledged(self) -> GiftPatch:
        given = self.acknowledgement
        if given.status == "acknowledged" and given.on is None:
            raise ValueError("an acknowledged gift needs the day of the acknowledgement")
        if given.status != "acknowledged" and (given.on or given.by):
            raise ValueError("only an acknowledged gift has a day and a person")
        return self


class TaskBody(Body):
    """PUT /tasks/{external_key}."""

    donor_id: str
    kind: TaskKind
    title: Line
    details: Text = ""
    due_on: date
    assignee_id: str | None = None
    status: TaskStatus = "open"


class TaskPatch(Patch):
    """PATCH /tasks/{id}."""

    title: Line = "?"
    details: Text = ""
    due_on: date = date.min
    assignee_id: str | None = None
    status: TaskStatus = "open"


class NoteBody(Body):
    """PUT /notes/{external_key}."""

    donor_id: str
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    category: NoteCategory = "general"
    author_id: str | None = None


class ConsentBody(Body):
    """POST /donors/{id}/consents."""

    channel: ConsentChannel
    purpose: ConsentPurpose
    status: ConsentStatus
    source: Line
    jurisdiction: Line
    captured_on: date
    expires_on: date | None = None
