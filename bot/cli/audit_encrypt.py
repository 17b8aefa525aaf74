"""`countersign audit encrypt`: encrypt payloads that were stored before there was a master key."""

from __future__ import annotations

import argparse

from bot.cli.console import print_json, progress, say
from bot.cli.loading import database_settings
from storage.database import Database
from storage.keys import MasterKeyMissingError
from storage.vacuum import vacuum

AT_ONCE = 500


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
    vacuum(database_settings(options.database).database_url)
    return 0
