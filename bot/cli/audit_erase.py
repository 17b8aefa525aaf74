"""`countersign audit erase`: a donor's data goes, wherever it is kept; that it went is written down."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.complaint import complain
from bot.cli.console import print_json, progress, say
from bot.cli.loading import database_settings
from bot.cli.operator import NotAllowed, arrival, operator
from bot.cli.organisation import organisation_here
from bot.erasure_list import ListNotWritten, erasure_list
from bot.restored import erase_restored
from handlers.record.erase_donor import ErasureOrder, Looked, NotErased, erase_donor, look_in_others
from policy.decision import Role
from storage.database import Database
from storage.erasure import Erased
from storage.vacuum import vacuum

MAY_ERASE = {Role.ADMIN.value, Role.COMPLIANCE.value}
NOT_EMPTIED = (
    "Erased, but another program was reading all the while, so the database's files may still hold what was "
    "deleted. Run countersign audit erase --reapply, which rebuilds them, when it has ended: a back-up, a "
    "report or a forgotten psql, most often. If that does not help, stop the service for a moment first."
)
BACKUPS = (
    "Back-ups taken before now still hold the data. When one is restored, the donor is erased again at the "
    "first start, from the list of erasures beside the checkpoints; keep that list out of the back-ups."
)
NO_LIST = (
    "Back-ups taken before now still hold the data, and nothing outside of the database remembers this "
    "erasure: set COUNTERSIGN_CHECKPOINT_PATHS, or erase again after restoring one."
)
WHOM = "Say whom to erase, on whose order and why: DONOR --by EMAIL --reason TEXT."
LIST_UNREADABLE = "The list of erasures cannot be read ({why}). Nothing was erased."


async def run(options: argparse.Namespace, database: Database) -> int:
    """Erase in one transaction, after everything about others was looked through."""
    if options.reapply:
        return await _reapply(options, database)
    if not (options.id and options.by and options.reason):
        return complain(WHOM)
    who = operator(options.by, organisation_here())
    if not who.roles & MAY_ERASE:
        raise NotAllowed(f"{options.by} is neither admin nor compliance in the organisation file.")
    order = ErasureOrder(
        donor_id=options.id,
        by=options.by,
        actor=who.actor,
        reason=options.reason,
        also_called=tuple(options.also_called),
        redact_names=options.redact_names,
    )
    arrived, kept = arrival(), erasure_list(database_settings(options.database))
    looked = await _looked(order, database)
    try:
        done = await database.write(lambda tx: erase_donor(tx, arrived, order, keep=kept.keep, looked=looked))
    except ListNotWritten as problem:
        return complain(str(problem))
    if isinstance(done, NotErased):
        return complain(done.why)
    _tell(options, done)
    return 0


async def _reapply(options: argparse.Namespace, database: Database) -> int:
    try:
        done = await erase_restored(erasure_list(database_settings(options.database)), database, arrival())
    except (OSError, ValueError) as problem:
        return complain(LIST_UNREADABLE.format(why=type(problem).__name__))
    if options.json:
        print_json({"erased": done.erased, "unknown": done.unknown, "waiting": len(done.waiting)})
    else:
        say(f"{done.erased} donors were back and are erased again; {done.unknown} were not in this database.")
    for why in done.waiting:
        complain(why)
    return 1 if done.waiting else 0


async def _looked(order: ErasureOrder, database: Database) -> Looked:
    total = (await database.read(lambda tx: tx.audit.head())).seq
    loop = asyncio.get_running_loop()
    with progress("Looking through records about others") as bar:
        task = bar.add_task("entries", total=total)

        def heard(done: int) -> None:
            loop.call_soon_threadsafe(lambda: bar.update(task, completed=done))

        return await database.read(lambda tx: look_in_others(tx, order, heard))


def afterwards(options: argparse.Namespace) -> int:
    """Rebuild the files, once nothing of ours is open any more."""
    settings = database_settings(options.database)
    emptied = vacuum(settings.database_url)
    if not options.json and not options.reapply:
        say(BACKUPS if erasure_list(settings).files else NO_LIST)
    return 0 if emptied else complain(NOT_EMPTIED)


def _tell(options: argparse.Namespace, done: Erased) -> None:
    if options.json:
        print_json(
            {
                "payloads": done.payloads,
                "rows": done.rows,
                "messages": len(done.places),
                "redacted_about_others": [each.entry_id for each in done.redacted],
                "left_about_others": [each.entry_id for each in done.left],
            }
        )
        return
    say(_sentence(options.id, done))
    if done.redacted:
        say(f"{len(done.redacted)} records about others no longer name them.")
    if done.left:
        say(
            f"{len(done.left)} records about others hold the same name, perhaps a namesake's, and were left. "
            "To rewrite them too, run the command again with --also-called NAME --redact-names. They are:"
        )
        for each in done.left:
            say(f"    entry {each.entry_id}  {each.kind}  about {each.donor_id or 'nobody'}")


def _sentence(donor_id: str, done: Erased) -> str:
    rows = ", ".join(f"{count} in {table}" for table, count in sorted(done.rows.items())) or "none"
    messages = len(done.places)
    return (
        f"{donor_id} is erased: {done.payloads} audit payloads and their key; rows: {rows}. "
        f"{messages} {'message' if messages == 1 else 'messages'} in Slack will be replaced."
    )
