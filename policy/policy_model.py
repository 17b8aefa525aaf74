"""The policy as data: grants say what may happen at all, guards when it may not, or not without somebody."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from policy.canonical import digest
from policy.conditions import LONGEST_CONDITION
from policy.decision import NO_GRANT, POLICY_ERROR, Destination, GateKind, ObligationKind, Role
from policy.decision_facts import ActionKind, Capability, DecisionFacts
from policy.expression_tokens import one_line
from policy.fact_catalogue import schema_hash
from policy.value import Value

GateId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,59}$")]
Reason = Annotated[str, Field(min_length=10, max_length=300)]
When = Annotated[str, Field(min_length=1, max_length=LONGEST_CONDITION), AfterValidator(one_line)]
Capabilities = tuple[Capability, ...]
MaskedField = Literal["amount", "gift_history", "contact_details", "notes"]

RESERVED_IDS = frozenset({NO_GRANT, POLICY_ERROR})


class _Part(Value):
    """A part of a policy; strict, so that nothing is silently converted into something else."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class LifecycleTable(_Part):
    """Per lifecycle stage, the capabilities a grant gives; every stage has its row, `[]` gives nothing."""

    acquisition: Capabilities
    qualification: Capabilities
    cultivation: Capabilities
    solicitation: Capabilities
    stewardship: Capabilities
    retention: Capabilities
    reactivation: Capabilities


class Grant(_Part):
    """Allows actions of the catalogue, by lifecycle stage and capability, optionally only *when*."""

    id: GateId
    reason: Reason
    allow: Annotated[tuple[ActionKind, ...], Field(min_length=1)]
    lifecycle: LifecycleTable
    when: When | None = None

    def covers(self, facts: DecisionFacts) -> bool:
        """Say whether the table gives this capability for the action at the donor's stage."""
        row: Capabilities = getattr(self.lifecycle, facts.donor.lifecycle_stage)
        return facts.action.kind in self.allow and facts.action.capability in row


class ApprovalRule(_Part):
    """So many different people of one role."""

    role: Role
    count: Annotated[int, Field(ge=1, le=5)] = 1


class Obligations(_Part):
    """What must also be done; *delay_until* names a fact that holds an instant."""

    mask_field: MaskedField | None = None
    add_footer: Annotated[str, Field(min_length=3, max_length=200)] | None = None
    delay_until: str | None = None
    notify: Role | None = None
    route_to: Destination | None = None

    @property
    def stated(self) -> tuple[tuple[ObligationKind, str], ...]:
        """The obligations that are set, in a fixed order."""
        pairs: tuple[tuple[ObligationKind, str | None], ...] = (
            ("mask_field", self.mask_field),
            ("add_footer", self.add_footer),
            ("delay_until", self.delay_until),
            ("notify", self.notify.value if self.notify else None),
            ("route_to", self.route_to),
        )
        return tuple((kind, value) for kind, value in pairs if value is not None)


class Guard(_Part):
    """Restricts: denies, asks for approval, or obliges; exactly one of the three."""

    id: GateId
    reason: Reason
    when: When
    deny: Literal[True] | None = None
    require_approval: ApprovalRule | None = None
    oblige: Obligations | None = None

    @property
    def kind(self) -> GateKind:
        """What the guard does."""
        if self.deny:
            return "deny"
        return "require_approval" if self.require_approval else "oblige"

    @model_validator(mode="after")
    def _one_effect(self) -> Self:
        effects = [self.deny, self.require_approval, self.oblige]
        if sum(effect is not None for effect in effects) != 1:
            raise ValueError("a guard has exactly one of deny, require_approval and oblige")
        if self.oblige is not None and not self.oblige.stated:
            raise ValueError("oblige needs one of mask_field, add_footer, delay_until, notify and route_to")
        return self


class Policy(_Part):
    """All grants and guards of an organisation."""

    policy: Literal[1]
    title: Annotated[str, Field(min_length=3, max_length=120)]
    grants: tuple[Grant, ...] = ()
    guards: tuple[Guard, ...] = ()

    @property
    def gates(self) -> tuple[Grant | Guard, ...]:
        """All gates, grants first."""
        return (*self.grants, *self.guards)

    @property
    def version(self) -> str:
        """The digest of the content and of the facts it was written for, whatever the comments and layout."""
        return digest(self.meant())

    def meant(self) -> dict[str, Any]:
        """Return what the version is the digest of, as JSON data."""
        return {"policy": self.model_dump(mode="json", exclude_none=True), "facts": schema_hash()}
