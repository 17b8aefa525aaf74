"""Reasons for overruling, who must not approve, and who is above whom."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from policy.actions import Action, AssignOwner, CreateTask
from policy.decision import Decision, Outcome, RequiredApproval, Role
from policy.organisation import Organisation, Person
from policy.override_reasons import (
    LABELS,
    LONGEST_TEXT,
    NO_REASON,
    SAY_WHAT,
    TOO_LONG,
    WRONG_REASON,
    GivenReason,
    Override,
    OverrideReason,
    problem_with_reason,
    reasons_for,
)
from policy.self_approval import excluded_from

REQUESTER, RECEIVER = "UASKED", "URECEIVES"
GIVE = AssignOwner(donor_id="d", owner_id="staff-2")
TASK = CreateTask(donor_id="d", title="Call", due_on="2026-11-24", assignee_id="staff-2")  # type: ignore[arg-type]


def deciding(*counts: int) -> Decision:
    roles = (Role.MANAGER, Role.COMPLIANCE)
    approvals = tuple(RequiredApproval(role=role, count=n) for role, n in zip(roles, counts, strict=False))
    return Decision(
        outcome=Outcome.REQUIRE_APPROVAL,
        gates=(),
        approvals=approvals,
        policy_version="v",
        facts_digest="f",
        engine="e",
    )


@pytest.mark.parametrize(
    ("action", "approvals", "requested_by", "excluded"),
    [
        (GIVE, (1,), None, (RECEIVER,)),
        (GIVE, (), None, (RECEIVER,)),
        (GIVE, (2,), None, ()),
        (GIVE, (1, 1), None, ()),
        (GIVE, (1,), REQUESTER, (REQUESTER, RECEIVER)),
        (GIVE, (1, 1), REQUESTER, (REQUESTER,)),
        (GIVE, (1,), RECEIVER, (RECEIVER,)),
        (TASK, (1,), None, ()),
        (TASK, (1,), REQUESTER, (REQUESTER,)),
        (TASK, (1, 1), RECEIVER, (RECEIVER,)),
    ],
)
def test_nobody_approves_their_own(
    action: Action, approvals: tuple[int, ...], requested_by: str | None, excluded: tuple[str, ...]
) -> None:
    found = excluded_from(action, deciding(*approvals), requested_by=requested_by, new_owner=RECEIVER)
    assert found == excluded


def test_a_new_owner_without_a_slack_account_excludes_nobody() -> None:
    assert excluded_from(GIVE, deciding(1)) == ()


@pytest.mark.parametrize("override", list(Override))
def test_every_override_has_a_short_list_that_ends_with_something_else(override: Override) -> None:
    reasons = reasons_for(override)
    assert 4 <= len(reasons) <= 9
    assert len(set(reasons)) == len(reasons)
    assert reasons[-1] is OverrideReason.OTHER


def test_every_reason_is_offered_somewhere_and_has_words_of_its_own() -> None:
    offered = {reason for override in Override for reason in reasons_for(override)}
    assert offered == set(OverrideReason) == set(LABELS)
    assert len(set(LABELS.values())) == len(LABELS)
    assert max(map(len, LABELS.values())) <= 75, "as long as a choice may be in Slack"


@pytest.mark.parametrize(
    ("override", "code", "text", "problem"),
    [
        (Override.DECLINE, "wrong_timing", "", None),
        (Override.DECLINE, "wrong_timing", "after the funeral", None),
        (Override.DECLINE, None, "no", NO_REASON),
        (Override.DECLINE, "", "no", NO_REASON),
        (Override.DECLINE, "missing_gift", "", WRONG_REASON),
        (Override.DECLINE, "'; drop table", "", WRONG_REASON),
        (Override.DECLINE, "other", " \n ", SAY_WHAT),
        (Override.DECLINE, "other", "x", None),
        (Override.DECLINE, "other", "x" * (LONGEST_TEXT + 1), TOO_LONG),
        (Override.DEFER, None, "", None),
        (Override.DEFER, "not_worth_it", "", WRONG_REASON),
        (Override.ESCALATE, None, "", NO_REASON),
        (Override.SEND_BACK, "duplicate_record", "", None),
        (Override.EDIT, "wrong_wording", "", None),
    ],
)
def test_what_is_wrong_with_a_reason(
    override: Override, code: str | None, text: str, problem: str | None
) -> None:
    assert problem_with_reason(override, code, text) == problem


def test_something_else_is_told_in_the_words_of_whoever_said_it() -> None:
    assert GivenReason(code=OverrideReason.OTHER, text="a feud").label == "Something else"


def organisation(*chain: tuple[str, str | None], **more: Any) -> Organisation:
    people = tuple(Person(email=email, reports_to=above) for email, above in chain)
    return Organisation(review_channel="#desk", people=people, **more)


def test_the_chain_above_somebody_is_followed_to_its_end() -> None:
    found = organisation(("a@x", "B@x"), ("b@x", "c@x"), ("c@x", None), ("d@x", None))
    assert [person.email for person in found.chain_above("A@x")] == ["b@x", "c@x"]
    assert found.chain_above("c@x") == found.chain_above("nobody@x") == ()


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        ((("a@x", "a@x"),), "reports_to goes round in a circle (a@x -> a@x); somebody must be the last"),
        (
            (("a@x", "b@x"), ("b@x", "c@x"), ("c@x", "A@x")),
            "reports_to goes round in a circle (a@x -> b@x -> c@x -> a@x); somebody must be the last",
        ),
        (
            (("z@x", "a@x"), ("a@x", "b@x"), ("b@x", "a@x")),
            "reports_to goes round in a circle (z@x -> a@x -> b@x -> a@x); somebody must be the last",
        ),
        ((("a@x", "boss@x"),), "a@x reports to boss@x, who is not among the people listed"),
    ],
)
def test_a_chain_that_leads_nowhere_is_refused_in_a_clear_sentence(
    chain: tuple[tuple[str, str | None], ...], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        organisation(*chain)
    assert said in str(refused.value)
