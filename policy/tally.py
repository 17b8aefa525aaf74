"""Interactions added up over some time, in a form that can be kept and added to other times of the same.

Everything here is a sum, or the first few of an order, so that two neighbouring times added together are
what counting both at once would have given.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from heapq import nsmallest
from typing import NamedTuple, Self

from policy.interactions import BY_PEOPLE, NO_CONFIDENCE, OVERRIDES, Kind

WORTH_READING = 10


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
    """How often something happened that is the same in every respect, also in its amount.

    *person* is a Slack user id, empty for Countersign itself; *confidence* a tenth from 0 to 9, or -1. The
    *amount* of what people decided is how many minutes they took.
    """

    kind: str
    reason: str
    person: str
    action_kind: str
    stage: str
    model: str
    prompt: str
    confidence: int
    amount: int | None
    times: int


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


class KeptTally(NamedTuple):
    """A tally as it is kept; nothing in it is about a donor but the ids of audit entries."""

    counts: dict[str, int]
    parts: dict[str, dict[str, int]]
    amounts: dict[str, int]
    minutes: dict[str, int]
    overrides: list[tuple[int, int, str, int]]

    def spelled(self) -> str:
        """Return it as text."""
        return json.dumps(self, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `spelled` wrote."""
        return cls._make(json.loads(text))


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by kind, and by kind and one respect; sums of amounts by kind; minutes to a decision.

    *parts* holds, for a kind in one respect, how often each value occurs.
    """

    counts: dict[str, int] = field(default_factory=dict)
    parts: dict[str, dict[str, int]] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    minutes: dict[int, int] = field(default_factory=dict)
    overrides: list[Override] = field(default_factory=list)

    def add_groups(self, groups: Iterable[Group]) -> None:
        """Add what is the same in every respect."""
        counts, amounts, minutes = defaultdict[str, int](int), defaultdict[str, int](int), Counter[int]()
        sums = {by: defaultdict[tuple[str, str | int], int](int) for by in By}
        reasons, actions, stages, versions, confidences, people = sums.values()
        names = dict[tuple[str, str], str]()
        for kind, reason, person, action, stage, model, prompt, confidence, amount, times in groups:
            counts[kind] += times
            if kind in _TIMED:
                if amount is not None:
                    minutes[amount] += times
            elif amount:
                amounts[kind] += amount * times
            version = names.get((prompt, model))
            if version is None:
                version = names[prompt, model] = version_of(prompt, model)
            reasons[kind, reason] += times
            actions[kind, action] += times
            stages[kind, stage] += times
            versions[kind, version] += times
            people[kind, person] += times
            confidences[kind, confidence] += times
        parts = defaultdict[str, dict[str, int]](dict)
        for by, found in sums.items():
            for (kind, value), times in found.items():
                if value not in {"", NO_CONFIDENCE}:
                    parts[_part(kind, by)][str(value)] = times
        self._add(counts, parts, amounts)
        for took, times in minutes.items():
            self.minutes[took] = self.minutes.get(took, 0) + times

    def add_overrides(self, found: Iterable[Override]) -> None:
        """Add overrides, and keep the few most worth reading."""
        self.overrides[:] = nsmallest(WORTH_READING, [*self.overrides, *found], key=lambda each: each.rank)

    def add(self, other: KeptTally) -> None:
        """Add another time to this one."""
        self._add(other.counts, other.parts, other.amounts)
        mine = self.minutes
        for spelled, count in other.minutes.items():
            took = int(spelled)
            mine[took] = mine.get(took, 0) + count
        self.add_overrides(Override(*each) for each in other.overrides)

    def count(self, kind: Kind, by: By | None = None, value: str = "") -> int:
        """Return how often a kind of thing happened, or that part of it with *value* in one respect."""
        if by is None:
            return self.counts.get(kind, 0)
        found = self.values(kind, by)
        return found.get(value, 0) if value else self.count(kind) - sum(found.values())

    def values(self, kind: Kind, by: By) -> Mapping[str, int]:
        """Return what a kind of thing can be told apart by in one respect, with how often each occurs."""
        return self.parts.get(_part(kind, by), {})

    def kept(self) -> KeptTally:
        """Return it as it is kept."""
        minutes = {str(took): times for took, times in self.minutes.items()}
        overrides = [(o.confidence, o.at, o.entry_id, o.number) for o in self.overrides]
        return KeptTally(self.counts, self.parts, self.amounts, minutes, overrides)

    def _add(
        self, counts: Mapping[str, int], parts: Mapping[str, Mapping[str, int]], amounts: Mapping[str, int]
    ) -> None:
        for mine, its in ((self.counts, counts), (self.amounts, amounts)):
            for key, count in its.items():
                mine[key] = mine.get(key, 0) + count
        for key, values in parts.items():
            own = self.parts.get(key)
            if own is None:
                self.parts[key] = dict(values)
                continue
            for value, count in values.items():
                own[value] = own.get(value, 0) + count


def version_of(prompt: str, model: str) -> str:
    """Name the prompt and the model together."""
    return " · ".join(part for part in (prompt, model) if part)


def _part(kind: str, by: By) -> str:
    return f"{by.value}{kind}"


_TIMED = frozenset(BY_PEOPLE)
OVERRIDE_KINDS = tuple(sorted(OVERRIDES))
