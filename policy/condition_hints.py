"""What an author probably meant where the engine only says that a condition cannot be used."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from policy.fact_catalogue import catalogue

_OVERLOAD = re.compile(
    r"found no matching overload for '_([=!]=|[<>]=?|[-+*/%])_' applied to '\((.+), (.+)\)'"
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "int": "a whole number",
        "double": "a number with a point",
        "string": "a text",
        "bool": "yes or no",
        "google.protobuf.Timestamp": "a moment",
        "google.protobuf.Duration": "a duration",
    }
)
_MIXED: Mapping[frozenset[str], str] = MappingProxyType(
    {
        frozenset({"int", "double"}): "write a whole number; sums are in minor units (cents)",
        frozenset({"google.protobuf.Timestamp", "string"}): "write timestamp('2026-11-24T00:00:00Z')",
        frozenset({"list", "string"}): "write 'text' in the list",
        frozenset({"bool", "string"}): "write the fact alone, or ! before it for not",
        frozenset({"int", "string"}): "leave out the quotes",
    }
)
_SIGNS: Mapping[str, str] = MappingProxyType({"=": "==", "&": "&&", "|": "||"})
_WORDS: Mapping[str, str] = MappingProxyType({"and": "&&", "or": "||", "not": "!", "is": "=="})
_TRUTHS: Mapping[str, str] = MappingProxyType(
    {"yes": "true", "True": "true", "TRUE": "true", "no": "false", "False": "false", "FALSE": "false"}
)
_VALUES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "String to Timestamp": (
            r"timestamp\([^)]*\)?",
            "write a day that exists, as in timestamp('2026-11-24T00:00:00Z')",
        ),
        "String to Duration": (r"duration\([^)]*\)?", "write hours or minutes, as in duration('48h')"),
        "divide by zero": (r"/[^/&|]*", "multiply the other side instead of dividing"),
        "modulus by zero": (r"%[^&|]*", "use a number that is not 0"),
        "invalid regular expression": (r"matches\([^)]*\)?", "use contains() or startsWith() instead"),
    }
)


def explained(message: str, condition: str) -> tuple[str, str]:
    """Return the engine's *message* in plain words where there are any, and a suggestion or nothing."""
    mixed = _OVERLOAD.search(message)
    if mixed:
        sign, left, right = mixed[1], *map(_plain_type, mixed.group(2, 3))
        words = (
            f"{_TYPES.get(left, 'a list')} and {_TYPES.get(right, 'a list')} do not go together with {sign}"
        )
        return words, _MIXED.get(frozenset({left, right}), "")
    if "Syntax error" in message:
        return f"the condition cannot be read: {message.partition('Syntax error: ')[2]}", _misspelt(
            message, condition
        )
    return f"the condition cannot be used: {message}", ""


def value_hint(detail: str, condition: str) -> tuple[str, str]:
    """Return what to point at and what to write where the engine found a value it cannot work with."""
    for part, (call, hint) in _VALUES.items():
        if part in detail:
            found = re.search(call, condition)
            return (found[0] if found else "", hint)
    return "", ""


def name_hint(name: str) -> str:
    """Suggest what a word that is no fact was meant to be; empty when it is not one of the usual slips."""
    if name in _TRUTHS:
        return f"did you mean {_TRUTHS[name]}?"
    if name == "now":
        return "did you mean cal.now?"
    values = {value for fact in catalogue().values() for value in fact.values}
    return f"put texts in quotes: '{name}'" if name in values else ""


def _plain_type(name: str) -> str:
    return "list" if name.startswith("list(") else name


def _misspelt(message: str, condition: str) -> str:
    sign = re.search(r"token recognition error at: '(.)", message)
    if sign and sign[1] in _SIGNS:
        return f"did you mean {_SIGNS[sign[1]]}?"
    if sign and sign[1] in "“”„‘’‚«»":
        return "write straight quotes: 'text'"
    if sign and sign[1] in "'\"":
        return "a quote is not closed"
    if sign and not sign[1].isascii():
        return f"{sign[1]} is {unicodedata.name(sign[1], 'no letter').lower()}: write it in plain letters"
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", condition)
    for word, meant in _WORDS.items():
        found = re.search(rf"(?<![\w.]){word}(?![\w.])", bare, re.IGNORECASE)
        if found:
            return f"write {meant} for {found[0]}"
    return "lists are written in brackets: in ['a', 'b']" if re.search(r"\bin\s*\(", bare) else ""
