"""What `countersign doctor` looks at first: the database, and the master key that reads it."""

from __future__ import annotations

import asyncio

from bot.cli.database_fault import NEWER, NOT_WHOLE, in_words
from bot.cli.finding import Finding, bad, good, warning
from bot.cli.opening import CannotOpen, opened
from bot.master_key import MasterKeyProblem, key_at_hand
from bot.settings import Settings
from storage.errors import StorageError
from storage.migrate import current, damage, is_newer, refuse_what_cannot_be_written
from storage.schema import HEAD

EMPTY = "nothing there yet; the first start lays it out. After a restore: this is not where the back-up went"
OLDER = "of an older release. Run: countersign db upgrade (serve does it too)"


async def database(settings: Settings) -> list[Finding]:
    """Look at the schema, and whether the master key is the right one."""
    try:
        found = await asyncio.to_thread(current, settings.database_url)
        refuse_what_cannot_be_written(settings.database_url)
        damaged = await asyncio.to_thread(damage, settings.database_url) if found else None
    except StorageError as error:
        return [bad("Database", in_words(error)), *_key(settings)]
    if damaged:
        return [bad("Database", NOT_WHOLE.format(code=damaged)), *_key(settings)]
    if found != HEAD:
        return [_schema(found), *_key(settings)]
    key = _key(settings)
    return [_schema(found), *(key if any(each.level == "fail" for each in key) else [await _fits(settings)])]


def _schema(found: str | None) -> Finding:
    if found is None:
        return warning("Database", EMPTY)
    if is_newer(found):
        return bad("Database", NEWER)
    return good("Database", "reachable, schema up to date") if found == HEAD else bad("Database", OLDER)


def _key(settings: Settings) -> list[Finding]:
    """Say what is wrong with the key as such; with no database to try it on, that is all there is to say."""
    try:
        there = key_at_hand(settings)
    except MasterKeyProblem as problem:
        return [bad("Master key", str(problem))]
    return [good("Master key", "given")] if there else []


async def _fits(settings: Settings) -> Finding:
    try:
        async with opened(settings.database_url):
            return good("Master key", "the one this database is encrypted with")
    except CannotOpen as problem:
        return bad("Master key", str(problem))
