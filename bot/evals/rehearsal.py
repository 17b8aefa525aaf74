"""Rehearsing a model or a prompt before it writes for anybody, and refusing it where it is worse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil

from bot.evals.report import EvalReport
from bot.evals.running import CaseResult
from policy.significance import sign_test, upper_bound
from policy.value import Value

WORSE_BY_CHANCE = 0.05


class Comparison(Value):
    """The same cases by two assistants; *worse* and *better* are those where the candidate differs.

    *chance* is how often, in ten thousand, so many would turn out worse by chance alone: McNemar's exact
    test, one-sided, since the same cases are paired. Each comparison stands for itself at 5 %, without a
    correction for their number: a refusal by chance costs another rehearsal, a promotion by chance reaches
    donors.
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
    def at_most_worse(self) -> int:
        """By how many points in a hundred it may be worse all the same, with 95 % confidence, rounded up.

        The bound of Clopper and Pearson on the share of the worse among the cases that differ.
        """
        differing = self.better + self.worse
        cases = differing + self.both + self.neither
        if not cases:
            return 100
        if not differing:
            return ceil(100 * upper_bound(0, cases, WORSE_BY_CHANCE))
        share = upper_bound(self.worse, differing, WORSE_BY_CHANCE)
        return max(0, ceil(100 * (2 * share - 1) * differing / cases))

    @property
    def words(self) -> str:
        """Say what was found in one line."""
        if not self.better and not self.worse:
            alike = self.both + self.neither
            return f"{self.what}: no difference in {alike}{self._bound if alike else ''}"
        verdict = "worse" if self.is_worse else "not shown to be worse"
        return (
            f"{self.what}: {self.better} better, {self.worse} worse, {self.both + self.neither} alike; "
            f"{verdict} (so many worse by chance: {self.chance / 100:.1f} %){self._bound}"
        )

    @property
    def _bound(self) -> str:
        return f"; worse by at most {self.at_most_worse} in 100 (95 %)"


class Rehearsal(Value):
    """A candidate beside what is in force, with everything that stands against it.

    *past* is what it made of cards that people decided, *past_before* what the version in force makes of
    them.
    """

    use: str
    candidate_model: str
    candidate_prompt: str
    in_force: str
    report: EvalReport
    baseline: EvalReport | None = None
    past: EvalReport | None = None
    past_before: EvalReport | None = None
    comparisons: tuple[Comparison, ...]

    @property
    def objections(self) -> tuple[str, ...]:
        """Why the candidate is refused; empty when it may be promoted."""
        return tuple(_objections(self))


def _objections(rehearsal: Rehearsal) -> Iterator[str]:
    yield from rehearsal.report.problems
    if rehearsal.past and rehearsal.past.escapes:
        yield f"About decided cards {rehearsal.past.escapes} texts showed what must never be shown."
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


_CHECKS: dict[str, Callable[[CaseResult], bool]] = {
    "outcome": lambda result: result.passed,
    "every sentence borne out": lambda result: not result.removed,
    "an answer that fits the schema": lambda result: result.answered is not False,
}


def compare_results(
    what: str, before: Sequence[CaseResult], candidate: Sequence[CaseResult]
) -> tuple[Comparison, ...]:
    """Compare the same cases, by what came out, whether any sentence had to go, and the schema."""
    known = {each.id: each for each in before}
    return tuple(
        compare(f"{what}, {name}", ((holds(known[each.id]), holds(each)) for each in candidate))
        for name, holds in _CHECKS.items()
    )
