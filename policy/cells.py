"""Interactions added up: what figures are computed from, for a team or for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.interactions import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How often something happened in a period (*now*) and in the one before, with the sum of the amounts.

    *confidence* is a tenth from 0 to 9, or -1.
    """

    kind: Kind
    reason: str = ""
    action_kind: str = ""
    stage: str = ""
    model: str = ""
    prompt: str = ""
    confidence: int = -1
    now: int = 0
    before: int = 0
    amount: int = 0
    amount_before: int = 0


@dataclass(frozen=True, slots=True)
class Active:
    """How often one person, a Slack user id, did one kind of thing in a period and in the one before."""

    kind: Kind
    person: str
    now: int
    before: int


Where = Callable[[Cell], bool]


class Cells:
    """All cells of two periods; each figure is a sum over some of them."""

    def __init__(self, cells: Iterable[Cell], active: Iterable[Active] = ()) -> None:
        self._active = tuple(active)
        self._by_kind: dict[Kind, list[Cell]] = {}
        for cell in cells:
            self._by_kind.setdefault(cell.kind, []).append(cell)

    def of(self, kinds: Kind | Iterable[Kind], where: Where | None = None) -> Iterator[Cell]:
        """Yield the cells of one or more kinds."""
        for kind in (kinds,) if isinstance(kinds, Kind) else kinds:
            for cell in self._by_kind.get(kind, ()):
                if where is None or where(cell):
                    yield cell

    def count(self, kinds: Kind | Iterable[Kind], where: Where | None = None) -> Pair:
        """Count interactions, now and before."""
        return _pair((cell.now, cell.before) for cell in self.of(kinds, where))

    def amount(self, kinds: Kind | Iterable[Kind], where: Where | None = None) -> Pair:
        """Add the amounts up, now and before."""
        return _pair((cell.amount, cell.amount_before) for cell in self.of(kinds, where))

    def people(self, kinds: Iterable[Kind]) -> Pair:
        """Count the people behind interactions, now and before."""
        wanted = frozenset(kinds)
        found = [each for each in self._active if each.kind in wanted]
        return Pair(len({a.person for a in found if a.now}), len({a.person for a in found if a.before}))

    def values(self, kinds: Iterable[Kind], by: Callable[[Cell], str]) -> Sequence[str]:
        """Return what the cells of *kinds* can be told apart by, the most frequent first."""
        sums: dict[str, int] = {}
        for cell in self.of(kinds):
            sums[by(cell)] = sums.get(by(cell), 0) + cell.now
        return sorted((each for each in sums if sums[each]), key=lambda each: (-sums[each], each))


def at_stage(stage: str) -> Where:
    """Choose the cells of one lifecycle stage."""
    return lambda cell: cell.stage == stage


def because(reason: str) -> Where:
    """Choose the cells with one reason."""
    return lambda cell: cell.reason == reason


@dataclass(frozen=True, slots=True)
class Pair:
    """A count of this period and of the one before."""

    now: int
    before: int


def _pair(counts: Iterable[tuple[int, int]]) -> Pair:
    now = before = 0
    for each_now, each_before in counts:
        now, before = now + each_now, before + each_before
    return Pair(now, before)
