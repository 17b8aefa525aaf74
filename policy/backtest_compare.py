"""Comparing two versions of a policy, gate by gate, and two answers to one recorded decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from policy.backtest_report import ChangedDecision, HowGateChanged, Loosening
from policy.decide import Judgement
from policy.decision import GateKind, Obligation, Outcome, RequiredApproval, Role
from policy.fact_row import FactRow, reader
from policy.matrix import answer_of
from policy.money import Money
from policy.policy_model import Grant, Guard, Policy
from policy.recorded import Replayable

_STRICTNESS = {Outcome.ALLOW: 0, Outcome.REQUIRE_APPROVAL: 1, Outcome.DENY: 2}


GateDifferences = Mapping[str, tuple[GateKind, HowGateChanged]]


def gate_differences(before: Policy, after: Policy) -> GateDifferences:
    """Return, by id, every gate that was added, removed, changed, or only given another reason."""
    old, new = ({gate.id: gate for gate in policy.gates} for policy in (before, after))
    found: dict[str, tuple[GateKind, HowGateChanged]] = {}
    for name in dict.fromkeys([*old, *new]):
        change = _how(old.get(name), new.get(name))
        if change:
            found[name] = (_kind(new.get(name) or old[name]), change)
    return found


def changed(recorded: Replayable, before: Judgement, after: Judgement) -> ChangedDecision | None:
    """Return what differs between two answers to one decision, or None when both ask for the same."""
    loosened = _loosened(before, after)
    if not loosened and not _tightened(before, after):
        return None
    action, capability, stage, amount, currency = _read()(recorded.row)
    return ChangedDecision(
        entry_id=recorded.entry_id,
        at=recorded.at,
        donor_id=recorded.donor_id,
        owner_id=recorded.owner_id,
        became=recorded.became,
        action=action,
        capability=capability,
        stage=stage,
        amount=_amount(amount, currency),
        before=answer_of(before),
        after=answer_of(after),
        loosened_by=loosened,
    )


def _loosened(before: Judgement, after: Judgement) -> tuple[Loosening, ...]:
    """Say in which ways *after* asks for less; asking somebody else instead is asking for less too."""
    if after.outcome is Outcome.DENY:
        return ()
    found: list[Loosening] = []
    if _STRICTNESS[after.outcome] < _STRICTNESS[before.outcome]:
        found.append("outcome")
    if before.outcome is Outcome.REQUIRE_APPROVAL and _fewer(before.approvals, after.approvals):
        found.append("fewer_approvals")
    if before.outcome is not Outcome.DENY and _lost(before.obligations, after.obligations):
        found.append("lost_obligations")
    return tuple(found)


def _tightened(before: Judgement, after: Judgement) -> bool:
    if before.outcome is Outcome.DENY:
        return False
    return (
        _STRICTNESS[after.outcome] > _STRICTNESS[before.outcome]
        or _fewer(after.approvals, before.approvals)
        or _lost(after.obligations, before.obligations)
    )


def _fewer(before: Sequence[RequiredApproval], after: Sequence[RequiredApproval]) -> bool:
    left: dict[Role, int] = {each.role: each.count for each in after}
    return any(left.get(each.role, 0) < each.count for each in before)


def _lost(before: Sequence[Obligation], after: Sequence[Obligation]) -> bool:
    """Say whether a duty is gone, or a delay ends earlier; a decision holds one delay at most."""
    kept = {(duty.kind, duty.value) for duty in after if duty.kind != "delay_until"}
    plain = {(duty.kind, duty.value) for duty in before if duty.kind != "delay_until"}
    ends = [max(map(_end, duties), default=None) for duties in (_delays(before), _delays(after))]
    return not plain <= kept or (ends[0] is not None and (ends[1] is None or ends[1] < ends[0]))


def _delays(duties: Sequence[Obligation]) -> list[Obligation]:
    return [duty for duty in duties if duty.kind == "delay_until"]


def _end(delay: Obligation) -> datetime:
    return datetime.fromisoformat(delay.value)


def _how(old: Grant | Guard | None, new: Grant | Guard | None) -> HowGateChanged | None:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    if old == new:
        return None
    is_same = type(old) is type(new) and old.model_copy(update={"reason": new.reason}) == new
    return "reworded" if is_same else "changed"


def _kind(gate: Grant | Guard) -> GateKind:
    return "allow" if isinstance(gate, Grant) else gate.kind


@cache
def _read() -> Callable[[FactRow], tuple[Any, ...]]:
    return reader(
        "action.kind", "action.capability", "donor.lifecycle_stage", "action.amount", "action.currency"
    )


def _amount(minor: int | None, currency: str) -> Money | None:
    if minor is None or len(currency) != 3:
        return None
    return Money(minor=minor, currency=currency)
