"""`countersign policy versions`: every version that was put forward, and what became of it."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime

from rich.table import Table

from bot.cli.console import complain_all, console, print_json, say
from bot.cli.opening import CannotOpen, opened
from bot.cli.policy_rollback import NOT_KNOWN, SEVERAL
from handlers.rules.policy_change import APPROVALS
from storage.policies import PolicyProposal
from storage.transaction import Transaction

MOST = 1000
COLUMNS = ("Version", "State", "Kind", "Proposed", "By", "Agreed to by", "In force from", "until")
STATES = {"in_force": "in force", "proposed": "waits"}


def run(options: argparse.Namespace) -> int:
    """List them, the newest first, or print the text of one."""
    try:
        if options.text:
            return _print(asyncio.run(_texts(options)), options.text)
        found = asyncio.run(_history(options))
    except CannotOpen as problem:
        return complain_all([str(problem)])
    if options.json:
        print_json([_plain(each) for each in found])
    elif not found:
        say("No rules are stored yet: the first start of the service stores them.")
    else:
        console().print(_table(found))
    return 0


def _print(found: list[str], prefix: str) -> int:
    if len(found) != 1:
        return complain_all([(SEVERAL if found else NOT_KNOWN).format(prefix=prefix)])
    print(found[0], end="" if found[0].endswith("\n") else "\n")
    return 0


async def _texts(options: argparse.Namespace) -> list[str]:
    async with opened(options.database) as database:
        return await database.read(lambda tx: _stored(tx, options.text))


def _stored(tx: Transaction, prefix: str) -> list[str]:
    known = (tx.policies.version(each) for each in tx.policies.versions_like(prefix))
    return [found.source for found in known if found]


async def _history(options: argparse.Namespace) -> list[PolicyProposal]:
    async with opened(options.database) as database:
        return await database.read(lambda tx: tx.policies.history(MOST))


def _table(found: list[PolicyProposal]) -> Table:
    table = Table()
    for column in COLUMNS:
        table.add_column(column)
    for each in found:
        began = each.decided_at if each.state in ("in_force", "retired") else None
        table.add_row(
            each.version[:12],
            STATES.get(each.state, each.state),
            each.kind,
            _moment(each.proposed_at),
            each.author,
            ", ".join(given.name for given in APPROVALS.validate_json(each.approvals)) or "-",
            _moment(began),
            _moment(each.retired_at),
            style="bold" if each.state == "in_force" else None,
        )
    return table


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"


def _plain(each: PolicyProposal) -> dict[str, object]:
    return {
        "proposal": each.id,
        "version": each.version,
        "base_version": each.base_version,
        "state": each.state,
        "kind": each.kind,
        "author": each.author,
        "people_needed": each.people_needed,
        "approvals": [given.model_dump(mode="json") for given in APPROVALS.validate_json(each.approvals)],
        "proposed_at": each.proposed_at.isoformat(),
        "decided_at": each.decided_at.isoformat() if each.decided_at else None,
        "decided_by": each.decided_by_name,
        "retired_at": each.retired_at.isoformat() if each.retired_at else None,
    }
