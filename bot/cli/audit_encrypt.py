"""`countersign audit encrypt`: encrypt payloads that were stored before there was a master key."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.console import print_json, progress, say
from bot.cli.loading import database_settings
from storage.database import Database
from storage.keys import MasterKeyMissingError
from storage.vacuum import vacuum

AT_ONCE = 500
NOT_EMPTIED = (
    "Encrypted, but another program was reading all the while, so the database's files may still hold a copy "
    "in clear. Run the same command again, which rebuilds them, when it has ended: a back-up, a report or a "
    "forgotten psql, most often. If that does not help, stop the service for a moment first."
)


async def run(options: argparse.Namespace, database: Database) -> int:
    """Encrypt a few hundred at a time, so that a running service is not held up."""
    if not database.is_encrypted:
        raise MasterKeyMissingError
    done = 0
    await database.write(lambda tx: tx.keys.adopt())
    with progress("Encrypting") as bar:
        task = bar.add_task("payloads", total=None)
        while count := await database.write(lambda tx: tx.keys.encrypt_payloads(AT_ONCE)):
            done += count
            bar.update(task, completed=done)
    if options.json:
        print_json({"encrypted": done})
    else:
        say(f"{done} payloads encrypted." if done else "Every payload is encrypted already.")
    return 0


def afterwards(options: argparse.Namespace) -> int:
    """Leave no copy in clear behind in the files."""
    emptied = vacuum(database_settings(options.database).database_url)
    return 0 if emptied else complain(NOT_EMPTIED)
