"""What undoing comes to: whom nobody is sent to, and the task that makes up for an opt-out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policy.actions import CreateTask, SuppressChannel
from policy.donor import Channel, StaffMember
from policy.undoing import compensation, leave_alone
from tests.policy_rules.test_gathering import donor, record

OPT_OUT = SuppressChannel(donor_id="d1", channel=Channel.EMAIL, purpose="all")
OWNER = StaffMember(id="staff-1", name="Olivia Hart", email="olivia@x.example")
FRIDAY, NEXT_FRIDAY, SATURDAY, SUNDAY = (date(2026, 11, day) for day in (20, 27, 21, 22))
MONDAY_WEEK = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ({}, ""),
        ({"sensitive": True, "vulnerable": True}, ""),
        ({"deceased": True}, "Jane Doe has died."),
        ({"deceased_on": FRIDAY, "do_not_contact": True}, "Jane Doe has died."),
        ({"do_not_contact": True, "legal_review": True}, "Jane Doe asked not to be contacted at all."),
        (
            {"legal_review": True},
            "The record is under legal review, and nobody is contacted until that is over.",
        ),
    ],
)
def test_nobody_is_sent_to_who_is_to_be_left_alone(marks: dict[str, Any], why: str) -> None:
    assert leave_alone(record(donor=donor(name="Jane Doe", **marks))) == why


@pytest.mark.parametrize(
    ("today", "due_on"), [(FRIDAY, NEXT_FRIDAY), (SATURDAY, MONDAY_WEEK), (SUNDAY, MONDAY_WEEK)]
)
@pytest.mark.parametrize(
    ("owner", "assignee"),
    [(OWNER, "staff-1"), (OWNER.model_copy(update={"active": False}), None), (None, None)],
)
def test_who_stayed_is_asked_to_clarify_within_a_week(
    today: date, due_on: date, owner: StaffMember | None, assignee: str | None
) -> None:
    task = compensation(OPT_OUT, record(donor=donor(id="d9", name="J" * 121), owner=owner), today)
    assert isinstance(task, CreateTask)
    assert (task.donor_id, task.title, task.due_on, task.assignee_id) == (
        "d9",
        f"Clarify with {'J' * 119}… whether contact by email is welcome",
        due_on,
        assignee,
    )
