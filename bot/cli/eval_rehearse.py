"""`countersign eval rehearse`: a new model or prompt beside the one in force, promoted unless it is worse."""

from __future__ import annotations

import argparse
import asyncio
import time

from bot.assistant.openai_assistant import OpenAiAssistant
from bot.cli.console import complain_all, print_json, progress, say
from bot.cli.eval_candidates import PROMPTS, Candidate, NotThere, candidate, in_force
from bot.cli.eval_run import FACTS, print_beside, print_report, results
from bot.cli.loading import ai_here
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import arrival, operator
from bot.cli.organisation import organisation_here
from bot.evals.cases import golden_set
from bot.evals.past import OF_PROMPT, PastCard, judge_cards, past_cards
from bot.evals.rehearsal import Rehearsal, compare_results
from bot.evals.report import report_of
from bot.evals.running import CaseResult
from bot.files import FileInvalid
from handlers.rules.promote_model import may_promote, promote
from storage.database import Database

NOT_ALLOWED = "{email} may not promote a model; admins may, as the organisation file names them."
THEN = "What was said then"
PROMOTED = "Promoted: {model} with {prompt}. It is in force at once, on every replica."
CONFIGURE = "The service asks {configured}; to use {model}, set COUNTERSIGN_AI__MODEL and restart it."
REFUSED = "Not promoted."
WOULD = "It would be promoted; this was a dry run."


def run(options: argparse.Namespace) -> int:
    """Rehearse, and promote unless something stands against it; exit code 1 when something does."""
    try:
        found = asyncio.run(_rehearse(options))
    except (CannotOpen, NotThere, FileInvalid) as problem:
        return complain_all([str(problem)])
    if isinstance(found, str):
        return complain_all([found])
    if options.json:
        print_json(found.model_dump(mode="json") | {"objections": found.objections})
    else:
        _print(options, found)
    return 1 if found.objections else 0


async def _rehearse(options: argparse.Namespace) -> Rehearsal | str:
    acting = operator(options.by, organisation_here())
    if not may_promote(acting):
        return NOT_ALLOWED.format(email=options.by)
    tried = candidate(options)
    name, _ = PROMPTS[options.use]
    async with opened(options.database) as database:
        configured = ai_here()
        known = await database.read(lambda tx: tx.promotions.in_force(name, configured.model))
        before = in_force(options.use, known.prompt_version if known else None) if configured.model else None
        try:
            rehearsal = await _compared(options, database, tried, before)
        finally:
            for each in (tried, before):
                if each:
                    await each.assistant.close()
        if not rehearsal.objections and not options.dry_run:
            await database.write(lambda tx: promote(tx, arrival(), acting, name, _kept(rehearsal)))
    return rehearsal


def _kept(rehearsal: Rehearsal) -> dict[str, object]:
    return {
        "model": rehearsal.candidate_model,
        "prompt_version": rehearsal.candidate_prompt,
        "in_force": rehearsal.in_force,
        "comparisons": [each.model_dump(mode="json") for each in rehearsal.comparisons],
        "report": rehearsal.report.model_dump(mode="json"),
    }


async def _compared(
    options: argparse.Namespace, database: Database, tried: Candidate, before: Candidate | None
) -> Rehearsal:
    cases = golden_set(options.use)
    name, _ = PROMPTS[options.use]
    new = await results(cases, tried.assistant, tried.label)
    rules = await results(cases, None, FACTS)
    comparisons = [*compare_results("Against no model", rules, new)]
    if before and before.label != tried.label:
        old = await results(cases, before.assistant, before.label)
        comparisons += compare_results("Against the one in force", old, new)
    past = await _past(options, database, tried, before)
    if past:
        then, now = past
        comparisons += compare_results(f"{len(now)} decided cards", then, now)
    return Rehearsal(
        use=options.use,
        candidate_model=tried.model,
        candidate_prompt=tried.prompts[name].version,
        in_force=before.label if before else FACTS,
        report=report_of(tried.label, new),
        baseline=report_of(FACTS, rules),
        comparisons=tuple(comparisons),
        past=report_of(f"{tried.label}, about decided cards", past[1]) if past else None,
        past_before=report_of(f"{before.label if before else THEN}, about decided cards", past[0])
        if past
        else None,
    )


async def _past(
    options: argparse.Namespace, database: Database, tried: Candidate, before: Candidate | None
) -> tuple[tuple[CaseResult, ...], tuple[CaseResult, ...]] | None:
    """Judge decided cards by the version in force and by the candidate, as far as both may see the donors.

    Where nothing else is in force than what is tried, it is held to what was said at the time.
    """
    name, _ = PROMPTS[options.use]
    if name not in OF_PROMPT:
        return None
    other = before if before and before.label != tried.label else None
    asked = [each.assistant for each in (tried, other) if each]
    cards = [
        card
        async for card in past_cards(database, options.use, options.past)
        if all(each.may_see(card.region) for each in asked)
    ]
    if not cards:
        return None
    then = await _judged(cards, other.assistant if other else None, name, other.label if other else THEN)
    return then, await _judged(cards, tried.assistant, name, tried.label)


async def _judged(
    cards: list[PastCard], assistant: OpenAiAssistant | None, prompt: str, what: str
) -> tuple[CaseResult, ...]:
    with progress(f"{what}, decided cards") as bar:
        task = bar.add_task("", total=len(cards))
        return await judge_cards(
            cards, assistant, prompt, monotonic=time.monotonic, done=lambda: bar.advance(task)
        )


def _print(options: argparse.Namespace, rehearsal: Rehearsal) -> None:
    print_report(rehearsal.report)
    if rehearsal.baseline:
        print_beside(rehearsal.baseline, rehearsal.report)
    if rehearsal.past and rehearsal.past_before:
        print_beside(rehearsal.past_before, rehearsal.past, ("in force", "candidate"))
    for comparison in rehearsal.comparisons:
        say(f"    {comparison.words}", "red" if comparison.is_worse else "")
    if rehearsal.objections:
        say(REFUSED, "bold red")
        return
    if options.dry_run:
        say(WOULD)
        return
    say(
        PROMOTED.format(model=rehearsal.candidate_model, prompt=rehearsal.candidate_prompt[:16]), "bold green"
    )
    configured = ai_here().model
    if configured != rehearsal.candidate_model:
        say(CONFIGURE.format(configured=configured or "no model", model=rehearsal.candidate_model))
