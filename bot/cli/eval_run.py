"""`countersign eval`: the golden set against a language model, or against Countersign without one."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence

from bot.assistant.openai_assistant import OpenAiAssistant
from bot.cli.console import complain_all, print_json, progress, say
from bot.cli.eval_candidates import NotThere, candidate, is_configured
from bot.evals.cases import USES, Golden, golden_set
from bot.evals.report import EvalReport, beside, lines_of, report_of
from bot.evals.running import CaseResult, run_cases

FACTS = "Without a model, from records alone"


def run(options: argparse.Namespace) -> int:
    """Print what was found; exit code 1 when something stands against using what was tried."""
    try:
        reports = asyncio.run(_reports(options))
    except NotThere as problem:
        return complain_all([str(problem)])
    if options.json:
        print_json([each.model_dump(mode="json") | {"problems": each.problems} for each in reports])
    else:
        for report in reports:
            print_report(report)
        if len(reports) > 1:
            print_beside(reports[0], reports[1])
    return 1 if any(report.problems for report in reports) else 0


async def _reports(options: argparse.Namespace) -> list[EvalReport]:
    cases = golden_set(*([options.use] if options.use else USES))
    reports = [report_of(FACTS, await results(cases, None, FACTS))]
    if options.facts or not is_configured(options):
        return reports
    tried = candidate(options)
    try:
        found = await results(cases, tried.assistant, tried.label)
    finally:
        await tried.assistant.close()
    return [*reports, report_of(tried.label, found)]


async def results(
    cases: Sequence[Golden], assistant: OpenAiAssistant | None, what: str
) -> tuple[CaseResult, ...]:
    """Run *cases* with a progress bar beside them."""
    with progress(what) as bar:
        task = bar.add_task("", total=len(cases))
        return await run_cases(cases, assistant, monotonic=time.monotonic, done=lambda: bar.advance(task))


def print_beside(
    baseline: EvalReport, tried: EvalReport, heads: tuple[str, str] = ("without a model", "with it")
) -> None:
    """Print what was tried beside what it has to beat."""
    for line in beside(baseline, tried, heads):
        say(line)


def print_report(report: EvalReport) -> None:
    """Print a report for people, what stands against it last."""
    headline, *lines = lines_of(report)
    say(headline, "bold red" if report.problems else "bold green")
    for line in lines:
        say(line)
    for problem in report.problems:
        say(problem, "red")
