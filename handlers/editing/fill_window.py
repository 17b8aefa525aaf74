"""Fill a window that somebody has open and that waits for what they asked for."""

from __future__ import annotations

from datetime import timedelta

from handlers.context import Arrived, Context, Write
from handlers.effects import FillWindow
from handlers.outcomes import WINDOW
from handlers.ports import Refused, Unavailable

TRIES = 5
SOON = timedelta(milliseconds=300)


async def fill_window(effect: FillWindow, arrived: Arrived, context: Context) -> Write:
    """Fill the window; one that was closed meanwhile stays closed, and nobody needs to be told.

    A window that we asked Slack to put up in an acknowledgement may not be up yet: then it is tried again.
    """
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored is None:
        return lambda _tx: None
    shown = WINDOW.validate_json(stored.body)
    try:
        if effect.pushed:
            await context.chat.fill_named_view(effect.window, shown)
        else:
            await context.chat.fill_view(effect.window, shown)
    except Refused as refused:
        if refused.code != "not_found":
            raise
        if effect.pushed and arrived.attempts < TRIES:
            raise Unavailable("slack", "window_not_up_yet", SOON) from None
    return lambda _tx: None
