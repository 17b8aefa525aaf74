"""Why a decision came out as it did: every gate with what it asked, what it saw, and how near it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from policy.condition_words import condition_words, noun
from policy.conditions import Condition, Failed, environment
from policy.decide import CompiledPolicy, judge
from policy.decision import Decision, GateKind, Outcome
from policy.decision_facts import DecisionFacts
from policy.explain_words import paragraph, value_in_words
from policy.fact_catalogue import binder, catalogue, facts_digest
from policy.near_misses import near_misses
from policy.policy_model import Grant, Guard
from policy.value import Value

Answered = Literal["matched", "not matched", "no answer"]


class Seen(Value):
    """One fact a gate looked at: its name, what it is in words, and the value it had."""

    fact: str
    words: str
    value: str


class ExplainedGate(Value):
    """One gate: *condition* in words and as written, *seen* in its order, *near* says what would change it.

    *in_table* is False for a grant that does not cover this action, stage and capability; None for guards.
    """

    id: str
    kind: GateKind
    reason: str
    answered: Answered
    in_table: bool | None = None
    condition: str
    expression: str
    seen: tuple[Seen, ...] = ()
    near: tuple[str, ...] = ()


class Explanation(Value):
    """A recorded decision, asked again on its recorded facts.

    *is_recorded_policy* says whether the rules asked are those of the decision; *agrees* whether they answer
    as recorded; *facts_intact* whether the facts are the ones the decision names.
    """

    paragraph: str
    outcome: Outcome
    policy_version: str
    recorded_version: str
    is_recorded_policy: bool
    agrees: bool
    facts_intact: bool
    gates: tuple[ExplainedGate, ...]

    @property
    def matched(self) -> tuple[ExplainedGate, ...]:
        """The gates that made the decision, and those that could not be asked."""
        return tuple(gate for gate in self.gates if gate.answered != "not matched")

    @property
    def near(self) -> tuple[ExplainedGate, ...]:
        """The gates that did not match, but nearly."""
        return tuple(gate for gate in self.gates if gate.answered == "not matched" and gate.near)


def explain(facts: DecisionFacts, recorded: Decision, compiled: CompiledPolicy) -> Explanation:
    """Ask *compiled* about the facts of *recorded* again and say what each gate saw."""
    again = judge(compiled, facts)
    hidden = frozenset(f"action.{duty.value}" for duty in recorded.obligations if duty.kind == "mask_field")
    values = binder(catalogue())(facts)
    conditions = [environment().compile(gate.when or "true") for gate in compiled.policy.gates]
    gates = tuple(
        _gate(gate, condition, facts, values, hidden)
        for gate, condition in zip(compiled.policy.gates, conditions, strict=True)
    )
    is_recorded = compiled.version == recorded.policy_version
    agrees = (again.outcome, again.gates, again.approvals, again.obligations) == (
        recorded.outcome,
        recorded.gates,
        recorded.approvals,
        recorded.obligations,
    )
    near = tuple(each for gate in gates if gate.answered == "not matched" for each in gate.near)
    return Explanation(
        paragraph=paragraph(facts, recorded, near, is_recorded=is_recorded, agrees=agrees),
        outcome=recorded.outcome,
        policy_version=compiled.version,
        recorded_version=recorded.policy_version,
        is_recorded_policy=is_recorded,
        agrees=agrees,
        facts_intact=facts_digest(facts) == recorded.facts_digest,
        gates=gates,
    )


def _gate(
    gate: Grant | Guard,
    condition: Condition,
    facts: DecisionFacts,
    values: dict[str, Any],
    hidden: frozenset[str],
) -> ExplainedGate:
    answer = condition.evaluate(environment().activation(values))
    in_table = gate.covers(facts) if isinstance(gate, Grant) else None
    answered: Answered = "no answer" if isinstance(answer, Failed) else "matched" if answer else "not matched"
    if in_table is False and answered == "matched":
        answered = "not matched"
    is_visible = not hidden & set(condition.names)
    near = near_misses(condition, values) if is_visible and in_table is not False else ()
    return ExplainedGate(
        id=gate.id,
        kind="allow" if isinstance(gate, Grant) else gate.kind,
        reason=gate.reason,
        answered=answered,
        in_table=in_table,
        condition=condition_words(gate.when) if gate.when else "always",
        expression=gate.when or "true",
        seen=_seen(condition.names, facts, hidden),
        near=near,
    )


def _seen(names: Sequence[str], facts: DecisionFacts, hidden: frozenset[str]) -> tuple[Seen, ...]:
    """Return the values a condition saw; a fact and its `has_` companion are one."""
    known = catalogue()
    wanted = dict.fromkeys(known[name].presence_of or name for name in names)
    return tuple(
        Seen(
            fact=name,
            words=noun(known[name]),
            value="not shown" if name in hidden else value_in_words(name, facts),
        )
        for name in wanted
    )
