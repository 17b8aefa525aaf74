"""What must hold for a policy beyond its shape: conditions compile, name known values and always answer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from policy.condition_hints import explained, name_hint, value_hint
from policy.conditions import Condition, ConditionInvalidError, Failed, environment
from policy.expression_tokens import Token, tokens
from policy.fact_catalogue import catalogue
from policy.policy_model import RESERVED_IDS, Guard, Policy
from policy.probes import probes
from policy.reachability import can_be_true, overruled

_UNDECLARED = re.compile(r"undeclared reference to '([\w.]+)'")
_FORBIDDEN = {"map": "building lists", "has": "has(): use the fact's own has_ variable", "dyn": "dyn()"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at *path*; *word* is what to point at in the text there."""

    path: tuple[str | int, ...]
    message: str
    suggestion: str = ""
    word: str = ""
    line: int = 1
    column: int = 1


def check_policy(policy: Policy) -> list[Finding]:
    """Return everything that is wrong with a policy of valid shape."""
    return [*_duplicate_ids(policy), *_conditions(policy)]


def idle(policy: Policy) -> Iterator[Finding]:
    """Yield the rules of a valid policy that can never matter."""
    conditions = [
        *((("grants", index, "when"), grant.when) for index, grant in enumerate(policy.grants)),
        *((("guards", index, "when"), guard.when) for index, guard in enumerate(policy.guards)),
    ]
    for path, when in conditions:
        if when and not can_be_true(environment().compile(when)):
            message = "no donor and no action can fulfil this condition, so the rule never speaks"
            yield Finding(path, message, "look for && that was meant as ||")
    for index, why in overruled(policy.guards):
        yield Finding(("guards", index, "when"), why, "leave one of them out")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean ...?" when one of *known* is near, otherwise nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.55)
    return f"did you mean {near[0]}?" if near else ""


def _duplicate_ids(policy: Policy) -> Iterator[Finding]:
    seen = set(RESERVED_IDS)
    grants = [(("grants", index, "id"), grant.id) for index, grant in enumerate(policy.grants)]
    guards = [(("guards", index, "id"), guard.id) for index, guard in enumerate(policy.guards)]
    for path, name in [*grants, *guards]:
        if name in seen:
            why = "is reserved" if name in RESERVED_IDS else "is used twice"
            yield Finding(path, f"the id {name} {why}")
        seen.add(name)


def _conditions(policy: Policy) -> Iterator[Finding]:
    for index, grant in enumerate(policy.grants):
        if grant.when is not None:
            yield from _condition(("grants", index), grant.when)
    for index, guard in enumerate(policy.guards):
        found = list(_condition(("guards", index), guard.when))
        yield from found or _delay(("guards", index), guard)


def _condition(gate: tuple[str | int, ...], text: str) -> Iterator[Finding]:
    path = (*gate, "when")
    return (replace(finding, path=path) for finding in _wrong_with(text))


@lru_cache(maxsize=2048)
def _wrong_with(text: str) -> tuple[Finding, ...]:
    """Return what is wrong with a condition, wherever it stands; probing it anew costs half a millisecond."""
    try:
        condition = environment().compile(text)
    except ConditionInvalidError as error:
        return (_explain(error, text),)
    return tuple(_impossible_values(text)) or tuple(_unanswered(condition))


def _explain(error: ConditionInvalidError, text: str) -> Finding:
    undeclared = _UNDECLARED.search(error.message)
    if undeclared is None:
        message, suggestion = explained(error.message, text)
        return Finding((), message, suggestion, "", error.line, error.column)
    name = undeclared[1]
    if f".map({name}," in text.replace(" ", ""):
        return Finding((), "conditions have no map()", "use exists(), all() or filter()", ".map")
    if name.rpartition(".")[2] in _FORBIDDEN:
        return Finding((), f"conditions have no {_FORBIDDEN[name.rpartition('.')[2]]}", "", name)
    hint = name_hint(name) or did_you_mean(name, catalogue())
    return Finding((), f"there is no fact {name}", hint, name)


def _impossible_values(text: str) -> Iterator[Finding]:
    """Find texts compared with a fact that can never hold them: such a rule would silently never match."""
    words = tokens(text)
    for index, token in enumerate(words):
        fact = catalogue().get(token.text) if token.kind == "name" else None
        if fact is None or not fact.values:
            continue
        for literal in _compared(words, index):
            if literal.string not in fact.values:
                yield Finding(
                    (),
                    f"{fact.name} is never {literal.text}; it is one of {', '.join(fact.values)}",
                    did_you_mean(literal.string, fact.values),
                    literal.text,
                )


def _compared(words: tuple[Token, ...], index: int) -> Iterator[Token]:
    """Return the texts the name at *index* is compared with: `==`, `!=` (either way round), `in [...]`."""
    following = words[index + 1 : index + 3]
    if len(following) == 2 and following[0].text in ("==", "!=") and following[1].kind == "text":
        yield following[1]
    if index >= 2 and words[index - 1].text in ("==", "!=") and words[index - 2].kind == "text":
        yield words[index - 2]
    if len(following) == 2 and following[0].text == "in" and following[1].text == "[":
        for word in words[index + 3 :]:
            if word.text == "]":
                return
            if word.kind == "text":
                yield word


def _unanswered(condition: Condition) -> Iterator[Finding]:
    for values in probes(condition):
        answer = condition.evaluate(environment().activation(values))
        if isinstance(answer, Failed):
            missing = next((name for name in condition.names if name in answer.message), "")
            hint = f"ask first whether it is known: {catalogue()[missing].presence} && ..." if missing else ""
            detail = answer.message if missing else f"{answer.message}: {answer.detail}"
            word, better = value_hint(answer.detail, condition.text)
            message = f"the condition has no answer for some facts: {detail}"
            yield Finding((), message, hint or better, missing or word)
            return


def _delay(gate: tuple[str | int, ...], guard: Guard) -> Iterator[Finding]:
    until = guard.oblige.delay_until if guard.oblige else None
    if until is None:
        return
    path = (*gate, "oblige", "delay_until")
    instants = [fact.name for fact in catalogue().values() if fact.kind == "timestamp"]
    if until not in instants:
        message = f"{until} is no fact that holds a moment; there are {', '.join(instants)}"
        yield Finding(path, message, did_you_mean(until, instants))
        return
    together = environment().compile(f"!({guard.when}) || {until} == {until}")
    if any(isinstance(together.evaluate(environment().activation(v)), Failed) for v in probes(together)):
        presence = catalogue()[until].presence
        yield Finding(path, f"{until} may be missing when the guard matches", f"add {presence} && to when")
