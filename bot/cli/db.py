"""`countersign db upgrade`: bring the schema up to date; safe to run twice and from several machines."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.database_fault import in_words
from bot.cli.loading import database_url
from storage.errors import StorageError
from storage.migrate import current, upgrade


def run(options: argparse.Namespace) -> int:
    """Upgrade, or say which version the schema has."""
    url = database_url(options.database)
    try:
        if options.what == "upgrade":
            upgrade(url)
        print(f"The database schema is at {current(url) or 'nothing yet: run countersign db upgrade'}.")
    except StorageError as error:
        return complain(in_words(error))
    return 0
