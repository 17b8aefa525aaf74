"""Answer somebody privately with what waits for them, page by page."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import QueueRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import HomeShown, Notice, QueueShown
from handlers.queue.queue_of import own_queue

PAGE = 8


async def show_queue(command: QueueRequested, arrived: Arrived, context: Context) -> Write:
    """List open decisions by deadline, then those put off, those that wait for others, and those decided."""
    colleague = await admit(command.by.id, command.reply_to, context)
    if isinstance(colleague, Notice):
        refusal = colleague
        return lambda tx: answer(tx, arrived, refusal, command.reply_to)
    shown = page_of(await own_queue(colleague, arrived, context), command.page)
    return lambda tx: answer(tx, arrived, shown, command.reply_to)


def page_of(home: HomeShown, page: int) -> QueueShown:
    """Return one page of a queue; one beyond the end is the last."""
    items = (*home.open, *home.deferred, *home.elsewhere, *home.decided)
    pages = max(1, -(-len(items) // PAGE))
    page = min(max(page, 0), pages - 1)
    return QueueShown(
        items=items[page * PAGE : (page + 1) * PAGE],
        page=page,
        pages=pages,
        total=len(items),
        waiting=len(home.open),
        together=home.together,
        delegations=home.delegations if page == 0 else (),
    )
