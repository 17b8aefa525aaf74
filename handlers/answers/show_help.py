"""Say what Countersign can do, also to somebody who typed something it does not know."""

from __future__ import annotations

from handlers.answers.answering import answer
from handlers.commands import HelpRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import HelpShown


async def show_help(command: HelpRequested, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Answer with the help text."""
    return lambda tx: answer(tx, arrived, HelpShown(unknown=command.unknown), command.reply_to)
