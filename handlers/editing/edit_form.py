"""The form in which somebody changes a proposal: one field for everything that is theirs to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from handlers.outcomes import Choice, FormField
from policy.actions import Action
from policy.donor import Channel, DonorRecord, LifecycleStage, StaffMember
from policy.editing import LABELS

NOBODY_YET = Choice(value="nobody", label="Nobody yet")
MOST_COLLEAGUES = 99
NOT_LISTED = "{count} more colleagues are not listed here; choose them in the CRM."
NOBODYS_LONGER = "somebody who has left"
IN_SEGMENTS = "The donor is in: {segments}."
IN_NO_SEGMENT = "The donor is in no segment now."
_PURPOSES = {"all": "Everything", "fundraising": "Fundraising", "stewardship": "Thanks and care"}
_MOST = {"title": 255, "segment": 255, "subject": 255, "details": 3000, "body": 3000, "text": 10_000}
_OPTIONAL = frozenset({"details", "body"})
_FIXED = frozenset({"kind", "donor_id", "gift_id"})


def form_fields(action: Action, record: DonorRecord) -> tuple[FormField, ...]:
    """Return the fields of *action* with what they hold now; staff and segments are those of *record*."""
    held = action.model_dump(mode="json")
    return tuple(_field(name, held[name], record) for name in held if name not in _FIXED)


def _field(name: str, value: Any, record: DonorRecord) -> FormField:
    label = LABELS[name]
    match name:
        case "due_on" | "acknowledged_on":
            return FormField(name=name, label=label, kind="date", value=value)
        case "channel":
            return _choice(name, value, (Choice(value=c.value, label=c.value.capitalize()) for c in Channel))
        case "stage":
            stages = (Choice(value=s.value, label=s.value.capitalize()) for s in LifecycleStage)
            return _choice(name, value, stages)
        case "purpose":
            return _choice(name, value, (Choice(value=v, label=words) for v, words in _PURPOSES.items()))
        case "assignee_id" | "owner_id":
            return _colleague(name, value, record)
        case "segment":
            segments = ", ".join(sorted(record.donor.segments))
            hint = IN_SEGMENTS.format(segments=segments) if segments else IN_NO_SEGMENT
            return FormField(name=name, label=label, kind="line", value=value, most=_MOST[name], hint=hint)
        case "details" | "body" | "text":
            required = name not in _OPTIONAL
            return FormField(
                name=name, label=label, kind="text", value=value, most=_MOST[name], required=required
            )
        case _:
            return FormField(name=name, label=label, kind="line", value=value, most=_MOST[name])


def _choice(name: str, value: str, choices: Iterable[Choice]) -> FormField:
    return FormField(name=name, label=LABELS[name], kind="choice", value=value, choices=tuple(choices))


def _colleague(name: str, value: str | None, record: DonorRecord) -> FormField:
    people = _nearest_first(record)
    listed = [Choice(value=person.id, label=person.name) for person in people[:MOST_COLLEAGUES]]
    if value and value not in {choice.value for choice in listed}:
        known = {person.id: person.name for person in record.staff}
        listed = [Choice(value=value, label=known.get(value, NOBODYS_LONGER)), *listed[: MOST_COLLEAGUES - 1]]
    if name == "assignee_id":
        listed = [NOBODY_YET, *listed]
    left_out = len(people) - MOST_COLLEAGUES
    return FormField(
        name=name,
        label=LABELS[name],
        kind="choice",
        value=value or NOBODY_YET.value,
        choices=tuple(listed),
        hint=NOT_LISTED.format(count=left_out) if left_out > 0 else "",
    )


def _nearest_first(record: DonorRecord) -> list[StaffMember]:
    """Everybody active, those who have had to do with the donor first."""
    near = {record.donor.owner_id, *(task.assignee_id for task in record.tasks)}
    near |= {interaction.staff_id for interaction in record.interactions}
    active = [person for person in record.staff if person.active]
    return sorted(active, key=lambda person: (person.id not in near, person.name.casefold(), person.id))
