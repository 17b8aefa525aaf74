"""What taking an action back comes to: fields in three states, the way it opens, what is done instead."""

from __future__ import annotations

from datetime import date, timedelta

from policy.actions import Action, AddToSegment, CreateTask, FieldChange, RemoveFromSegment, SuppressChannel
from policy.donor import DonorRecord
from policy.value import Value

_SATURDAY = 5
_DAYS_TO_ASK = 7
_LONGEST_NAME = 120


class Difference(Value):
    """One field as it was *before* us, as it was *written* by us, and as it is *now*, spelled for people."""

    record: str
    field: str
    before: str
    written: str
    now: str


class TakenBack(Value):
    """It is no longer in the CRM: *changes* as read before and after, or it was *gone* already."""

    changes: tuple[FieldChange, ...] = ()
    gone: bool = False


class ChangedSince(Value):
    """Nothing was done, because these fields differ from what was written.

    *rest* names in a few words what can still be done without touching what others wrote; empty if nothing.
    """

    differences: tuple[Difference, ...]
    rest: str = ""


def opens_again(action: Action) -> Action | None:
    """Return the action that undoing *action* amounts to where it exposes the donor to contact again.

    Policy is asked about that one, like about any other; taking something away needs no second permission.
    """
    if isinstance(action, RemoveFromSegment):
        return AddToSegment(donor_id=action.donor_id, segment=action.segment)
    return None


def compensation(action: Action, record: DonorRecord, today: date) -> CreateTask | None:
    """Return what makes up for an action that cannot be taken back.

    An opt-out stays in force: somebody has to hear from the donor first, so that is what is planned, with
    the record that is left where theirs was merged.
    """
    if not isinstance(action, SuppressChannel):
        return None
    owner = record.owner
    channel = action.channel.value
    name = record.donor.name
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"
    return CreateTask(
        donor_id=record.donor.id,
        title=f"Clarify with {name} whether contact by {channel} is welcome",
        details=(
            f"A colleague believes that the opt-out from {channel} should not stand. It stays in force until "
            f"the donor says otherwise: do not use {channel}. When they get in touch, or in another way they "
            "have not refused, ask what they want; record their answer as a new consent with its source."
        ),
        due_on=_working_day(today + timedelta(days=_DAYS_TO_ASK)),
        assignee_id=owner.id if owner is not None and owner.active else None,
    )


def leave_alone(record: DonorRecord) -> str:
    """Say why nobody may approach the donor about anything; empty where somebody may."""
    donor = record.donor
    if donor.deceased:
        return f"{donor.name} has died."
    if donor.do_not_contact:
        return f"{donor.name} asked not to be contacted at all."
    if donor.legal_review:
        return "The record is under legal review, and nobody is contacted until that is over."
    return ""


def _working_day(day: date) -> date:
    return day if day.weekday() < _SATURDAY else day + timedelta(days=7 - day.weekday())
