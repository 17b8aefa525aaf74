"""`countersign policy rollback`: put earlier rules forward again, on the same card as any other change."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.console import complain_all
from bot.cli.opening import CannotOpen, opened
from bot.cli.policy_activate import print_proposal
from bot.cli.policy_proposing import author_of, put_forward
from bot.files import FileInvalid
from bot.policy_in_force import PolicyInForce
from handlers.rules.policy_change import ProposalRefused
from policy.backtest_report import BacktestReport
from storage.database import Database
from storage.policies import PolicyProposal
from storage.transaction import Transaction

NONE_BEFORE = "No other rules were ever in force, so there is nothing to go back to."
NOT_KNOWN = "No version begins with {prefix}: countersign policy versions lists them."
SEVERAL = "Several versions begin with {prefix}; write more of it."
NOT_READABLE = "Version {version} cannot be read any more; put it forward from its file instead."


def run(options: argparse.Namespace) -> int:
    """Propose an earlier version, the one before by default; exit code 1 when it is refused."""
    try:
        proposal, report = asyncio.run(_propose(options))
    except (CannotOpen, FileInvalid, ProposalRefused) as problem:
        return complain_all([str(problem)])
    print_proposal(options, proposal, report)
    return 0


async def _propose(options: argparse.Namespace) -> tuple[PolicyProposal, BacktestReport]:
    organisation, author = author_of(options)
    async with opened(options.database) as database:
        version = await _wanted(database, options.version)
        rules = PolicyInForce()
        compiled = await database.read(lambda tx: rules.version(tx, version))
        stored = await database.read(lambda tx: tx.policies.version(version))
        if compiled is None or stored is None:
            raise ProposalRefused(NOT_READABLE.format(version=version[:12]))
        return await put_forward(
            database,
            compiled,
            stored.source,
            author=author,
            organisation=organisation,
            kind="rollback",
        )


async def _wanted(database: Database, prefix: str | None) -> str:
    if prefix is None:
        before = await database.read(_before)
        if before is None:
            raise ProposalRefused(NONE_BEFORE)
        return before
    found = await database.read(lambda tx: tx.policies.versions_like(prefix))
    if len(found) != 1:
        raise ProposalRefused((SEVERAL if found else NOT_KNOWN).format(prefix=prefix))
    return found[0]


def _before(tx: Transaction) -> str | None:
    """Return the version that ruled before the one in force, whichever way that came about."""
    now = tx.policies.version_in_force()
    retired = [each for each in tx.policies.history(1000) if each.state == "retired" and each.version != now]
    latest = max(retired, key=lambda each: each.retired_at or each.proposed_at, default=None)
    return latest.version if latest else None
