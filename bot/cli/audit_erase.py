"""`countersign audit erase`: a donor's data goes, wherever it is kept; that it went is written down."""

from __future__ import annotations

import argparse

from bot.cli.console import print_json, say
from bot.cli.loading import database_settings
from bot.cli.operator import NotAllowed, arrival, operator, organisation_here
from bot.cli.running import complain
from handlers.erase_donor import ErasureOrder, NotErased, erase_donor
from policy.decision import Role
from storage.database import Database
from storage.erasure import Erased
from storage.vacuum import vacuum

MAY_ERASE = {Role.ADMIN.value, Role.COMPLIANCE.value}
NOT_EMPTIED = (
    "Erased, but another program kept the database open, so its write-ahead log still holds old pages. Run "
    "the same command again, or stop the service for a moment."
)
BACKUPS = "Backups taken before now still hold the data: replace them, or erase again after restoring one."


async def run(options: argparse.Namespace, database: Database) -> int:
    """Erase in one transaction."""
    who = operator(options.by, organisation_here())
    if not who.roles & MAY_ERASE:
        raise NotAllowed(f"{options.by} is neither admin nor compliance in the organisation file.")
    order = ErasureOrder(
        donor_id=options.id,
        by=options.by,
        actor=who.actor,
        reason=options.reason,
        also_called=tuple(options.also_called),
    )
    arrived = arrival()
    done = await database.write(lambda tx: erase_donor(tx, arrived, order))
    if isinstance(done, NotErased):
        return complain(done.why)
    if options.json:
        print_json({"payloads": done.payloads, "rows": done.rows, "messages": len(done.places)})
    else:
        say(_sentence(options.id, done))
    return 0


def afterwards(options: argparse.Namespace) -> int:
    """Rebuild the files, once nothing of ours is open any more."""
    emptied = vacuum(database_settings(options.database).database_url)
    if not options.json:
        say(BACKUPS)
    return 0 if emptied else complain(NOT_EMPTIED)


def _sentence(donor_id: str, done: Erased) -> str:
    rows = ", ".join(f"{count} in {table}" for table, count in sorted(done.rows.items())) or "none"
    messages = len(done.places)
    return (
        f"{donor_id} is erased: {done.payloads} audit payloads and their key; rows: {rows}. "
        f"{messages} {'message' if messages == 1 else 'messages'} in Slack will be replaced."
    )
