"""What a restored back-up brought back: whoever was erased since is erased again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from bot.erasure_list import ErasureList, erasure_list
from bot.settings import Settings
from handlers.context import Arrived
from handlers.record.erase_again import ErasedAgain, erase_again
from handlers.record.owed_erasures import ErasureLine, owed
from storage.database import Database
from storage.vacuum import vacuum

log = logging.getLogger(__name__)


async def erase_restored(kept: ErasureList, database: Database, arrived: Arrived) -> ErasedAgain:
    """Erase again whoever a restored back-up brought back; does nothing where everything was done."""
    lines = kept.lines()
    if not lines or not await _any_owed(database, lines):
        return ErasedAgain()
    return await database.write(lambda tx: erase_again(tx, arrived, lines))


async def erase_restored_at_start(settings: Settings, database: Database, arrived: Arrived) -> None:
    """Do so before anybody is served, and give the freed pages back.

    The service starts whatever comes of it: the log says what is left, and `countersign doctor` does too.
    """
    try:
        done = await erase_restored(erasure_list(settings), database, arrived)
    except (OSError, ValueError):
        log.error("the list of erasures cannot be read; see countersign doctor")  # noqa: TRY400 - in words
        return
    if done.waiting:
        log.error("erased donors are back from a back-up and must wait", extra={"count": len(done.waiting)})
    if done.erased:
        log.warning("erased again after a back-up was restored", extra={"count": done.erased})
        if database.is_sqlite:
            await asyncio.to_thread(vacuum, settings.database_url)


async def _any_owed(database: Database, lines: Sequence[ErasureLine]) -> bool:
    return bool(await database.read(lambda tx: owed(tx, lines)))
