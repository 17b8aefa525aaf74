"""The one place that speaks to the CEL engine: compile against typed facts, evaluate, trust nothing.

The engine reports most failures as values and some as exceptions; both become `Failed` here. A condition is
matched only when the answer is the boolean true, and not matched only when it is the boolean false.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from cel_expr_python import cel

from policy.expression_tokens import tokens
from policy.fact_catalogue import Fact, catalogue

ENGINE = "cel-expr-python 0.1"
LONGEST_CONDITION = 2000

_CUT = """
stdlib:
  exclude_macros: [map, has]
  exclude_functions:
    - name: dyn
    - name: type
    - name: _+_
      overloads: [{id: add_string}, {id: add_bytes}]
"""
_RAISED = (RuntimeError, MemoryError, ValueError, TypeError)  # budget overrun, values the engine refuses
_POSITION = re.compile(r"<input>:(\d+):(\d+): ([^\n]*)")
_MISSING = re.compile(r'No value with name "([\w.]+)"')


class ConditionInvalidError(ValueError):
    """A condition that cannot be used: *message* in plain words, *line* and *column* (from 1) inside it."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(frozen=True, slots=True)
class Failed:
    """A condition that gave no answer; *detail* may quote facts and is only for checks at load."""

    message: str
    detail: str


Outcome = bool | Failed


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition and the variables it names."""

    text: str
    names: tuple[str, ...]
    expression: Any

    def evaluate(self, activation: Any) -> Outcome:
        """Return True (matched), False (not matched) or Failed."""
        try:
            value = self.expression.eval(activation).value()
        except _RAISED as error:
            return Failed("the rule could not be evaluated", str(error))
        if value is True or value is False:
            return bool(value)
        return _failed(str(value))


@dataclass(frozen=True, slots=True)
class Conditions:
    """Many conditions asked at once: as one list, and one by one whenever that gives no full answer."""

    each: tuple[Condition, ...]
    together: Any | None

    def evaluate(self, activation: Any) -> Sequence[Outcome]:
        """Return the outcomes in order."""
        if self.together is not None:
            try:
                values = self.together.eval(activation).plain_value()
            except _RAISED:
                values = None
            if isinstance(values, list) and [*map(type, values)] == [bool] * len(self.each):
                return values
        return [condition.evaluate(activation) for condition in self.each]


class Environment:
    """The CEL language cut to size, with one typed variable per fact."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self._facts = facts
        declared = "".join(f"  - {{name: {fact.name}, {_type(fact)}}}\n" for fact in facts.values())
        self._env = cel.NewEnv(config=cel.NewEnvConfigFromYaml(f"variables:\n{declared}{_CUT}"))

    def compile(self, text: str) -> Condition:
        """Compile a condition; raises ConditionInvalidError unless it is a well-typed yes-or-no question."""
        if len(text) > LONGEST_CONDITION:
            raise ConditionInvalidError(f"the condition is longer than {LONGEST_CONDITION} characters")
        try:
            expression = self._env.compile(text)
        except (RuntimeError, MemoryError, ValueError) as error:
            raise _invalid(str(error)) from None
        if expression.return_type() != cel.Type.BOOL:
            raise ConditionInvalidError("the condition is not a yes-or-no question")
        return Condition(text=text, names=self._names(text), expression=expression)

    def bundle(self, conditions: Sequence[Condition]) -> Conditions:
        """Prepare many conditions to be asked at once, where the engine's limits allow."""
        together = None
        if conditions:
            text = ", ".join(f"({condition.text})" for condition in conditions)
            with suppress(RuntimeError, MemoryError):
                together = self._env.compile(f"[{text}]")
        return Conditions(tuple(conditions), together)

    def activation(self, values: Mapping[str, Any]) -> Any:
        """Bind the facts of one decision for any number of conditions."""
        return self._env.Activation(values)

    def _names(self, text: str) -> tuple[str, ...]:
        """Return the facts a condition names; `donor.tags.exists(...)` names `donor.tags`."""
        words = [token.text for token in tokens(text) if token.kind == "name"]
        candidates = (".".join(word.split(".")[:2]) for word in words)
        return tuple(dict.fromkeys(name for name in candidates if name in self._facts))


@cache
def environment() -> Environment:
    """Return the environment of the product's own facts."""
    return Environment(catalogue())


def _type(fact: Fact) -> str:
    return "type: list, params: [{type: string}]" if fact.kind == "list" else f"type: {fact.kind}"


def _failed(detail: str) -> Failed:
    missing = _MISSING.search(detail)
    return Failed(f"{missing[1]} is missing" if missing else "the rule could not be evaluated", detail)


def _invalid(error: str) -> ConditionInvalidError:
    if "recursion depth" in error or "recursion limit" in error:
        return ConditionInvalidError("it is nested more than 32 levels deep; make several gates of it")
    position = _POSITION.search(error)
    if position is None:
        return ConditionInvalidError(error.splitlines()[0] if error else "the condition cannot be read")
    message = position[3].partition(" expecting ")[0]
    return ConditionInvalidError(message, int(position[1]), int(position[2]))
