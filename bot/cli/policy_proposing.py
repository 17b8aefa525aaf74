"""Putting rules forward from the command line: rehearsed on what was decided, stored, and left to people."""

from __future__ import annotations

import argparse

from rich.progress import Progress, TaskID

from bot.cli.console import progress
from bot.cli.operator import arrival
from bot.cli.organisation import organisation_here
from bot.policy_in_force import PolicyInForce
from handlers.record.recorded_decisions import REHEARSED_KINDS
from handlers.rules.policy_change import ProposalRefused, deciders, people_needed, propose
from handlers.rules.rehearse_policy import backtest_report
from policy.backtest_report import BacktestReport
from policy.closed import nothing_allowed
from policy.decide import CompiledPolicy
from policy.organisation import Organisation
from storage.database import Database
from storage.policies import PolicyProposal, ProposalKind

NO_ORGANISATION = (
    "Set COUNTERSIGN_ORGANISATION_FILE: it says who may put rules forward and who agrees to them."
)
NOT_LISTED = (
    "{email} is not among the people in the organisation file, so nobody could be sure who put this forward."
)
NONE_YET = "No rules are in force yet: start the service once, and its policy is the first."
NOBODY = (
    "{needed} people other than {email} have to agree to this, with the role admin or compliance. The "
    "organisation file lists {found}. Add somebody, or let somebody else put it forward."
)


def author_of(options: argparse.Namespace) -> tuple[Organisation, str]:
    """Return the organisation and the author's e-mail address; raises ProposalRefused, FileInvalid."""
    organisation = organisation_here()
    if organisation is None:
        raise ProposalRefused(NO_ORGANISATION)
    person = organisation.person(options.by)
    if person is None:
        raise ProposalRefused(NOT_LISTED.format(email=options.by))
    return organisation, person.email


async def rules_in_force(database: Database) -> CompiledPolicy:
    """Return what rules now; raises ProposalRefused before the first start."""
    rules = PolicyInForce()
    if await database.read(lambda tx: tx.policies.version_in_force()) is None:
        raise ProposalRefused(
            "No rules are in force yet: start the service once, and its policy is the first."
        )
    return await database.read(rules.current)


async def put_forward(
    database: Database,
    compiled: CompiledPolicy,
    source: str,
    *,
    author: str,
    organisation: Organisation,
    kind: ProposalKind,
) -> tuple[PolicyProposal, BacktestReport]:
    """Rehearse and propose; raises ProposalRefused."""
    before = await rules_in_force(database)
    report = await _rehearsed(database, before, compiled)
    possible = deciders(organisation, author)
    if len(possible) < people_needed(report):
        found = ", ".join(possible) or "nobody"
        raise ProposalRefused(NOBODY.format(needed=people_needed(report), email=author, found=found))
    arrived = arrival()
    proposal = await database.write(
        lambda tx: propose(tx, arrived, compiled, source, author=author, report=report, kind=kind)
    )
    return proposal, report


async def _rehearsed(database: Database, before: CompiledPolicy, after: CompiledPolicy) -> BacktestReport:
    total = await database.read(lambda tx: tx.audit.count(REHEARSED_KINDS))
    with progress("decisions replayed") as bar:
        task = bar.add_task("", total=total)
        report = await backtest_report(
            database, before, after, progress=lambda done: _advance(bar, task, done)
        )
    if before.version == nothing_allowed().version:
        # What cannot be read is replaced under the digest it is stored by, so that this can repair it.
        stored = await database.read(lambda tx: tx.policies.version_in_force())
        named = report.before.model_copy(update={"version": stored})
        report = report.model_copy(update={"before": named})
    return report


def _advance(bar: Progress, task: TaskID, done: int) -> None:
    bar.advance(task, done)
