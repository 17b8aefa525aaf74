"""A condition in plain words, made from the descriptions of the facts it asks about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from policy.action_words import ACTION_WORDS, DONE_WORDS
from policy.condition_tree import Node, NotUnderstood, read_condition
from policy.fact_catalogue import Fact, catalogue

# Where the description of a fact does not read as a noun.
_NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "action.kind": "the kind of action",
        "action.capability": "the action",
        "action.undo": "what undoing can do",
        "consent.status": "the donor's word on this channel",
        "ai.origin": "the author of the text",
        "ai.confidence": "the strength of the evidence",
        "ai.confidence_level": "the strength of the evidence in words",
        "campaign.status": "the status of the campaign",
        "rollout.phase": "the rollout phase",
        "door.kind": "the place where it is decided",
        "owner.active": "the donor has an active owner",
        "donor.lifecycle_stage": "the donor's stage",
        "cal.weekday": "the weekday (1 is Monday)",
    }
)
_SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "==": "is",
        "!=": "is not",
        "<": "is below",
        "<=": "is at most",
        ">": "is above",
        ">=": "is at least",
        "+": "plus",
        "-": "minus",
        "*": "times",
    }
)
_METHODS: Mapping[str, str] = MappingProxyType(
    {"startsWith": "begins with", "endsWith": "ends with", "contains": "contains"}
)
_VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "action.kind": {str(kind): words.lower() for kind, words in ACTION_WORDS.items()},
        "action.capability": {str(capability): words for capability, words in DONE_WORDS.items()},
        "consent.status": {"opted_in": "yes", "opted_out": "no", "soft_opt_in": "yes by soft opt-in"},
        "ai.origin": {
            "none": "a person",
            "facts": "Countersign without a model",
            "model": "a language model",
        },
    }
)
_NOUN_END, _SENTENCE_END = re.compile(r"[;:.,(]"), re.compile(r"[;.(]")


def condition_words(condition: str) -> str:
    """Say a condition in words; forms that have none stay as they are written."""
    try:
        return _words(read_condition(condition))
    except NotUnderstood:
        return condition


def noun(fact: Fact) -> str:
    """Name what a fact holds, as it stands within a sentence."""
    named = _NOUNS.get(fact.name)
    if named:
        return named
    ends = _SENTENCE_END if fact.kind == "bool" else _NOUN_END
    text = ends.split(fact.description)[0]
    return _lower_first(text.strip())


def value_words(name: str, value: str) -> str:
    """Say a value of the fact *name* as it stands within a sentence."""
    special: Mapping[str, str] = _VALUES.get(name, {})
    return special.get(value, value.replace("_", " ") or "nothing")


def _words(node: Node) -> str:
    if node.kind in ("and", "or"):
        return _joined(node)
    if node.kind == "not":
        return _negated(node.parts[0])
    if node.kind == "name" and not node.parts:
        return _name(node.text)
    if node.kind == "in":
        return _membership(node, negated=False)
    if node.kind == "call":
        return _call(node)
    if node.kind in _SIGNS:
        left, right = node.parts
        return f"{_words(left)} {_SIGNS[node.kind]} {_value(right, left)}"
    return f"“{node.text[1:-1]}”" if node.kind == "text" else node.text


def _value(node: Node, of: Node) -> str:
    """Say what a fact is compared with; a value the fact can have is a word, other texts are quoted."""
    fact = catalogue().get(of.text) if of.kind == "name" else None
    if node.kind != "text" or fact is None or not fact.values:
        return _words(node)
    return value_words(fact.name, node.text[1:-1])


def _joined(node: Node) -> str:
    parts = _without_presence(node.parts) if node.kind == "and" else node.parts
    spoken = [f"({_words(part)})" if part.kind in ("and", "or") else _words(part) for part in parts]
    return f" {node.kind} ".join(spoken)


def _without_presence(parts: Sequence[Node]) -> list[Node]:
    """Leave out "it is known" where the same sentence goes on to say what it must be."""
    named = {below.text for part in parts for below in part.walk() if below.kind == "name"}
    kept = [part for part in parts if _presence_of(part) not in named]
    return kept or list(parts)


def _presence_of(node: Node) -> str | None:
    fact = catalogue().get(node.text) if node.kind == "name" else None
    return fact.presence_of if fact else None


def _negated(node: Node) -> str:
    if node.kind == "in":
        return _membership(node, negated=True)
    if node.kind == "name" and (value := _presence_of(node)):
        return f"{noun(catalogue()[value])} is not known"
    words = _words(node)
    several = node.kind in ("and", "or") or " and " in words or " or " in words
    return f"it is not so that ({words})" if several else f"it is not so that {words}"


def _name(name: str) -> str:
    fact = catalogue().get(name)
    if fact is None:
        return name
    if fact.presence_of:
        return f"{noun(catalogue()[fact.presence_of])} is known"
    return noun(fact)


def _membership(node: Node, *, negated: bool) -> str:
    left, right = node.parts
    if right.kind == "list":
        values = [_value(part, left) for part in right.parts]
        if len(values) == 1:
            return f"{_words(left)} is{' not' if negated else ''} {values[0]}"
        choice = f"{', '.join(values[:-1])} or {values[-1]}" if values else "nothing"
        return f"{_words(left)} is {'not ' if negated else ''}{choice}"
    return f"{_words(left)} is {'not ' if negated else ''}among {_words(right)}"


def _call(node: Node) -> str:
    target, arguments = node.parts[0], node.parts[1:]
    name, _, method = target.text.rpartition(".")
    if method in _METHODS and name in catalogue() and len(arguments) == 1 and arguments[0].kind == "text":
        return f"{_name(name)} {_METHODS[method]} “{arguments[0].text[1:-1]}”"
    return node.text


def _lower_first(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}" if text[1:2].islower() or text[1:2] == " " else text
