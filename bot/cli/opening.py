"""Opening the database of an installation for a maintenance command, or saying why that is not possible."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.cli.database_fault import NEWER, in_words
from bot.cli.loading import database_settings
from bot.master_key import MasterKeyProblem, open_encrypted
from storage.database import Database
from storage.errors import StorageError, UnavailableError
from storage.migrate import current, is_newer
from storage.schema import HEAD

NONE_OR_OLDER = (
    "There is no Countersign database at this address, or an older one. Check COUNTERSIGN_DATABASE_URL, or "
    "run: countersign db upgrade"
)


class CannotOpen(Exception):
    """There is no usable database at that address, or it went away; the message says what to do."""


@asynccontextmanager
async def opened(given: str | None) -> AsyncIterator[Database]:
    """Open the database *given* or named in the environment; raises CannotOpen and makes nothing new."""
    settings = database_settings(given)
    try:
        found = await asyncio.to_thread(current, settings.database_url)
    except StorageError as error:
        raise CannotOpen(in_words(error)) from None
    if found != HEAD:
        raise CannotOpen(NEWER if is_newer(found) else NONE_OR_OLDER)
    try:
        database = await open_encrypted(settings, may_make=False)
    except MasterKeyProblem as problem:
        raise CannotOpen(str(problem)) from None
    except StorageError as error:
        raise CannotOpen(in_words(error)) from None
    try:
        yield database
    except UnavailableError as error:
        raise CannotOpen(in_words(error)) from None
    finally:
        await database.close()
