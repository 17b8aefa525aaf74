"""What digests are made of, as it is read from the counted interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from policy.calibration import Reliability
from policy.cells import Cells
from policy.interactions import Kind

FEWEST_PEOPLE = 5
"""A team of fewer people is not described: everybody would know who is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Decisions of one kind that were followed for a whole time, and after how many something came."""

    conclusion: str
    action_kind: str
    decisions: int
    donors: int
    gave: int
    replied: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruled:
    """One decision of a person against or beside the proposal; *permalink* is where its card is."""

    at: datetime
    kind: Kind
    reason: str
    person: str
    action_kind: str
    stage: str
    confidence: int
    escalation_id: str | None
    permalink: str | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything counted for one team and two periods.

    *minutes* is how often it took so many minutes from an event to a decision. *followed* holds, by number of
    days, decisions that were followed that long. *people* is how many could have used it, *by_hand* how many
    minutes the organisation measured for a summary or a decision without Countersign, *words* what there was
    to read instead. *reliability* is what confidence was worth in the last year, by kind of action; None for
    a team.
    """

    cells: Cells
    minutes: Mapping[int, int] = field(default_factory=dict)
    minutes_before: Mapping[int, int] = field(default_factory=dict)
    measured: int = 0
    words: int = 0
    followed: Mapping[int, tuple[Followed, ...]] = field(default_factory=dict)
    overruled: tuple[Overruled, ...] = ()
    people: int = 0
    by_hand: Mapping[str, int] = field(default_factory=dict)
    tokens_price_minor: int | None = None
    reliability: Mapping[str, Reliability] | None = None
