"""Interactions added up over some time, in a form that can be kept and added to other times of the same.

Everything here is a sum, or the first few of an order, so that two neighbouring times added together are
what counting both at once would have given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum, unique
from heapq import nsmallest
from typing import NamedTuple

from policy.interactions import BY_PEOPLE, NO_CONFIDENCE, OVERRIDES, Kind
from policy.value import Value

WORTH_READING = 10
_PART = "\x1f"


@unique
class By(StrEnum):
    """What interactions of one kind can be told apart by."""

    REASON = "r"
    ACTION = "a"
    STAGE = "s"
    VERSION = "v"
    CONFIDENCE = "c"
    PERSON = "p"


class Group(NamedTuple):
    """How often something happened that is the same in every respect, and the sum of its amounts.

    *person* is a Slack user id, empty for Countersign itself; *confidence* a tenth from 0 to 9, or -1.
    """

    kind: str
    reason: str
    person: str
    action_kind: str
    stage: str
    model: str
    prompt: str
    confidence: int
    times: int
    amount: int


class Override(NamedTuple):
    """Where an override stands; *at* is in microseconds from the epoch. The first in order is read first."""

    confidence: int
    at: int
    entry_id: str
    number: int

    @property
    def rank(self) -> tuple[int, int, str, int]:
        """Against the highest confidence first, then the latest."""
        return -self.confidence, -self.at, self.entry_id, self.number


class KeptTally(Value):
    """A tally as it is kept; nothing in it is about a donor but the ids of audit entries."""

    counts: dict[str, int]
    amounts: dict[str, int]
    minutes: dict[int, int]
    overrides: tuple[tuple[int, int, str, int], ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by kind, and by kind and one respect; sums of amounts by kind; minutes to a decision."""

    counts: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    minutes: dict[int, int] = field(default_factory=dict)
    overrides: list[Override] = field(default_factory=list)

    def add_group(self, group: Group) -> None:
        """Add what is the same in every respect."""
        kind = group.kind
        _add(self.counts, kind, group.times)
        if group.amount and kind not in _TIMED:
            _add(self.amounts, kind, group.amount)
        for by, value in (
            (By.REASON, group.reason),
            (By.ACTION, group.action_kind),
            (By.STAGE, group.stage),
            (By.VERSION, version_of(group.prompt, group.model)),
            (By.PERSON, group.person),
        ):
            if value:
                _add(self.counts, f"{kind}{_PART}{by}{value}", group.times)
        if group.confidence != NO_CONFIDENCE:
            _add(self.counts, f"{kind}{_PART}{By.CONFIDENCE}{group.confidence}", group.times)

    def add_minutes(self, minutes: int, count: int) -> None:
        """Add decisions that took people so many minutes from the event."""
        self.minutes[minutes] = self.minutes.get(minutes, 0) + count

    def add_overrides(self, found: Iterable[Override]) -> None:
        """Add overrides, and keep the few most worth reading."""
        self.overrides[:] = nsmallest(WORTH_READING, [*self.overrides, *found], key=lambda each: each.rank)

    def add(self, other: Tally | KeptTally) -> None:
        """Add another time to this one."""
        for mine, its in ((self.counts, other.counts), (self.amounts, other.amounts)):
            for key, count in its.items():
                mine[key] = mine.get(key, 0) + count
        for minutes, count in other.minutes.items():
            self.minutes[minutes] = self.minutes.get(minutes, 0) + count
        self.add_overrides(Override(*each) for each in other.overrides)

    def count(self, kind: Kind, by: By | None = None, value: str = "") -> int:
        """Return how often a kind of thing happened, or that part of it with *value* in one respect."""
        if by is None:
            return self.counts.get(kind, 0)
        if value:
            return self.counts.get(f"{kind}{_PART}{by}{value}", 0)
        return self.count(kind) - sum(self.values(kind, by).values())

    def values(self, kind: Kind, by: By) -> dict[str, int]:
        """Return what a kind of thing can be told apart by in one respect, with how often each occurs."""
        start = f"{kind}{_PART}{by}"
        return {key[len(start) :]: count for key, count in self.counts.items() if key.startswith(start)}

    def kept(self) -> KeptTally:
        """Return it as it is kept."""
        overrides = tuple((o.confidence, o.at, o.entry_id, o.number) for o in self.overrides)
        return KeptTally(counts=self.counts, amounts=self.amounts, minutes=self.minutes, overrides=overrides)


def version_of(prompt: str, model: str) -> str:
    """Name the prompt and the model together."""
    return " · ".join(part for part in (prompt, model) if part)


def _add(sums: dict[str, int], key: str, count: int) -> None:
    sums[key] = sums.get(key, 0) + count


_TIMED = frozenset(BY_PEOPLE)
OVERRIDE_KINDS = tuple(sorted(OVERRIDES))
