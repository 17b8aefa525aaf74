"""`countersign audit`: proving, reading, handing over and erasing; each way has a module of its own."""

from __future__ import annotations

import argparse
import asyncio
from importlib import import_module

from bot.cli.complaint import complain
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import NotAllowed
from bot.files import FileInvalid
from storage.errors import StorageError
from storage.keys import MasterKeyMissingError, MasterKeyWrongError

LOCKED = "What the audit stores is encrypted. Set COUNTERSIGN_MASTER_KEY or COUNTERSIGN_MASTER_KEY_FILE."


def run(options: argparse.Namespace) -> int:
    """Do what was asked for; exit code 1 when something is wrong or refused."""
    try:
        return asyncio.run(_run(options))
    except (CannotOpen, NotAllowed, FileInvalid) as problem:
        return complain(str(problem))
    except (MasterKeyMissingError, MasterKeyWrongError):
        return complain(LOCKED)
    except StorageError as error:
        return complain(f"The database refused ({error.code}). Nothing was changed.")


async def _run(options: argparse.Namespace) -> int:
    way = import_module(options.way)
    without = getattr(way, "without_database", None)
    if without and (code := without(options)) is not None:
        return int(code)
    async with opened(options.database) as database:
        code = await way.run(options, database)
    after = getattr(way, "afterwards", None)
    return int(after(options) if after and code == 0 else code)
