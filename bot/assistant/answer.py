"""The shape of a model's answer: asked for as a JSON schema, checked by us whatever a server promised."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy.claims import Aggregate, SlotKind

MOST_CLAIMS = 8
LONGEST_ANSWER = 100_000
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)
# Models that think aloud do so before they answer; only what comes after it is the answer.
_THOUGHTS = re.compile(r"\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class SlotAnswer(_Strict):
    """A bound piece of text as the model gives it; references are pseudonyms."""

    kind: SlotKind
    text: str = Field(min_length=1, max_length=200)
    record: str | None = Field(default=None, max_length=100)
    field: str | None = Field(default=None, max_length=100)
    aggregate: Aggregate | None = None
    over: list[str] = Field(default_factory=list, max_length=500)
    fact: str | None = Field(default=None, max_length=100)


class ClaimAnswer(_Strict):
    """A sentence as the model gives it."""

    text: str = Field(min_length=1, max_length=600)
    cites: list[str] = Field(default_factory=list, max_length=500)
    slots: list[SlotAnswer] = Field(default_factory=list, max_length=20)


class Answer(_Strict):
    """The whole answer; *action* is asked for with recommendations only."""

    claims: list[ClaimAnswer] = Field(max_length=MOST_CLAIMS)
    action: str | None = Field(default=None, max_length=40)


class UnreadableAnswerError(ValueError):
    """An answer does not fit; *complaints* name places and rules, never what was said."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("the answer does not fit the schema")
        self.complaints = complaints


def read_answer(text: str, actions: tuple[str, ...]) -> Answer:
    """Read an answer, in one code fence or none; UnreadableAnswerError when it does not fit."""
    if len(text) > LONGEST_ANSWER:
        raise UnreadableAnswerError(("answer: too_long",))
    plain = _unwrapped(text)
    if _names_a_key_twice(plain):
        raise UnreadableAnswerError(("answer: a key stands twice in one object",))
    try:
        answer = Answer.model_validate_json(plain)
    except ValidationError as error:
        raise UnreadableAnswerError(_complaints(error)) from None
    if actions and answer.action not in actions:
        raise UnreadableAnswerError((f"action: must be one of {', '.join(actions)}",))
    return answer


def _unwrapped(text: str) -> str:
    said = _THOUGHTS.sub("", text, count=1) if _THOUGHTS.match(text) else text
    fenced = _FENCE.findall(said)
    return str(fenced[0]) if len(fenced) == 1 and not said.lstrip().startswith("{") else said


class _TwiceError(ValueError):
    """A key stands twice in one object: readers differ in which of the two they believe."""


def _names_a_key_twice(text: str) -> bool:
    def pairs(found: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in found}) < len(found):
            raise _TwiceError

    try:
        json.loads(text, object_pairs_hook=pairs)
    except _TwiceError:
        return True
    except (ValueError, RecursionError):
        return False  # the strict reader says what is wrong with it
    return False


def _complaints(error: ValidationError) -> tuple[str, ...]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(
        f"{'.'.join(str(step) for step in one['loc']) or 'answer'}: {one['type']}" for one in found[:10]
    )


def answer_schema(actions: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON schema in the subset strict servers accept: all is required, nothing is extra."""
    optional = {"type": ["string", "null"]}
    slot = _closed(
        {
            "kind": {"type": "string", "enum": [kind.value for kind in SlotKind]},
            "text": {"type": "string"},
            "record": optional,
            "field": optional,
            "aggregate": {"type": ["string", "null"], "enum": [*(a.value for a in Aggregate), None]},
            "over": {"type": "array", "items": {"type": "string"}},
            "fact": optional,
        }
    )
    claim = _closed(
        {
            "text": {"type": "string"},
            "cites": {"type": "array", "items": {"type": "string"}},
            "slots": {"type": "array", "items": slot},
        }
    )
    properties: dict[str, Any] = {"claims": {"type": "array", "items": claim}}
    if actions:
        properties["action"] = {"type": "string", "enum": list(actions)}
    return _closed(properties)


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def schema_in_words(schema: dict[str, Any]) -> str:
    """Spell the schema for a server that knows no schemas."""
    spelled = json.dumps(schema, separators=(",", ":"))
    return f"Answer with one JSON object and nothing else. It must fit this JSON schema:\n{spelled}"
