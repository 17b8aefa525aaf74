"""`countersign policy activate`: check everything, rehearse, and put new rules before whoever decides."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.console import complain_all, print_json, say, watched
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import arrival
from bot.cli.policy_files import cases_text, policy_text
from bot.cli.policy_proposing import author_of, put_forward
from bot.files import FileInvalid
from handlers.rules.policy_change import ProposalRefused, put_back
from policy.backtest_report import BacktestReport
from policy.backtest_text import affected_words, consequence_lines, gate_words, headline, remarks
from policy.cases import parse_cases, run_cases
from policy.decide import compile_policy
from policy.language import idle_rules, parse_policy
from policy.mutation import check_mutations, mutants
from policy.organisation import Organisation
from policy.policy_model import Policy
from storage.policies import PolicyProposal

CASES_FAIL = "The cases do not hold, so this is not put forward: countersign policy test {file}"
UNNOTICED = "{count} small mistakes would go unnoticed by the cases: countersign policy test {file}"
PUT_BACK = (
    "The text of the rules in force had been altered, and is the right one again. They rule again at once."
)
WAITS = "Proposed as {id}. It waits in the governance channel: {people} must agree, other than {author}."


def run(options: argparse.Namespace) -> int:
    """Propose; exit code 1 when it is refused."""
    named = None if options.shipped else options.file
    if not options.shipped and not options.file:
        return complain_all(["Name the policy file, or --shipped for the one that comes with this release."])
    source, name = policy_text(named)
    policy = parse_policy(source, name)
    try:
        organisation, author = author_of(options)
        if asyncio.run(_put_back(options, policy, source, author)):
            say(PUT_BACK)
            return 0
    except (CannotOpen, FileInvalid, ProposalRefused) as problem:
        return complain_all([str(problem)])
    problems = [*map(str, idle_rules(source, name)), *_problems(policy, options, named)]
    if problems:
        return complain_all(problems)
    try:
        proposal, report = asyncio.run(_propose(options, policy, source, organisation, author))
    except (CannotOpen, ProposalRefused) as problem:
        return complain_all([str(problem)])
    print_proposal(options, proposal, report)
    return 0


def print_proposal(options: argparse.Namespace, proposal: PolicyProposal, report: BacktestReport) -> None:
    """Print what was proposed and what it would do."""
    if options.json:
        print_json(
            {
                "proposal": proposal.id,
                "version": proposal.version,
                "base_version": proposal.base_version,
                "people_needed": proposal.people_needed,
                "report": report.model_dump(mode="json"),
            }
        )
        return
    say(headline(report), "bold red" if report.loosens else "bold green")
    for title, affected in (("Less strict", report.loosened), ("Stricter", report.tightened)):
        if affected.decisions:
            say(f"{title}: {affected_words(affected)}")
    for text in (*consequence_lines(report), *remarks(report), *map(gate_words, report.gates)):
        say(f"    {text}")
    people = "1 person" if proposal.people_needed == 1 else f"{proposal.people_needed} people"
    say(WAITS.format(id=proposal.id, people=people, author=proposal.author))


def _problems(policy: Policy, options: argparse.Namespace, named: str | None) -> list[str]:
    """Run the cases, and see whether they would notice a mistake; return why it cannot go on."""
    cases = parse_cases(*cases_text(options.cases, named))
    shown = named or ""
    if not run_cases(policy, cases).ok:
        return [CASES_FAIL.format(file=shown)]
    made = list(mutants(policy))
    survivors = check_mutations(policy, cases, watched(made, "mistakes tried", len(made))).survivors
    return [UNNOTICED.format(count=len(survivors), file=shown)] if survivors else []


async def _put_back(options: argparse.Namespace, policy: Policy, source: str, author: str) -> bool:
    compiled, arrived = compile_policy(policy), arrival()
    async with opened(options.database) as database:
        return await database.write(lambda tx: put_back(tx, arrived, compiled, source, author=author))


async def _propose(
    options: argparse.Namespace, policy: Policy, source: str, organisation: Organisation, author: str
) -> tuple[PolicyProposal, BacktestReport]:
    async with opened(options.database) as database:
        return await put_forward(
            database,
            compile_policy(policy),
            source,
            author=author,
            organisation=organisation,
            kind="change",
        )
