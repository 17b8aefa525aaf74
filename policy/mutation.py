"""Would the test cases notice? Small mistakes made on purpose in each condition, and which go unnoticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy.cases import Cases, case_facts
from policy.conditions import Condition, ConditionInvalidError, environment
from policy.expression_tokens import Token, tokens
from policy.fact_catalogue import binder, catalogue
from policy.policy_model import Policy
from policy.probes import probes

_SWAPS = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One gate with one mistake in its condition."""

    gate: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MutationReport:
    """How many mistakes were tried, how many change nothing at all, and which the cases did not notice."""

    tried: int
    equivalent: int
    survivors: tuple[Mutant, ...]


def check_mutations(policy: Policy, cases: Cases, made: Iterable[Mutant] | None = None) -> MutationReport:
    """Make every mistake in turn, or those *made*, and see whether a case notices.

    The cases must hold for the policy as it is: they state all gates that match, so a mistake is noticed as
    soon as the gate answers differently for one of them.
    """
    every = binder(catalogue())
    situations = [case_facts(cases, case) for case in cases.cases]
    activations = {facts: environment().activation(every(facts)) for facts in situations}
    tables = {grant.id: grant for grant in policy.grants}
    tried = equivalent = 0
    survivors = []
    for mutant in mutants(policy) if made is None else made:
        tried += 1
        grant = tables.get(mutant.gate)
        within = [ready for facts, ready in activations.items() if grant is None or grant.covers(facts)]
        before, after = environment().compile(mutant.before), environment().compile(mutant.after)
        if any(before.evaluate(ready) != after.evaluate(ready) for ready in within):
            continue
        if _same_meaning(before, after):
            equivalent += 1
        else:
            survivors.append(mutant)
    return MutationReport(tried, equivalent, tuple(survivors))


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Yield every mistake that still compiles: comparisons flipped, numbers shifted, questions negated."""
    for gate in policy.gates:
        for after in dict.fromkeys(_mistakes(gate.when)) if gate.when else ():
            if gate.when and _compiles(after):
                yield Mutant(gate.id, gate.when, after)


def _mistakes(text: str) -> Iterator[str]:
    words = tokens(text)
    for index, token in enumerate(words):
        for replacement in _replacements(words, index):
            yield text[: token.start] + replacement + text[token.start + len(token.text) :]


def _replacements(words: tuple[Token, ...], index: int) -> tuple[str, ...]:
    token = words[index]
    if token.kind == "sign":
        negation = ("",) if token.text == "!" else ()
        return (*_SWAPS.get(token.text, ()), *negation)
    if token.kind == "number" and token.text.isdigit():
        return (str(int(token.text) + 1), str(max(int(token.text) - 1, 0)))
    fact = catalogue().get(token.text) if token.kind == "name" else None
    if fact is not None and fact.kind == "bool":
        return ("(!" + token.text + ")",)
    if token.kind == "text":
        return ("'another value'",)
    return ()


def _compiles(text: str) -> bool:
    try:
        environment().compile(text)
    except ConditionInvalidError:
        return False
    return True


def _same_meaning(before: Condition, after: Condition) -> bool:
    """Whether no facts around the edges tell the two apart; a mistake without effect cannot be noticed."""
    activations = (environment().activation(values) for both in (before, after) for values in probes(both))
    return all(before.evaluate(each) == after.evaluate(each) for each in activations)
