"""The golden set and its runner: what it holds, what passes it, and what it must not let through."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from bot.assistant import AiSettings, Endpoint, OpenAiAssistant
from bot.evals.cases import golden_set
from bot.evals.escapes import escapes
from bot.evals.rehearsal import Rehearsal, compare, compare_results
from bot.evals.report import EvalReport, beside, lines_of, report_of
from bot.evals.running import CONVENTIONS, CaseResult, run_cases
from bot.evals.sketch import TODAY, record_of
from bot.sandbox.model.app import ModelSandboxConfig, build_model
from policy.facts import compute_facts

MODEL = Endpoint(model="sandbox-model", base_url="http://sandbox.test/model/v1", region="local")


class StoppedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, tzinfo=UTC)


def ticking() -> Callable[[], float]:
    return itertools.count(0, 0.001).__next__


def served(answer: Callable[[dict[str, Any]], httpx2.Response]) -> OpenAiAssistant:
    return OpenAiAssistant(
        AiSettings(endpoints=(MODEL,), max_retries=0, send_notes=True, failures_until_open=10_000),
        http_client=lambda: httpx2.AsyncClient(
            transport=httpx2.MockTransport(lambda request: answer(json.loads(request.content)))
        ),
    )


def said(content: str) -> httpx2.Response:
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    body = {"id": "r", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return httpx2.Response(200, json=body | {"usage": usage})


async def report(assistant: OpenAiAssistant | None, *uses: Any) -> tuple[EvalReport, tuple[CaseResult, ...]]:
    results = await run_cases(golden_set(*uses), assistant, monotonic=ticking())
    if assistant:
        await assistant.close()
    return report_of("tried", results), results


def test_it_covers_every_use_in_every_sort_with_a_reason_each() -> None:
    cases = golden_set()
    assert len(cases) >= 80
    assert len({golden.case.id for golden in cases}) == len(cases)
    per_use = Counter((golden.use, golden.case.sort) for golden in cases)
    assert len(per_use) == 3 * 4
    assert all(golden.case.reason for golden in cases)


async def test_countersign_without_a_model_passes_it() -> None:
    found, results = await report(None)
    assert [each.id for each in results if not each.passed] == []
    assert (found.problems, found.supported.percent, found.valid.of) == ((), 100, 0)


async def test_the_simulated_model_passes_and_a_careless_one_does_not() -> None:
    model = build_model(ModelSandboxConfig(), StoppedClock())
    tame = OpenAiAssistant(
        AiSettings(endpoints=(MODEL,), send_notes=True),
        http_client=lambda: httpx2.AsyncClient(transport=httpx2.ASGITransport(app=model)),
    )
    every, _ = await report(tame)
    assert [each.id for each in every.failed] == []
    found, before = await report(tame, "recommendation")
    assert found.problems == ()
    assert (found.valid.count, found.escapes, found.refusals) == (found.valid.of, 0, {})
    careless = served(lambda _: said('{"claims": [{"text": "She gave $5."}], "action": "other"}'))
    worse, after = await report(careless, "recommendation")
    assert worse.escapes == 0
    assert worse.supported.percent < 90
    comparisons = compare_results("Against before", before, after)
    assert [each.is_worse for each in comparisons] == [True, True, False]
    rehearsal = Rehearsal(
        use="recommendation",
        candidate_model="m",
        candidate_prompt="v2",
        in_force="m v1",
        report=worse,
        comparisons=comparisons,
    )
    assert len(rehearsal.objections) == len(worse.problems) + 2
    assert any("Worse than before" in line for line in rehearsal.objections)
    rules, _ = await report(None, "recommendation")
    table = list(beside(rules, worse))
    assert table[1].split() == ["cases", "as", "expected", "42/42", "(100", "%)", "17/42", "(40", "%)"]
    assert table[-1].startswith("The rules alone did better in r")


@pytest.mark.parametrize(
    ("answer", "refusals"),
    [
        (lambda _: said("Certainly!"), {"invalid_output": 36}),
        (lambda _: httpx2.Response(500, text="oops"), {"endpoint_error": 36}),
    ],
)
async def test_a_model_that_does_not_answer_is_counted(
    answer: Callable[[dict[str, Any]], httpx2.Response], refusals: dict[str, int]
) -> None:
    found, _ = await report(served(answer), "summary")
    assert found.refusals == refusals
    assert found.valid.count == 0
    assert found.problems[0].startswith("Only 0 of 36")
    assert any("no useful answer" in line for line in lines_of(found))


async def test_a_warning_that_a_model_left_out_stands_first() -> None:
    advice = '{"claims": [{"text": "A personal letter would be kind.", "cites": [], "slots": []}]}'
    warned = ("s03", "s04", "s05", "s06", "s16", "s31")
    cases = [golden for golden in golden_set("summary") if golden.case.id in warned]
    assistant = served(lambda _: said(advice))
    results = await run_cases(cases, assistant, monotonic=ticking())
    await assistant.close()
    assert [(each.id, each.kept, each.missing) for each in results] == [(name, 2, ()) for name in warned]


def test_escapes_are_seen_by_other_means_than_the_verifiers() -> None:
    case = next(golden.case for golden in golden_set() if golden.case.id == "s32")
    record = record_of(case)
    facts = compute_facts(record, TODAY, CONVENTIONS)
    shown = (
        "Jane Doe has given $1,000,000.",
        "See www.evil.example for more.",
        "She gave $100 on 1 Oct 2026.",
    )
    assert list(escapes(shown, case, record, facts)) == [
        "says “1,000,000”",
        "holds the figure 1,000,000",
        "holds an address",
    ]


def test_a_comparison_needs_more_than_a_few_cases_to_call_something_worse() -> None:
    few = compare("x", [(True, False)] * 4 + [(True, True)] * 90)
    many = compare("x", [(True, False)] * 6 + [(True, True)] * 90)
    better = compare("x", [(False, True)] * 6 + [(True, False)] * 2)
    assert [(each.worse, each.chance, each.is_worse) for each in (few, many, better)] == [
        (4, 625, False),
        (6, 156, True),
        (2, 9648, False),
    ]
