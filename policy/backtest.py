"""Rehearsing a policy: recorded decisions with their recorded facts through two versions of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product

from policy.backtest_compare import changed, gate_differences
from policy.backtest_report import (
    Affected,
    BacktestReport,
    ChangedDecision,
    Consequences,
    GateChange,
    NotReplayed,
    OfficerAffected,
    PolicyNamed,
    Transition,
)
from policy.conditions import Outcome as Answer
from policy.conditions import environment
from policy.decide import CompiledPolicy, Judgement, combine
from policy.decision import Outcome
from policy.fact_row import FactRow, fact, reader, row_binder
from policy.money import Money
from policy.recorded import NotReplayable, Replayable

MOST_LISTED = 500
_MOST_NAMED = 20
_GRAVITY = {
    (Outcome.DENY, Outcome.ALLOW): 0,
    (Outcome.REQUIRE_APPROVAL, Outcome.ALLOW): 1,
    (Outcome.DENY, Outcome.REQUIRE_APPROVAL): 2,
    (Outcome.ALLOW, Outcome.DENY): 0,
    (Outcome.REQUIRE_APPROVAL, Outcome.DENY): 1,
    (Outcome.ALLOW, Outcome.REQUIRE_APPROVAL): 2,
}
_CARRIED_OUT = frozenset({"executed", "undone"})


def backtest(
    decisions: Iterable[Replayable | NotReplayable], before: CompiledPolicy, after: CompiledPolicy
) -> BacktestReport:
    """Replay *decisions* through both versions; their order does not matter."""
    rehearsal = Rehearsal(before, after)
    rehearsal.take(decisions)
    return rehearsal.report()


class Rehearsal:
    """A backtest under way; it holds counts and the gravest changes, never the decisions themselves."""

    def __init__(self, before: CompiledPolicy, after: CompiledPolicy) -> None:
        self._before, self._after = before, after
        self._gates = gate_differences(before.policy, after.policy)
        self._differing = frozenset(self._gates)
        self._both = _Both(before, after, self._differing)
        self._transitions: Counter[tuple[Outcome, Outcome]] = Counter()
        self._matched: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._loosened, self._tightened = _Tally(), _Tally()
        self._consequences: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._not_replayed: dict[str, list[tuple[datetime, str]]] = {}
        self._not_counted: Counter[str] = Counter()
        self._moments: list[datetime] = []

    def take(self, decisions: Iterable[Replayable | NotReplayable]) -> None:
        """Replay some more decisions."""
        for each in decisions:
            if isinstance(each, NotReplayable):
                self._set_aside(each)
            else:
                self._replay(each)

    def report(self) -> BacktestReport:
        """Return what was found so far."""
        return BacktestReport(
            before=_named(self._before),
            after=_named(self._after),
            first_at=min(self._moments, default=None),
            last_at=max(self._moments, default=None),
            replayed=self._transitions.total(),
            transitions=tuple(
                Transition(before=one, after=other, decisions=self._transitions[one, other])
                for one, other in product(Outcome, Outcome)
            ),
            consequences=Consequences(
                **{name: self._consequences[name] for name in Consequences.model_fields}
            ),
            loosened=self._loosened.affected(),
            loosened_list=self._loosened.gravest(),
            loosened_unlisted=self._loosened.unlisted,
            tightened=self._tightened.affected(),
            tightened_list=self._tightened.gravest(),
            tightened_unlisted=self._tightened.unlisted,
            other_reasons=self._counts["other_reasons"],
            unanswered_after=self._counts["unanswered_after"],
            differs_from_record=self._counts["differs_from_record"],
            gates=self._gate_changes(),
            not_replayed=tuple(
                NotReplayed.model_validate(
                    {"why": why, "decisions": self._not_counted[why], "entry_ids": _first(named)}
                )
                for why, named in sorted(self._not_replayed.items())
            ),
        )

    def _replay(self, recorded: Replayable) -> None:
        one, other = self._both.judge(recorded.row)
        self._transitions[one.outcome, other.outcome] += 1
        self._moments = _widened(self._moments, recorded.at)
        if other.errors:
            self._counts["unanswered_after"] += 1
        if one.outcome is not recorded.outcome:
            self._counts["differs_from_record"] += 1
        if one is other:
            return
        ids = {gate.id for gate in one.gates}, {gate.id for gate in other.gates}
        for matched, names in zip(self._matched, ids, strict=True):
            matched.update(self._differing & names)
        change = changed(recorded, one, other)
        if change is None:
            self._counts["other_reasons"] += ids[0] != ids[1]
            return
        (self._loosened if change.loosened_by else self._tightened).add(change)
        self._consequences.update(_consequences(change))

    def _set_aside(self, each: NotReplayable) -> None:
        self._not_counted[each.why] += 1
        named = self._not_replayed.setdefault(each.why, [])
        named.append((each.at, each.entry_id))
        if len(named) > 10 * _MOST_NAMED:
            self._not_replayed[each.why] = sorted(named)[:_MOST_NAMED]

    def _gate_changes(self) -> tuple[GateChange, ...]:
        return tuple(
            GateChange(
                id=name,
                kind=kind,
                change=change,
                matched_before=self._matched[0][name],
                matched_after=self._matched[1][name],
            )
            for name, (kind, change) in self._gates.items()
        )


class _Both:
    """Two policies asked together: a condition that stands in both is asked once."""

    def __init__(self, before: CompiledPolicy, after: CompiledPolicy, differing: frozenset[str]) -> None:
        self._policies = before, after
        texts = [[gate.when or "true" for gate in each.policy.gates] for each in self._policies]
        place = {text: index for index, text in enumerate(dict.fromkeys([*texts[0], *texts[1]]))}
        conditions = [environment().compile(text) for text in place]
        self._conditions = environment().bundle(conditions)
        self._bind = row_binder(name for condition in conditions for name in condition.names)
        self._case = reader("action.kind", "donor.lifecycle_stage", "action.capability")
        self._places = [[place[text] for text in each] for each in texts]
        self._differing = {
            index
            for policy, places in zip(self._policies, self._places, strict=True)
            for gate, index in zip(policy.policy.gates, places, strict=True)
            if gate.id in differing
        }

    def judge(self, facts: FactRow) -> tuple[Judgement, Judgement]:
        """Return both answers; where no gate that differs has anything to say, they are one and the same."""
        answers = self._conditions.evaluate(environment().activation(self._bind(facts)))
        one = self._combined(0, answers, facts)
        if all(answers[index] is False for index in self._differing):
            return one, one
        return one, self._combined(1, answers, facts)

    def _combined(self, which: int, answers: Sequence[Answer], facts: FactRow) -> Judgement:
        mine = [answers[index] for index in self._places[which]]
        action, stage, capability = self._case(facts)
        return combine(
            self._policies[which], mine, (action, stage, capability), lambda name: fact(facts, name)
        )


class _Tally:
    """Who and what is affected by one kind of change, and the gravest of them."""

    def __init__(self) -> None:
        self._decisions = 0
        self._donors: set[tuple[str | None, str]] = set()
        self._by_officer: Counter[str | None] = Counter()
        self._amounts: Counter[str] = Counter()
        self._listed: list[ChangedDecision] = []

    @property
    def unlisted(self) -> int:
        return max(0, self._decisions - MOST_LISTED)

    def add(self, change: ChangedDecision) -> None:
        self._decisions += 1
        self._by_officer[change.owner_id] += 1
        if change.donor_id is not None:
            self._donors.add((change.owner_id, change.donor_id))
        if change.amount is not None:
            self._amounts[change.amount.currency] += change.amount.minor
        self._listed.append(change)
        if len(self._listed) > 2 * MOST_LISTED:
            self._listed = list(self.gravest())

    def gravest(self) -> tuple[ChangedDecision, ...]:
        return tuple(sorted(self._listed, key=_gravity)[:MOST_LISTED])

    def affected(self) -> Affected:
        donors = Counter(owner for owner, _ in self._donors)
        officers = (
            OfficerAffected(owner_id=owner, decisions=decisions, donors=donors[owner])
            for owner, decisions in self._by_officer.items()
        )
        return Affected(
            decisions=self._decisions,
            donors=len({donor for _, donor in self._donors}),
            officers=tuple(sorted(officers, key=lambda each: (-each.decisions, each.owner_id or ""))),
            amounts=tuple(Money(minor=self._amounts[name], currency=name) for name in sorted(self._amounts)),
        )


def _gravity(change: ChangedDecision) -> tuple[int, datetime, str]:
    grave = _GRAVITY.get((change.before.outcome, change.after.outcome))
    return (
        grave if grave is not None else 3 + ("fewer_approvals" not in change.loosened_by),
        change.at,
        change.entry_id,
    )


def _consequences(change: ChangedDecision) -> list[str]:
    before, after = change.before.outcome, change.after.outcome
    found = []
    if change.became in _CARRIED_OUT and after is Outcome.DENY:
        found.append("carried_out_now_refused")
    if change.became in _CARRIED_OUT and before is Outcome.ALLOW and after is Outcome.REQUIRE_APPROVAL:
        found.append("carried_out_now_asking")
    if before is Outcome.REQUIRE_APPROVAL and after is Outcome.ALLOW:
        found.append("asked_now_unasked")
    if before is Outcome.DENY and after is not Outcome.DENY:
        found.append("refused_now_possible")
    return found


def _named(compiled: CompiledPolicy) -> PolicyNamed:
    return PolicyNamed(title=compiled.policy.title, version=compiled.version)


def _first(named: list[tuple[datetime, str]]) -> tuple[str, ...]:
    return tuple(entry for _, entry in sorted(named)[:_MOST_NAMED])


def _widened(moments: list[datetime], at: datetime) -> list[datetime]:
    return [min(moments[0], at), max(moments[-1], at)] if moments else [at, at]
