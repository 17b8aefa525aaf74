"""What the rules decided: the outcome, every gate that matched, and who has to approve."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum, unique
from typing import Annotated, Literal

from pydantic import Field

from policy.value import Value

GateKind = Literal["allow", "deny", "require_approval", "oblige"]
ObligationKind = Literal["mask_field", "add_footer", "delay_until", "notify", "route_to"]
Destination = Literal["compliance", "review", "senior"]
"""Where the rules may send a decision: compliance, the general review queue, a senior fundraiser."""

NO_GRANT = "no_grant"
POLICY_ERROR = "policy_error"


@unique
class Role(StrEnum):
    """Who can be asked to approve."""

    OWNER = "owner"
    MANAGER = "manager"
    COMPLIANCE = "compliance"
    ADMIN = "admin"


@unique
class Outcome(StrEnum):
    """The answer of the rules."""

    ALLOW = "allow"
    REQUIRE_APPROVAL = "require_approval"
    DENY = "deny"


class Gate(Value):
    """A gate that matched, with the reason as it is shown to people."""

    id: str
    kind: GateKind
    matched: bool = True
    reason: str


class GateFailure(Value):
    """A gate that gave no answer; it alone makes the outcome a denial."""

    id: str
    message: str


class RequiredApproval(Value):
    """*count* different people, each in *role*."""

    role: Role
    count: Annotated[int, Field(ge=1, le=5)]


class GivenApproval(Value):
    """One person's yes, given in a role."""

    person: str
    role: Role


class Obligation(Value):
    """What whoever carries the action out must also do; who does not understand one must not run the action.

    *value* is a field name, a footer, an instant in RFC 3339 (UTC), a role to notify, or a destination.
    """

    kind: ObligationKind
    value: str


class Decision(Value):
    """The outcome with all that led to it; *policy_version* and *facts_digest* make it repeatable."""

    outcome: Outcome
    gates: tuple[Gate, ...]
    approvals: tuple[RequiredApproval, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    policy_version: str
    facts_digest: str
    engine: str
    errors: tuple[GateFailure, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons that made the outcome what it is, in the order of the policy."""
        kind = {Outcome.ALLOW: "allow", Outcome.DENY: "deny"}.get(self.outcome, "require_approval")
        return tuple(gate.reason for gate in self.gates if gate.kind == kind)

    @property
    def gate_ids(self) -> tuple[str, ...]:
        """The ids of all gates that matched."""
        return tuple(gate.id for gate in self.gates)


def satisfied(decision: Decision, granted: Iterable[GivenApproval]) -> bool:
    """Say whether what was granted covers what *decision* asks for now; a denial is never covered.

    One person fills one slot only, whatever roles they have.
    """
    if decision.outcome is Outcome.DENY:
        return False
    return not open_approvals(decision, granted)


def open_approvals(decision: Decision, granted: Iterable[GivenApproval]) -> tuple[RequiredApproval, ...]:
    """Return the approvals still to be given, after seating as many of the people as possible."""
    slots = [approval.role for approval in decision.approvals for _ in range(approval.count)]
    people: dict[str, set[Role]] = {}
    for approval in granted:
        people.setdefault(approval.person, set()).add(approval.role)
    seated: dict[int, str] = {}
    for person in sorted(people):
        _seat(person, people, slots, seated, set())
    free = [role for index, role in enumerate(slots) if index not in seated]
    return tuple(
        RequiredApproval(role=approval.role, count=free.count(approval.role))
        for approval in decision.approvals
        if approval.role in free
    )


def may_decide(
    decision: Decision,
    person: str,
    roles: Collection[Role],
    *,
    granted: Sequence[GivenApproval] = (),
    excluded: Collection[str] = (),
) -> Role | None:
    """Return the role in which *person* may give an open approval, or None.

    *excluded* holds whoever asked for the action or wrote its draft, where that must be somebody else.
    """
    already = {approval.person for approval in granted}
    if decision.outcome is not Outcome.REQUIRE_APPROVAL or person in excluded or person in already:
        return None
    missing = sum(approval.count for approval in open_approvals(decision, granted))
    for approval in decision.approvals:
        if approval.role in roles:
            after = open_approvals(decision, [*granted, GivenApproval(person=person, role=approval.role)])
            if sum(left.count for left in after) < missing:
                return approval.role
    return None


def _seat(
    person: str, people: dict[str, set[Role]], slots: list[Role], seated: dict[int, str], tried: set[int]
) -> bool:
    """Give *person* a slot, moving others to slots they can fill as well; True when it worked."""
    for index, role in enumerate(slots):
        if role not in people[person] or index in tried:
            continue
        tried.add(index)
        if index not in seated or _seat(seated[index], people, slots, seated, tried):
            seated[index] = person
            return True
    return False
