"""Small checks of JSON values, put together in the tables of Block Kit; each notes what it finds wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.shapes import Json


@dataclass(slots=True)
class Findings:
    """What is wrong, in Slack's wording, each with a JSON pointer to the place."""

    messages: list[str] = field(default_factory=list)

    def add(self, pointer: str, text: str) -> None:
        """Note one thing."""
        self.messages.append(f"[ERROR] {text} [json-pointer:{pointer}]")


Check = Callable[[Any, str, Findings], None]
Rule = Callable[[Json, str, Findings], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: its keys with their checks, which of them must be there, and rules across keys."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def __call__(self, value: Any, pointer: str, findings: Findings) -> None:
        """Check one object."""
        if not isinstance(value, dict):
            findings.add(pointer, "must be an object")
            return
        for name in self.required:
            if name not in value:
                findings.add(pointer, f"missing required field: {name}")
        for name, item in value.items():
            check = self.fields.get(name)
            if check is None:
                findings.add(f"{pointer}/{name}", f"no more than the known fields allowed: {name}")
            else:
                check(item, f"{pointer}/{name}", findings)
        for rule in self.rules:
            rule(value, pointer, findings)


def anything(_value: Any, _pointer: str, _findings: Findings) -> None:
    """No demands."""


def string(maximum: int | None = None, minimum: int = 1) -> Check:
    """A string of that many characters."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.add(pointer, "must be a string")
        elif len(value) < minimum:
            findings.add(pointer, f"must be more than {minimum - 1} characters")
        elif maximum is not None and len(value) > maximum:
            findings.add(pointer, f"must be less than {maximum + 1} characters")

    return check


def one_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if value not in allowed:
            findings.add(pointer, f"must be one of: {', '.join(allowed)}")

    return check


def boolean(value: Any, pointer: str, findings: Findings) -> None:
    """True or false."""
    if not isinstance(value, bool):
        findings.add(pointer, "must be a boolean")


def integer(minimum: int, maximum: int | None = None) -> Check:
    """A whole number in a range."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            findings.add(pointer, "must be an integer")
        elif value < minimum or (maximum is not None and value > maximum):
            findings.add(pointer, f"must be between {minimum} and {maximum}")

    return check


def number(value: Any, pointer: str, findings: Findings) -> None:
    """A number that is one."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:  # noqa: PLR0124 - NaN
        findings.add(pointer, "must be a number")


def list_of(check: Check, minimum: int = 0, maximum: int | None = None) -> Check:
    """A list with that many items, each of which passes *check*."""

    def checked(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add(pointer, "must be an array")
            return
        if len(value) < minimum:
            findings.add(pointer, f"must have at least {minimum} items")
        if maximum is not None and len(value) > maximum:
            findings.add(pointer, f"no more than {maximum} items allowed")
        for index, item in enumerate(value):
            check(item, f"{pointer}/{index}", findings)

    return checked


def by_type(table: Mapping[str, Check], *allowed: str) -> Check:
    """An object whose `type` names an entry of *table*, one of *allowed* where given."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        kind = str(value.get("type")) if isinstance(value, dict) else "none"
        if kind not in table:
            findings.add(pointer, f"unsupported type: {kind}")
        elif allowed and kind not in allowed:
            findings.add(pointer, f"type {kind} is not allowed here")
        else:
            table[kind](value, pointer, findings)

    return check


def text(maximum: int, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Check:
    """A text object of one of *kinds* with 1 to *maximum* characters."""
    shapes: dict[str, Check] = {
        "plain_text": Shape(
            {"type": anything, "text": string(maximum), "emoji": boolean}, required=("type", "text")
        ),
        "mrkdwn": Shape(
            {"type": anything, "text": string(maximum), "verbatim": boolean}, required=("type", "text")
        ),
    }
    return by_type(shapes, *kinds)


def plain(maximum: int) -> Check:
    """A plain_text object."""
    return text(maximum, kinds=("plain_text",))


def at_least_one(*names: str) -> Rule:
    """One of several keys must be there."""

    def rule(value: Json, pointer: str, findings: Findings) -> None:
        if not any(value.get(name) for name in names):
            findings.add(pointer, f"must have at least one of: {', '.join(names)}")

    return rule


def exactly_one(*names: str) -> Rule:
    """Precisely one of several keys must be there."""

    def rule(value: Json, pointer: str, findings: Findings) -> None:
        if sum(name in value for name in names) != 1:
            findings.add(pointer, f"must have exactly one of: {', '.join(names)}")

    return rule


def not_above(low: str, high: str) -> Rule:
    """One number must not exceed another."""

    def rule(value: Json, pointer: str, findings: Findings) -> None:
        try:
            wrong = low in value and high in value and float(value[low]) > float(value[high])
        except (TypeError, ValueError):
            return
        if wrong:
            findings.add(pointer, f"{low} must not exceed {high}")

    return rule
