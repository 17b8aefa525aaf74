"""Show which records wait to be put right, to those who put them right and to those who asked."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.cleanup.cleanup_queue import cleanup_of, may_answer
from handlers.commands import CleanupListRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import CleanupListShown, Notice

SHOWN = 10
LOOKED_AT = 500


async def list_cleanup(command: CleanupListRequested, arrived: Arrived, context: Context) -> Write:
    """Answer privately: everything to the data steward and managers, to others what they sent back."""
    colleague = await admit(command.by.id, command.reply_to, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    own = None if may_answer(colleague, context.organisation) else colleague.id
    items = await context.database.read(lambda tx: tx.cleanup.unfinished(LOOKED_AT, asked_by=own))
    shown = CleanupListShown(
        items=tuple(cleanup_of(item) for item in items[:SHOWN]),
        more=len(items[SHOWN:]),
        only_own=own is not None,
    )
    return lambda tx: answer(tx, arrived, shown, command.reply_to)
