"""Who may say yes, and whether the yeses that were given still suffice."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.decision import (
    Decision,
    GivenApproval,
    Outcome,
    RequiredApproval,
    Role,
    may_decide,
    open_approvals,
    satisfied,
)

ROLES = st.sampled_from(list(Role))


def decision(outcome: Outcome = Outcome.REQUIRE_APPROVAL, **needed: int) -> Decision:
    approvals = tuple(RequiredApproval(role=Role(role), count=count) for role, count in needed.items())
    return Decision(
        outcome=outcome, gates=(), approvals=approvals, policy_version="v", facts_digest="d", engine="e"
    )


def yes(person: str, role: str) -> GivenApproval:
    return GivenApproval(person=person, role=Role(role))


@pytest.mark.parametrize(
    ("needed", "granted", "enough"),
    [
        ({"owner": 1}, [yes("olivia", "owner")], True),
        ({"owner": 1}, [], False),
        ({"owner": 1}, [yes("mara", "manager")], False),
        ({"owner": 1, "manager": 1}, [yes("olivia", "owner"), yes("mara", "manager")], True),
        ({"owner": 1, "manager": 1}, [yes("olivia", "owner"), yes("olivia", "manager")], False),
        ({"manager": 2}, [yes("mara", "manager"), yes("mara", "manager")], False),
        ({"manager": 2}, [yes("mara", "manager"), yes("max", "manager")], True),
        ({"owner": 1}, [yes("olivia", "owner"), yes("mara", "manager")], True),
        # Olivia can fill either slot; she takes the one Mara cannot.
        (
            {"manager": 1, "owner": 1},
            [yes("olivia", "manager"), yes("olivia", "owner"), yes("mara", "manager")],
            True,
        ),
    ],
)
def test_one_person_fills_one_slot(needed, granted, enough: bool) -> None:
    assert satisfied(decision(**needed), granted) is enough


def test_an_allowance_needs_nothing_and_a_denial_is_never_covered() -> None:
    assert satisfied(decision(Outcome.ALLOW), [])
    assert not satisfied(decision(Outcome.DENY), [yes("olivia", "owner")])
    assert not satisfied(decision(Outcome.DENY, owner=1), [yes("olivia", "owner")])


def test_a_new_requirement_reopens_the_question() -> None:
    granted = [yes("olivia", "owner")]
    assert satisfied(decision(owner=1), granted)
    assert open_approvals(decision(owner=1, compliance=2), granted) == (
        RequiredApproval(role=Role.COMPLIANCE, count=2),
    )


@pytest.mark.parametrize(
    ("person", "roles", "granted", "excluded", "role"),
    [
        ("olivia", {Role.OWNER}, [], set(), Role.OWNER),
        ("fiona", set(), [], set(), None),
        ("carmen", {Role.COMPLIANCE}, [], set(), None),
        ("olivia", {Role.OWNER}, [], {"olivia"}, None),
        ("olivia", {Role.OWNER, Role.MANAGER}, [yes("olivia", "owner")], set(), None),
        ("omar", {Role.OWNER}, [yes("olivia", "owner")], set(), None),
        ("omar", {Role.OWNER, Role.MANAGER}, [yes("olivia", "owner")], set(), Role.MANAGER),
    ],
)
def test_who_may_decide(person, roles, granted, excluded, role) -> None:
    asked = decision(owner=1, manager=1)
    assert may_decide(asked, person, roles, granted=granted, excluded=excluded) is role


@pytest.mark.parametrize("outcome", [Outcome.ALLOW, Outcome.DENY])
def test_nobody_decides_what_is_not_open(outcome: Outcome) -> None:
    assert may_decide(decision(outcome, owner=1), "olivia", {Role.OWNER}) is None


@given(
    st.dictionaries(ROLES, st.integers(1, 2), max_size=3),
    st.lists(st.tuples(st.sampled_from("abcd"), ROLES), max_size=7),
)
def test_enough_means_there_is_a_seating(needed: dict[Role, int], granted: list[tuple[str, Role]]) -> None:
    slots = [role for role, count in needed.items() for _ in range(count)]
    given_roles: dict[str, set[Role]] = {}
    for person, role in granted:
        given_roles.setdefault(person, set()).add(role)
    seatable = any(
        all(role in given_roles[person] for role, person in zip(slots, people, strict=True))
        for people in permutations(given_roles, len(slots))
    )
    asked = decision(**{role.value: count for role, count in needed.items()})
    assert satisfied(asked, [GivenApproval(person=p, role=r) for p, r in granted]) is seatable
