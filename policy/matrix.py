"""The lifecycle matrix: what policy answers per action, stage and capability, found by asking it.

Each cell holds the answer in an ordinary situation, the strictest answer short of a no when one thing is less
ordinary, and what turns it into a no.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from policy.decide import CompiledPolicy, Judgement, judge
from policy.decision import Obligation, Outcome, RequiredApproval, Role
from policy.decision_facts import ActionKind, Capability, DecisionFacts, Stage
from policy.fact_catalogue import facts_from_flat
from policy.matrix_complications import Complication, complications
from policy.matrix_situations import Variant, typical, variants
from policy.value import Value

ACTIONS: tuple[ActionKind, ...] = get_args(ActionKind)
STAGES: tuple[Stage, ...] = get_args(Stage)
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)

_SENIORITY = (Role.OWNER, Role.MANAGER, Role.ADMIN, Role.COMPLIANCE)
_STRICTNESS = (Outcome.ALLOW, Outcome.REQUIRE_APPROVAL, Outcome.DENY)


class Answer(Value):
    """What policy says to one situation; *gates* are the ids of all that matched."""

    outcome: Outcome
    approvals: tuple[RequiredApproval, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    gates: tuple[str, ...] = ()


class Cell(Value):
    """One capability at one stage.

    *strictest* is the strictest answer short of a no, in the situation called *strictest_when* (empty when
    the usual answer is the strictest already); *never_when* names the situations in which the answer is no.
    Situations are named by the ids of `Complication`.
    """

    capability: Capability
    usual: Answer
    strictest: Answer
    strictest_when: str = ""
    never_when: tuple[str, ...] = ()


class Row(Value):
    """One action at one stage, as ordinary work, as an ask, or about a major gift; a cell per capability."""

    action: ActionKind
    variant: Variant
    stage: Stage
    cells: tuple[Cell, ...]


class Matrix(Value):
    """All rows of one policy in one rollout phase, by action, variant and stage."""

    title: str
    version: str
    phase: int
    rows: tuple[Row, ...]


def lifecycle_matrix(compiled: CompiledPolicy, phase: int) -> Matrix:
    """Ask *compiled* about every cell in rollout *phase* (1 to 3); takes tenths of a second."""
    rows = (
        row
        for action in ACTIONS
        for variant in variants(action)
        for row in _rows(compiled, action, variant, phase)
    )
    return Matrix(title=compiled.policy.title, version=compiled.version, phase=phase, rows=tuple(rows))


def _rows(compiled: CompiledPolicy, action: ActionKind, variant: Variant, phase: int) -> Iterator[Row]:
    flat = typical(action, variant, phase)
    usual = facts_from_flat(flat)
    others = [(each, facts_from_flat(flat | each.facts)) for each in complications(action, variant)]
    for stage in STAGES:
        cells = (_cell(compiled, usual, others, stage, capability) for capability in CAPABILITIES)
        yield Row(action=action, variant=variant, stage=stage, cells=tuple(cells))


def _cell(
    compiled: CompiledPolicy,
    usual: DecisionFacts,
    others: list[tuple[Complication, DecisionFacts]],
    stage: Stage,
    capability: Capability,
) -> Cell:
    ordinary = judge(compiled, _at(usual, stage, capability))
    if ordinary.outcome is Outcome.DENY:
        return Cell(capability=capability, usual=answer_of(ordinary), strictest=answer_of(ordinary))
    judged = [(each.id, judge(compiled, _at(facts, stage, capability))) for each, facts in others]
    never = tuple(name for name, each in judged if each.outcome is Outcome.DENY)
    strictest, when = ordinary, ""
    for name, each in judged:
        if each.outcome is not Outcome.DENY and _strictness(each) > _strictness(strictest):
            strictest, when = each, name
    return Cell(
        capability=capability,
        usual=answer_of(ordinary),
        strictest=answer_of(strictest),
        strictest_when=when,
        never_when=never,
    )


def _at(facts: DecisionFacts, stage: Stage, capability: Capability) -> DecisionFacts:
    return facts.model_copy(
        update={
            "action": facts.action.model_copy(update={"capability": capability}),
            "donor": facts.donor.model_copy(update={"lifecycle_stage": stage}),
        }
    )


def _strictness(judged: Judgement) -> tuple[int, int, list[int]]:
    people = sum(approval.count for approval in judged.approvals)
    ranks = sorted((_SENIORITY.index(approval.role) for approval in judged.approvals), reverse=True)
    return _STRICTNESS.index(judged.outcome), people, ranks


def answer_of(judged: Judgement) -> Answer:
    """Return a judgement as it is shown and stored."""
    return Answer(
        outcome=judged.outcome,
        approvals=judged.approvals,
        obligations=judged.obligations,
        gates=tuple(gate.id for gate in judged.gates),
    )
