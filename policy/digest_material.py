"""What digests are made of, as it is read from the counted interactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from policy.calibration import Reliability
from policy.cells import Cells
from policy.clustered import Compared
from policy.decided import Decided
from policy.pulse import Trust

Came = Literal["gave", "replied", "retained", "gifts"]
"""What came after a decision: a first gift, an answer, a gift after one that led to it, or how many gifts."""

FEWEST_PEOPLE = 5
"""A team of fewer people is not described: everybody would know who is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Decisions that were followed for a whole time: those of one kind of action, or of all under ""."""

    action_kind: str
    pair: Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAfter:
    """What each household that gave in a *currency* gave in all, in minor units, after decisions."""

    currency: str
    acted: bool
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFollowed:
    """The decisions of one campaign that is over, each followed to its end; *ended_at* is UTC."""

    name: str
    ended_at: datetime
    pair: Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruled(Decided):
    """One decision of a person against or beside the proposal; *permalink* is where its card is."""

    permalink: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything counted for one team and two periods.

    *minutes* is how often it took so many minutes from an event to a decision. *followed* holds, by what
    came after them, decisions that were followed for the time of that; *campaigns* ended in the last year;
    *given* is how much came after. *decided* says, by the days that decisions were followed for, from when
    until when they were concluded. Of *lone_donors* decisions it is not known who shares a household.
    *people* is how many could have used it, *by_hand* how many minutes the organisation measured for a
    summary or a decision without Countersign, *words* what there was to read instead. *reliability* is what
    confidence was worth in the last year, by kind of action; None for a team. *trust* is how far people said
    in the last month that they trust the suggestions.
    """

    cells: Cells
    minutes: Mapping[int, int] = field(default_factory=dict)
    minutes_before: Mapping[int, int] = field(default_factory=dict)
    measured: int = 0
    words: int = 0
    followed: Mapping[Came, tuple[Followed, ...]] = field(default_factory=dict)
    campaigns: tuple[CampaignFollowed, ...] = ()
    given: tuple[GivenAfter, ...] = ()
    decided: Mapping[int, str] = field(default_factory=dict)
    lone_donors: int = 0
    of_team: bool = False
    overruled: tuple[Overruled, ...] = ()
    people: int = 0
    by_hand: Mapping[str, int] = field(default_factory=dict)
    tokens_price_minor: int | None = None
    reliability: Mapping[str, Reliability] | None = None
    trust: Trust | None = None
