"""Fill a window that somebody has open and that waits for what they asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

from handlers.context import Arrived, Context, Write
from handlers.effects import FillWindow
from handlers.outcomes import WINDOW, Notice, Window
from handlers.ports import Refused, Unavailable

TRIES = 5
CLOSED = "not_found"
NOT_SHOWN = Notice(
    text="Slack does not show this here. Nothing was changed.",
    next_step="Close this window. If it happens again, tell IT what you wanted to see.",
)
SOON = timedelta(milliseconds=300)


async def fill_window(effect: FillWindow, arrived: Arrived, context: Context) -> Write:
    """Fill the window; one that was closed meanwhile stays closed, and nobody needs to be told.

    A window that we asked Slack to put up in an acknowledgement may not be up yet: then it is tried again.
    """
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored is None:
        return lambda _tx: None
    chat = context.chat
    fill = chat.fill_named_view if effect.pushed else chat.fill_view
    is_up = await filled(lambda shown: fill(effect.window, shown), WINDOW.validate_json(stored.body))
    if effect.pushed and not is_up and arrived.attempts < TRIES:
        raise Unavailable("slack", "window_not_up_yet", SOON)
    return lambda _tx: None


async def filled(fill: Callable[[Window], Awaitable[None]], shown: Window) -> bool:
    """Fill a window; say whether it is open.

    What Slack does not take is said in the window, where its reader waits; Refused is raised all the same.
    """
    try:
        await fill(shown)
    except Refused as refused:
        if refused.code == CLOSED:
            return False
        with contextlib.suppress(Refused, Unavailable):
            await fill(NOT_SHOWN)
        raise
    return True
