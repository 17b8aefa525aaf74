"""What an action would change, spelled for people: its sentence, its fields before and after, its undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, assert_never

from policy.actions import (
    UNDO,
    Action,
    AddNote,
    AddToSegment,
    AssignOwner,
    CreateTask,
    DraftMessage,
    FieldChange,
    RecordAcknowledgement,
    RemoveFromSegment,
    ScheduleFollowUp,
    SuppressChannel,
    UndoPromise,
    UpdateStage,
)
from policy.donor import ConsentStatus, DonorRecord, Gift

NOBODY = "nobody"
NOTHING = "none"

Names = Mapping[str, str]
"""Staff names by CRM staff id."""


def spell_date(day: date) -> str:
    """Spell a date without ambiguity between countries: "24 Nov 2026"."""
    return f"{day.day} {day:%b %Y}"


def describe(action: Action, names: Names) -> str:
    """Say in one sentence what the action does in the CRM."""
    return _DESCRIBE[action.kind](action, names)


def changes(action: Action, record: DonorRecord, names: Names) -> tuple[FieldChange, ...]:
    """List the CRM fields the action changes, as they are in *record* and as they will be."""
    donor = record.donor
    match action:
        case CreateTask() | ScheduleFollowUp():
            return (
                _created("Task", action.title),
                _created("Due", spell_date(action.due_on)),
                _created("Assigned to", names.get(action.assignee_id or "", NOBODY)),
            )
        case AddNote():
            return (_created("Note", _excerpt(action.text)),)
        case DraftMessage():
            return (_created("Draft", f"{action.channel.value}: {action.subject}"),)
        case RecordAcknowledgement():
            return (_acknowledgement(action, record),)
        case UpdateStage():
            return (_change("Lifecycle stage", donor.lifecycle_stage.value, action.stage.value),)
        case AddToSegment():
            return (_change("Segments", _list(donor.segments), _list({*donor.segments, action.segment})),)
        case RemoveFromSegment():
            left = [s for s in donor.segments if s != action.segment]
            return (_change("Segments", _list(donor.segments), _list(left)),)
        case SuppressChannel():
            return (_change(f"Consent, {action.channel.value}", _consent(action, record), "opted out"),)
        case AssignOwner():
            before = names.get(donor.owner_id or "", NOBODY)
            return (_change("Relationship owner", before, names.get(action.owner_id, action.owner_id)),)
        case _:
            assert_never(action)


def long_text(action: Action) -> str:
    """Return the text that the action would put into the CRM beside its fields, in full."""
    match action:
        case CreateTask() | ScheduleFollowUp():
            return action.details
        case AddNote():
            return action.text
        case DraftMessage():
            return action.body
        case _:
            return ""


def undo_text(action: Action, days: int | None = None) -> str:
    """Say beforehand what undoing the action can do, and for how many days it is offered."""
    window = f" for {days} days" if days else ""
    match UNDO[action.kind]:
        case UndoPromise.EXACT:
            return f"Undo: exactly{window}, unless the record changes."
        case UndoPromise.COMPENSATION:
            return (
                "Cannot be taken back: only the donor can open this channel again. Undo leaves it closed and "
                f"plans a task to ask them{window}."
            )
        case UndoPromise.IMPOSSIBLE:
            return "Cannot be undone: what is wrong has to be put right in the CRM by hand."


def affected_gift(action: Action, record: DonorRecord) -> Gift | None:
    """Return the gift an action is about, if it is about one."""
    if not isinstance(action, RecordAcknowledgement):
        return None
    return next((g for g in record.gifts if g.id == action.gift_id), None)


def _created(field: str, after: str) -> FieldChange:
    return FieldChange(record="new", field=field, before=NOTHING, after=after)


def _change(field: str, before: str, after: str) -> FieldChange:
    return FieldChange(record="donor", field=field, before=before, after=after)


def _acknowledgement(action: RecordAcknowledgement, record: DonorRecord) -> FieldChange:
    gift = affected_gift(action, record)
    before = gift.acknowledgement.status if gift else "gift not found"
    return FieldChange(
        record=action.gift_id,
        field="Acknowledgement",
        before=before,
        after=f"acknowledged on {spell_date(action.acknowledged_on)}",
    )


def _consent(action: SuppressChannel, record: DonorRecord) -> str:
    known = [
        c for c in record.consents if c.channel == action.channel and c.purpose in (action.purpose, "all")
    ]
    if not known:
        return ConsentStatus.UNKNOWN.value
    latest = max(known, key=lambda c: (c.captured_on or date.min, c.id))
    return latest.status.value.replace("_", " ")


def _list(items: Any) -> str:
    return ", ".join(sorted(items)) or NOTHING


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 140 else f"{flat[:139]}…"


def _task(action: CreateTask, names: Names) -> str:
    return f"Create a task{_for(action, names)}: {action.title}, due {spell_date(action.due_on)}"


def _follow_up(action: ScheduleFollowUp, names: Names) -> str:
    how = f"by {action.channel.value}{_for(action, names)}"
    return f"Plan a follow-up {how}: {action.title}, due {spell_date(action.due_on)}"


def _for(action: CreateTask | ScheduleFollowUp, names: Names) -> str:
    who = names.get(action.assignee_id or "")
    return f" for {who}" if who else ", assigned to nobody yet"


_DESCRIBE: dict[str, Callable[[Any, Names], str]] = {
    "create_task": _task,
    "schedule_follow_up": _follow_up,
    "add_note": lambda _a, _n: "Add a note to the donor's record",
    "record_acknowledgement": lambda a, _n: (
        f"Record the gift as acknowledged on {spell_date(a.acknowledged_on)}"
    ),
    "update_stage": lambda a, _n: f"Move the donor to the stage {a.stage.value}",
    "add_to_segment": lambda a, _n: f"Add the donor to the segment {a.segment}",
    "remove_from_segment": lambda a, _n: f"Take the donor out of the segment {a.segment}",
    "suppress_channel": lambda a, _n: f"Record that the donor must not be contacted by {a.channel.value}",
    "assign_owner": lambda a, n: f"Give the relationship to {n.get(a.owner_id, a.owner_id)}",
    "draft_message": lambda a, _n: f"Keep a draft ({a.channel.value}) for a person to send: {a.subject}",
}
