"""The interactions of two periods added up: what figures are computed from, for a team or for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from policy.interactions import Kind
from policy.tally import By, Tally


@dataclass(frozen=True, slots=True)
class Where:
    """What is to be counted: only what has *value* in one respect; an empty value is of what has none."""

    by: By
    value: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A count of this period and of the one before."""

    now: int
    before: int


@dataclass(frozen=True, slots=True)
class Cells:
    """A period and the one before it; each figure is a sum over some kinds of things that happened."""

    now: Tally = field(default_factory=Tally)
    before: Tally = field(default_factory=Tally)

    def count(self, kinds: Kind | Iterable[Kind], where: Where | None = None) -> Pair:
        """Count interactions, now and before."""
        wanted = _kinds(kinds)
        by, value = (where.by, where.value) if where else (None, "")
        return Pair(*(sum(tally.count(kind, by, value) for kind in wanted) for tally in self._both))

    def amount(self, kinds: Kind | Iterable[Kind]) -> Pair:
        """Add the amounts up, now and before."""
        wanted = _kinds(kinds)
        return Pair(*(sum(tally.amounts.get(kind, 0) for kind in wanted) for tally in self._both))

    def people(self, kinds: Iterable[Kind]) -> Pair:
        """Count the people behind interactions, now and before."""
        wanted = _kinds(kinds)
        return Pair(
            *(len({p for kind in wanted for p in tally.values(kind, By.PERSON)}) for tally in self._both)
        )

    def values(self, kinds: Iterable[Kind], by: By) -> Sequence[str]:
        """Return what things of these *kinds* can be told apart by in this period, the most frequent first.

        What has no value in that respect stands under an empty one.
        """
        sums: dict[str, int] = {}
        for kind in _kinds(kinds):
            found = self.now.values(kind, by)
            for value, count in (*found.items(), ("", self.now.count(kind) - sum(found.values()))):
                sums[value] = sums.get(value, 0) + count
        return sorted((each for each in sums if sums[each]), key=lambda each: (-sums[each], each))

    @property
    def _both(self) -> tuple[Tally, Tally]:
        return self.now, self.before


def at_stage(stage: str) -> Where:
    """Choose what is of one lifecycle stage."""
    return Where(By.STAGE, stage)


def because(reason: str) -> Where:
    """Choose what has one reason."""
    return Where(By.REASON, reason)


def _kinds(kinds: Kind | Iterable[Kind]) -> tuple[Kind, ...]:
    return (kinds,) if isinstance(kinds, Kind) else tuple(dict.fromkeys(kinds))
