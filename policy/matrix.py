"""The lifecycle matrix: what policy answers per action, stage and capability, found by asking it.

Each cell holds the answer in an ordinary situation, the strictest answer short of a no when one thing is less
ordinary, and what turns it into a no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from typing import Any, get_args

from policy.conditions import Conditions, environment
from policy.decide import CompiledPolicy, Judgement, combine
from policy.decision import Obligation, Outcome, RequiredApproval, Role
from policy.decision_facts import ActionKind, Capability, DecisionFacts, Stage
from policy.fact_catalogue import binder, facts_from_flat
from policy.matrix_complications import complications
from policy.matrix_situations import Variant, typical, variants
from policy.value import Value

ACTIONS: tuple[ActionKind, ...] = get_args(ActionKind)
STAGES: tuple[Stage, ...] = get_args(Stage)
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)

_STAGE, _CAPABILITY = "donor.lifecycle_stage", "action.capability"
_OF_A_CELL = frozenset({_STAGE, _CAPABILITY})

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
    asking = _asking(compiled)
    rows = (
        row
        for action in ACTIONS
        for variant in variants(action)
        for row in _rows(asking, action, variant, phase)
    )
    return Matrix(title=compiled.policy.title, version=compiled.version, phase=phase, rows=tuple(rows))


def _rows(asking: _Asking, action: ActionKind, variant: Variant, phase: int) -> Iterator[Row]:
    flat = typical(action, variant, phase)
    usual = _Situation(asking, flat)
    others = [(each.id, _Situation(asking, flat | each.facts)) for each in complications(action, variant)]
    for stage in STAGES:
        cells = (_cell(usual, others, stage, capability) for capability in CAPABILITIES)
        yield Row(action=action, variant=variant, stage=stage, cells=tuple(cells))


@dataclass(frozen=True, slots=True)
class _Asking:
    """A policy whose conditions are asked in two parts: once per situation, and anew for every cell.

    *anew* says of each condition whether it reads the stage or the capability.
    """

    compiled: CompiledPolicy
    anew: tuple[bool, ...]
    once: Conditions
    often: Conditions
    bind: Callable[[DecisionFacts], dict[str, Any]]


def _asking(compiled: CompiledPolicy) -> _Asking:
    each = compiled.conditions.each
    anew = tuple(not _OF_A_CELL.isdisjoint(condition.names) for condition in each)
    often = list(compress(each, anew))
    once = [condition for condition, again in zip(each, anew, strict=True) if not again]
    names = [name for condition in often for name in condition.names]
    bundle = environment().bundle
    return _Asking(compiled, anew, bundle(once), bundle(often), binder(names))


class _Situation:
    """What is the same in all cells of a row and of its stages."""

    def __init__(self, asking: _Asking, flat: dict[str, Any]) -> None:
        self._asking, self._facts = asking, facts_from_flat(flat)
        bound = asking.compiled.bind(self._facts)
        self._answered = asking.once.evaluate(environment().activation(bound))
        self._bound = asking.bind(self._facts)

    def judge(self, stage: Stage, capability: Capability) -> Judgement:
        """Judge it at *stage* with *capability*: the same as judging facts that say so."""
        bound = self._bound | {_STAGE: stage, _CAPABILITY: capability}
        once, often = iter(self._answered), iter(self._asking.often.evaluate(environment().activation(bound)))
        answers = [next(often if again else once) for again in self._asking.anew]
        case = (self._facts.action.kind, stage, capability)
        return combine(self._asking.compiled, answers, case, lambda name: attrgetter(name)(self._facts))


def _cell(
    usual: _Situation, others: list[tuple[str, _Situation]], stage: Stage, capability: Capability
) -> Cell:
    ordinary = usual.judge(stage, capability)
    if ordinary.outcome is Outcome.DENY:
        return Cell(capability=capability, usual=answer_of(ordinary), strictest=answer_of(ordinary))
    judged = [(name, situation.judge(stage, capability)) for name, situation in others]
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
