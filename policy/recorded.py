"""Decisions as they were recorded: facts and answer kept together, to be explained and rehearsed later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import AwareDatetime, ValidationError
from pydantic_core import to_json

from policy.decision import Decision
from policy.decision_facts import DecisionFacts
from policy.value import Value

WhyNot = Literal["erased", "facts_of_another_version", "nothing_recorded"]

WHY_NOT_WORDS: Mapping[WhyNot, str] = {
    "erased": "the donor was erased, or the time of keeping is over",
    "facts_of_another_version": "the facts were recorded in another form and are never guessed",
    "nothing_recorded": "no facts were recorded with it",
}


class RecordedDecision(Value):
    """One decision of the past; *owner_id* is the relationship owner then, *became* how its card ended."""

    entry_id: str
    at: AwareDatetime
    donor_id: str | None
    owner_id: str | None = None
    became: str | None = None
    facts: DecisionFacts
    decision: Decision


class NotReplayable(Value):
    """A decision that cannot be asked again, and why; nothing missing is ever filled in."""

    entry_id: str
    at: AwareDatetime
    why: WhyNot
    detail: str = ""


def read_recorded(
    entry_id: str,
    at: AwareDatetime,
    payload: Mapping[str, Any] | None,
    *,
    donor_id: str | None,
    owner_id: str | None = None,
    became: str | None = None,
) -> RecordedDecision | NotReplayable:
    """Read the payload of an audit entry; facts that do not fit today's model exactly are not replayable."""
    if payload is None:
        return NotReplayable(entry_id=entry_id, at=at, why="erased")
    if "decision_facts" not in payload or "decision" not in payload:
        return NotReplayable(entry_id=entry_id, at=at, why="nothing_recorded")
    try:
        facts = DecisionFacts.model_validate_json(to_json(payload["decision_facts"]))
        decision = Decision.model_validate_json(to_json(payload["decision"]))
    except ValidationError as error:
        names = sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)})
        return NotReplayable(
            entry_id=entry_id, at=at, why="facts_of_another_version", detail=", ".join(names)
        )
    missing = _missing(payload["decision_facts"])
    if missing:
        return NotReplayable(entry_id=entry_id, at=at, why="facts_of_another_version", detail=missing)
    return RecordedDecision(
        entry_id=entry_id,
        at=at,
        donor_id=donor_id,
        owner_id=owner_id,
        became=became,
        facts=facts,
        decision=decision,
    )


def _missing(recorded: Mapping[str, Mapping[str, Any]]) -> str:
    """Name the facts that the model would have filled in as unknown although nobody recorded them."""
    return ", ".join(
        f"{group}.{field}"
        for group, part in recorded.items()
        for field in DecisionFacts.model_fields[group].annotation.model_fields  # type: ignore[union-attr]
        if field not in part
    )
