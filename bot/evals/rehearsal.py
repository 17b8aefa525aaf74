"""Rehearsing a model or a prompt before it writes for anybody, and refusing it where it is worse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.evals.report import EvalReport
from bot.evals.running import CaseResult
from policy.significance import sign_test
from policy.value import Value

WORSE_BY_CHANCE = 0.05


class Comparison(Value):
    """The same cases by two assistants; *worse* and *better* are those where the candidate differs.

    *chance* is how often, in ten thousand, so many would turn out worse by chance alone (sign test).
    """

    what: str
    both: int
    neither: int
    better: int
    worse: int
    chance: int

    @property
    def is_worse(self) -> bool:
        """Say whether the candidate is worse beyond reasonable doubt."""
        return self.chance < WORSE_BY_CHANCE * 10_000

    @property
    def words(self) -> str:
        """Say what was found in one line."""
        if not self.better and not self.worse:
            return f"{self.what}: no difference in {self.both + self.neither}"
        verdict = "worse" if self.is_worse else "not shown to be worse"
        return (
            f"{self.what}: {self.better} better, {self.worse} worse, {self.both + self.neither} alike; "
            f"{verdict} (so many worse by chance: {self.chance / 100:.1f} %)"
        )


class Rehearsal(Value):
    """A candidate beside what is in force, with everything that stands against it."""

    use: str
    candidate_model: str
    candidate_prompt: str
    in_force: str
    report: EvalReport
    baseline: EvalReport | None = None
    comparisons: tuple[Comparison, ...]

    @property
    def objections(self) -> tuple[str, ...]:
        """Why the candidate is refused; empty when it may be promoted."""
        return tuple(_objections(self))


def _objections(rehearsal: Rehearsal) -> Iterator[str]:
    yield from rehearsal.report.problems
    yield from (f"Worse than before. {each.words}" for each in rehearsal.comparisons if each.is_worse)


def compare(what: str, pairs: Iterable[tuple[bool, bool]]) -> Comparison:
    """Compare pairs of (before, candidate), each whether the case came out well."""
    found = list(pairs)
    better = sum(not before and candidate for before, candidate in found)
    worse = sum(before and not candidate for before, candidate in found)
    both = sum(before and candidate for before, candidate in found)
    return Comparison(
        what=what,
        both=both,
        neither=len(found) - both - better - worse,
        better=better,
        worse=worse,
        chance=round(sign_test(better, worse) * 10_000),
    )


def compare_results(
    what: str, before: Sequence[CaseResult], candidate: Sequence[CaseResult]
) -> tuple[Comparison, Comparison]:
    """Compare golden cases, by what came out and by whether any sentence had to be removed."""
    passed = {each.id: each.passed for each in before}
    clean = {each.id: not each.removed for each in before}
    return (
        compare(f"{what}, outcome", ((passed[each.id], each.passed) for each in candidate)),
        compare(
            f"{what}, every sentence borne out", ((clean[each.id], not each.removed) for each in candidate)
        ),
    )
