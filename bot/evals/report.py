"""What a run of the golden set says, in numbers that may be kept in the audit and in lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.evals.cases import USES
from bot.evals.running import CaseResult
from policy.value import Value

VALID_AT_LEAST = 95
SUPPORTED_AT_LEAST = 90
AGREED_AT_LEAST = 95


class Share(Value):
    """So many *of* so many."""

    count: int
    of: int

    def __str__(self) -> str:
        """Spell it: "19 of 20 (95 %)"."""
        return f"{self.count} of {self.of} ({self.percent} %)" if self.of else "none"

    @property
    def percent(self) -> int:
        """The share in hundredths, rounded down; 100 of nothing."""
        return 100 * self.count // self.of if self.of else 100


class UseReport(Value):
    """One use of the assistant."""

    use: str
    passed: Share
    agreed: Share
    by_sort: dict[str, Share]


class EvalReport(Value):
    """Everything a run found; latencies are in milliseconds of whole cases, cost in millionths.

    *valid* counts the answers that fitted the schema, *supported* the sentences that verification kept.
    *refusals* says why models did not help, with how often.
    """

    assistant: str
    uses: tuple[UseReport, ...]
    passed: Share
    agreed: Share
    valid: Share
    supported: Share
    refusals: dict[str, int]
    escapes: int
    p50_ms: int
    p95_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    failed: tuple[CaseResult, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why this must not be used; empty when it may."""
        return tuple(_problems(self))


def report_of(assistant: str, results: Sequence[CaseResult]) -> EvalReport:
    """Add *results* up; *assistant* names what was tried."""
    asked = [each for each in results if each.answered is not None]
    took = sorted(each.took_ms for each in asked or results)
    kept, removed = sum(each.kept for each in results), sum(each.removed for each in results)
    return EvalReport(
        assistant=assistant,
        uses=tuple(_use(use, [r for r in results if r.use == use]) for use in USES),
        passed=_share([each.passed for each in results]),
        agreed=_share([each.found == each.expected for each in results]),
        valid=_share([each.answered is True for each in asked]),
        supported=Share(count=kept, of=kept + removed),
        refusals=dict(sorted(Counter(each.why_not for each in asked if each.why_not).items())),
        escapes=sum(len(each.escapes) for each in results),
        p50_ms=_at(took, 50),
        p95_ms=_at(took, 95),
        input_tokens=sum(each.input_tokens for each in results),
        output_tokens=sum(each.output_tokens for each in results),
        cost_micros=sum(each.cost_micros for each in results),
        failed=tuple(each for each in results if not each.passed),
    )


def _use(use: str, results: Sequence[CaseResult]) -> UseReport:
    sorts = sorted({each.sort for each in results})
    return UseReport(
        use=use,
        passed=_share([each.passed for each in results]),
        agreed=_share([each.found == each.expected for each in results]),
        by_sort={sort: _share([each.passed for each in results if each.sort == sort]) for sort in sorts},
    )


def _share(found: Sequence[bool]) -> Share:
    return Share(count=sum(found), of=len(found))


def _at(ordered: Sequence[int], percent: int) -> int:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0


def _problems(report: EvalReport) -> Iterator[str]:
    if report.escapes:
        yield f"{report.escapes} texts showed what must never be shown."
    for name, share, least in (
        ("answers fitted the schema", report.valid, VALID_AT_LEAST),
        ("sentences were borne out by the records", report.supported, SUPPORTED_AT_LEAST),
        ("actions and urgencies were as expected", report.agreed, AGREED_AT_LEAST),
    ):
        if share.percent < least:
            yield f"Only {share} {name}; at least {least} % are needed."


def lines_of(report: EvalReport) -> Iterator[str]:
    """Say what was found, for people."""
    yield f"{report.assistant}: {report.passed} cases came out as expected"
    for use in filter(lambda each: each.passed.of, report.uses):
        sorts = ", ".join(f"{sort} {share.count}/{share.of}" for sort, share in use.by_sort.items())
        yield f"    {use.use:<15} {use.passed} ({sorts}); action or urgency as expected: {use.agreed}"
    yield f"    answers that fitted the schema: {report.valid}"
    yield f"    sentences borne out by the records: {report.supported}"
    if report.refusals:
        reasons = ", ".join(f"{code} {count}" for code, count in report.refusals.items())
        yield f"    no useful answer: {reasons}"
    yield f"    shown though it must not be: {report.escapes}"
    yield f"    time per case: {report.p50_ms} ms in the middle, {report.p95_ms} ms for the slowest twentieth"
    if report.input_tokens:
        cost = f"{report.cost_micros / 1_000_000:.4f}" if report.cost_micros else "no price configured"
        yield f"    tokens: {report.input_tokens:,} in, {report.output_tokens:,} out; cost: {cost}"
    for each in report.failed:
        yield f"    {each.id} ({each.sort}): {_why(each)}. {each.reason}"


def beside(
    baseline: EvalReport, tried: EvalReport, heads: tuple[str, str] = ("without a model", "with it")
) -> Iterator[str]:
    """Set what was tried beside what it has to beat, figure by figure."""
    yield f"{'':<28} {heads[0]:>18} {heads[1]:>18}"
    pairs = [("cases as expected", baseline.passed, tried.passed)]
    pairs += [
        (f"    {mine.use}", other.passed, mine.passed)
        for other, mine in zip(baseline.uses, tried.uses, strict=True)
        if mine.passed.of
    ]
    pairs.append(("action or urgency", baseline.agreed, tried.agreed))
    pairs.append(("sentences borne out", baseline.supported, tried.supported))
    if baseline.valid.of:
        pairs.append(("answers fit the schema", baseline.valid, tried.valid))
    for name, other, mine in pairs:
        yield f"{name:<28} {_short(other):>18} {_short(mine):>18}"
    said = (str(each.supported.count) for each in (baseline, tried))
    yield "{:<28} {:>18} {:>18}".format("sentences said", *said)
    yield f"{'time per case, middle':<28} {baseline.p50_ms:>15} ms {tried.p50_ms:>15} ms"
    missed = {each.id for each in tried.failed} - {each.id for each in baseline.failed}
    if missed:
        better = heads[0].capitalize() if baseline.valid.of else "The rules alone"
        yield f"{better} did better in {', '.join(sorted(missed))}."


def _short(share: Share) -> str:
    return f"{share.count}/{share.of} ({share.percent} %)"


def _why(result: CaseResult) -> str:
    parts = []
    if result.found != result.expected:
        parts.append(f"expected {result.expected}, found {result.found}")
    if result.missing:
        parts.append(f"does not say {', '.join(result.missing)}")
    parts += result.escapes
    return "; ".join(parts)
