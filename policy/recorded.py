"""Decisions as they were recorded: facts and answer kept together, to be explained and rehearsed later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, ConfigDict, ValidationError
from pydantic_core import from_json

from policy.decision import Decision, Outcome
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import catalogue
from policy.fact_row import FactRow, plain_row, read_row, row_of
from policy.value import Value

WhyNot = Literal["erased", "facts_of_another_version", "nothing_recorded"]

WHY_NOT_WORDS: Mapping[WhyNot, str] = {
    "erased": "the donor was erased, or the time of keeping is over",
    "facts_of_another_version": "the facts were recorded in another form and are never guessed",
    "nothing_recorded": "no facts were recorded with it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayable:
    """One decision of the past, to be asked again; *outcome* is what was answered then.

    *row* holds the facts, *owner_id* is the relationship owner then, *became* how its card ended. Times are
    UTC.
    """

    entry_id: str
    at: datetime
    donor_id: str | None
    owner_id: str | None = None
    became: str | None = None
    row: FactRow
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """One decision of the past with everything that was answered then. *at* is UTC."""

    entry_id: str
    at: datetime
    donor_id: str | None
    facts: DecisionFacts
    decision: Decision


class NotReplayable(Value):
    """A decision that cannot be asked again, and why; nothing missing is ever filled in."""

    entry_id: str
    at: AwareDatetime
    why: WhyNot
    detail: str = ""


_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_WANTED = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Answer(Value):
    model_config = _WANTED

    outcome: Outcome


class _Facts(Value):
    """The part of an audit payload that is needed; everything else is passed over while it is read."""

    model_config = _WANTED

    decision_facts: DecisionFacts
    owner_id: str | None = None


class _Payload(_Facts):
    decision: _Answer


class _WholePayload(_Facts):
    decision: Decision


F = TypeVar("F", bound=_Facts)


def read_replayable(
    entry_id: str,
    at: datetime,
    payload: bytes | None,
    *,
    donor_id: str | None,
    owner_id: str | None = None,
    became: str | None = None,
) -> Replayable | NotReplayable:
    """Read the payload of an audit entry, as JSON; facts that do not fit today's model are not replayable.

    The owner in the payload goes before *owner_id*.
    """
    read = _read(entry_id, at, payload, _Payload)
    if isinstance(read, NotReplayable):
        return read
    return Replayable(
        entry_id=entry_id,
        at=at,
        donor_id=donor_id,
        owner_id=read.owner_id or owner_id,
        became=became,
        row=row_of(read.decision_facts),
        outcome=read.decision.outcome,
    )


def excerpt_of(facts: DecisionFacts, outcome: Outcome, owner_id: str | None) -> dict[str, Any]:
    """Return what a rehearsal needs of a decision, as short JSON data in the form that `row_form` names."""
    return {"facts": plain_row(facts), "outcome": outcome.value, "owner_id": owner_id}


def read_excerpt(
    entry_id: str,
    at: datetime,
    excerpt: bytes | None,
    *,
    donor_id: str | None,
    owner_id: str | None = None,
    became: str | None = None,
) -> Replayable | NotReplayable:
    """Read what `excerpt_of` kept; it was checked when it was written, so it is not validated once more."""
    if excerpt is None:
        return NotReplayable(entry_id=entry_id, at=at, why="erased")
    try:
        kept = from_json(excerpt)
        row, outcome = read_row(kept["facts"]), _OUTCOMES[kept["outcome"]]
        owner_id = kept["owner_id"] or owner_id
    except (ValueError, KeyError, TypeError):
        return NotReplayable(entry_id=entry_id, at=at, why="nothing_recorded")
    return Replayable(
        entry_id=entry_id,
        at=at,
        donor_id=donor_id,
        owner_id=owner_id,
        became=became,
        row=row,
        outcome=outcome,
    )


def read_recorded(
    entry_id: str, at: datetime, payload: bytes | None, *, donor_id: str | None
) -> RecordedDecision | NotReplayable:
    """Read the payload of an audit entry with the whole decision, to explain it."""
    read = _read(entry_id, at, payload, _WholePayload)
    if isinstance(read, NotReplayable):
        return read
    return RecordedDecision(
        entry_id=entry_id,
        at=at,
        donor_id=donor_id,
        facts=read.decision_facts,
        decision=read.decision,
    )


def _read(entry_id: str, at: datetime, payload: bytes | None, model: type[F]) -> F | NotReplayable:
    if payload is None:
        return NotReplayable(entry_id=entry_id, at=at, why="erased")
    try:
        read = model.model_validate_json(payload)
    except ValidationError as error:
        return _unreadable(entry_id, at, error)
    unknown = _filled_in(read.decision_facts)
    if unknown:
        return NotReplayable(entry_id=entry_id, at=at, why="facts_of_another_version", detail=unknown)
    return read


def _unreadable(entry_id: str, at: datetime, error: ValidationError) -> NotReplayable:
    places = [fault["loc"] for fault in error.errors(include_url=False, include_input=False)]
    if any(len(place) < 2 for place in places):
        return NotReplayable(entry_id=entry_id, at=at, why="nothing_recorded")
    names = sorted({".".join(str(step) for step in place[1:]) for place in places})
    return NotReplayable(entry_id=entry_id, at=at, why="facts_of_another_version", detail=", ".join(names))


def _filled_in(facts: DecisionFacts) -> str:
    """Name the facts that nobody recorded and the model has a default for: a default is not a fact."""
    if all(len(getattr(facts, name).model_fields_set) == count for name, count in _counts()):
        return ""
    missing = [
        f"{name}.{field}"
        for name, fields in _fields()
        if len((group := getattr(facts, name)).model_fields_set) != len(fields)
        for field in fields
        if field not in group.model_fields_set
    ]
    return ", ".join(missing)


@cache
def _counts() -> tuple[tuple[str, int], ...]:
    return tuple((name, len(fields)) for name, fields in _fields())


@cache
def _fields() -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: dict[str, list[str]] = {}
    for fact in catalogue().values():
        if fact.presence_of is None:
            group, _, field = fact.name.partition(".")
            groups.setdefault(group, []).append(field)
    return tuple((group, tuple(fields)) for group, fields in groups.items())
