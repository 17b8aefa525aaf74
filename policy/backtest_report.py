"""What a rehearsal on recorded decisions found; the same inputs give the same report, byte for byte."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from policy.decision import GateKind, Outcome
from policy.decision_facts import ActionKind, Capability, Stage
from policy.matrix import Answer
from policy.money import Money
from policy.recorded import WhyNot
from policy.value import Value

HowGateChanged = Literal["added", "removed", "changed", "reworded"]
Loosening = Literal["outcome", "fewer_approvals", "lost_obligations"]


class PolicyNamed(Value):
    """One version of a policy."""

    title: str
    version: str


class Transition(Value):
    """How many decisions one version answers *before* and the other *after*."""

    before: Outcome
    after: Outcome
    decisions: int


class ChangedDecision(Value):
    """A recorded decision that the two versions answer differently; *loosened_by* is empty for stricter ones.

    *amount* is what the action was about, where it was about a sum. *became* is how the card ended.
    """

    entry_id: str
    at: AwareDatetime
    donor_id: str | None
    owner_id: str | None
    became: str | None
    action: ActionKind
    capability: Capability
    stage: Stage
    amount: Money | None
    before: Answer
    after: Answer
    loosened_by: tuple[Loosening, ...] = ()


class OfficerAffected(Value):
    """A relationship owner with the decisions and donors concerned; None stands for donors without one."""

    owner_id: str | None
    decisions: int
    donors: int


class Affected(Value):
    """Whom and how much a change touches; *amounts* adds up what the decisions were about, per currency."""

    decisions: int
    donors: int
    officers: tuple[OfficerAffected, ...]
    amounts: tuple[Money, ...]


class GateChange(Value):
    """A gate that differs between the versions, and how many decisions it matches in each."""

    id: str
    kind: GateKind
    change: HowGateChanged
    matched_before: int
    matched_after: int


class NotReplayed(Value):
    """Decisions that could not be asked again, with the first of them by name."""

    why: WhyNot
    decisions: int
    entry_ids: tuple[str, ...]


class Consequences(Value):
    """What happened in the past and would not have happened like that under the new version."""

    carried_out_now_refused: int
    carried_out_now_asking: int
    asked_now_unasked: int
    refused_now_possible: int


class BacktestReport(Value):
    """Recorded decisions answered by two versions of the rules.

    *transitions* has all nine pairs of outcomes. The lists hold the gravest changes first and leave out
    *loosened_unlisted* and *tightened_unlisted* more. *other_reasons* counts equal answers for other reasons,
    *differs_from_record* those that *before* answers otherwise than was recorded, as another version ruled.
    """

    before: PolicyNamed
    after: PolicyNamed
    first_at: AwareDatetime | None
    last_at: AwareDatetime | None
    replayed: int
    transitions: tuple[Transition, ...]
    consequences: Consequences
    loosened: Affected
    loosened_list: tuple[ChangedDecision, ...]
    loosened_unlisted: int
    tightened: Affected
    tightened_list: tuple[ChangedDecision, ...]
    tightened_unlisted: int
    other_reasons: int
    unanswered_after: int
    differs_from_record: int
    gates: tuple[GateChange, ...]
    not_replayed: tuple[NotReplayed, ...]

    @property
    def loosens(self) -> bool:
        """Whether any recorded decision would be answered less strictly."""
        return self.loosened.decisions > 0

    @property
    def may_loosen(self) -> bool:
        """Whether the change could loosen anything at all, seen before or not; added guards alone cannot."""
        return self.loosens or any(
            gate.change != "reworded" and not (gate.change == "added" and gate.kind != "allow")
            for gate in self.gates
        )
