"""`countersign eval rehearse`: a new model or prompt beside the one in force, promoted unless it is worse."""

from __future__ import annotations

import argparse
import asyncio

from bot.assistant.openai_assistant import OpenAiAssistant
from bot.cli.console import complain_all, print_json, say
from bot.cli.eval_candidates import PROMPTS, Candidate, NotThere, candidate, in_force
from bot.cli.eval_run import FACTS, print_beside, print_report, results
from bot.cli.loading import ai_here
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import arrival, operator, organisation_here
from bot.evals.cases import golden_set
from bot.evals.past import PastCard, agrees, answer_then, past_cards
from bot.evals.rehearsal import Comparison, Rehearsal, compare, compare_results
from bot.evals.report import report_of
from bot.files import FileInvalid
from handlers.ports import AssistantUnavailable
from handlers.rules.promote_model import may_promote, promote
from storage.database import Database

NOT_ALLOWED = "{email} may not promote a model; admins may, as the organisation file names them."
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
    if options.use == "recommendation":
        comparisons.append(await _past(database, tried, options.past))
    return Rehearsal(
        use=options.use,
        candidate_model=tried.model,
        candidate_prompt=tried.prompts[name].version,
        in_force=before.label if before else FACTS,
        report=report_of(tried.label, new),
        baseline=report_of(FACTS, rules),
        comparisons=tuple(comparisons),
    )


async def _past(database: Database, tried: Candidate, most: int) -> Comparison:
    """Ask about decided cards again, those only whose donors the candidate may see."""
    pairs = []
    async for card in past_cards(database, most):
        if tried.assistant.may_see(card.region):
            then = agrees(card, answer_then(card))
            pairs.append((then, await _agrees_now(tried.assistant, card)))
    return compare(f"{len(pairs)} decided cards, against what was said then", pairs)


async def _agrees_now(assistant: OpenAiAssistant, card: PastCard) -> bool:
    try:
        return agrees(card, await assistant.ask_again("recommend", card.asked, card.actions))
    except AssistantUnavailable:
        return False


def _print(options: argparse.Namespace, rehearsal: Rehearsal) -> None:
    print_report(rehearsal.report)
    if rehearsal.baseline:
        print_beside(rehearsal.baseline, rehearsal.report)
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
