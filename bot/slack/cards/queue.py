"""The answer to `/donor queue`, and the list of decisions that have no card of their own."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bullets,
    button,
    fine_print,
    header,
    leaf,
    paragraph,
    person,
    rich,
    said,
    titled,
)
from bot.slack.cards.home import DELEGATIONS, NOTHING_WAITING, TOGETHER
from bot.slack.cards.queue_lines import queue_buttons, queue_line
from handlers.outcomes import GroupingShown, QueueItem, QueueShown

TITLE = "Your decisions"
SUMMARY = "{waiting} waiting for you. Page {page} of {pages}."
NOTIFICATION = "Your decisions"
EARLIER, LATER, REFRESH = "Back", "More", "Refresh"
LIST_TITLE = "{count} more decisions wait"
ONE_MORE = "1 more decision waits"
ALL_DECIDED = "Nothing on this list waits any more"
WHY_A_LIST = (
    "There were many today, so these less urgent ones have no card each. "
    "Nothing is done about any of them before somebody decides."
)
MORE = "and {count} more: type /donor queue to see all of them"

MOST_LISTED = 18
MOST_DELEGATIONS = 6


def queue_message(shown: QueueShown) -> Message:
    """Return one page of somebody's queue."""
    if not shown.items:
        text = rich(paragraph(leaf(NOTHING_WAITING)))
        shut = actions("cs:pages:0", _page(REFRESH, 0))
        return Message(NOTIFICATION, [header(TITLE), text, *_delegations(shown), shut])
    summary = SUMMARY.format(waiting=shown.waiting, page=shown.page + 1, pages=shown.pages)
    blocks = [header(TITLE), fine_print(summary)]
    for item in shown.items:
        blocks += [queue_line(item), *queue_buttons(item, "queue")]
    turning = actions(f"cs:pages:{shown.page}", *_turning(shown))
    return Message(NOTIFICATION, [*blocks, *_delegations(shown), turning])


def _delegations(shown: QueueShown) -> list[Block]:
    """Say who decides for the reader, and for whom the reader decides."""
    if not shown.delegations:
        return []
    lines = [said(text, 200) for text in shown.delegations[:MOST_DELEGATIONS]]
    return [titled(DELEGATIONS, bullets(lines))]


def _turning(shown: QueueShown) -> list[Block]:
    pressed = []
    if shown.page > 0:
        pressed.append(_page(EARLIER, shown.page - 1, "back"))
    if shown.page + 1 < shown.pages:
        pressed.append(_page(LATER, shown.page + 1, "more"))
    pressed.append(_page(REFRESH, shown.page))
    if shown.together > 1:
        pressed.append(button(TOGETHER, ids.TOGETHER, "queue"))
    return pressed


def _page(label: str, page: int, way: str = "same") -> Block:
    return button(label, f"{ids.QUEUE_PAGE}:{way}", ids.joined("page", str(page)))


def grouping_message(shown: GroupingShown) -> Message:
    """Return the list; what was decided stays on it, saying so."""
    title = ALL_DECIDED
    if shown.waiting:
        title = ONE_MORE if shown.waiting == 1 else LIST_TITLE.format(count=shown.waiting)
    mention = shown.mention if ids.is_user(shown.mention) else None
    leaves = [person(mention), leaf(" ")] if mention else []
    blocks = [header(title), rich(paragraph(*leaves, leaf(WHY_A_LIST)))]
    for item in shown.items[:MOST_LISTED]:
        blocks += _listed(item)
    if len(shown.items) > MOST_LISTED:
        blocks.append(fine_print(MORE.format(count=len(shown.items) - MOST_LISTED)))
    if shown.together > 1 and ids.is_opaque(shown.grouping_id):
        pressed = button(TOGETHER, ids.TOGETHER, shown.grouping_id)
        blocks.append(actions(f"cs:lists:{shown.grouping_id}", pressed))
    return Message(f"<@{mention}> {title}" if mention else title, blocks)


def _listed(item: QueueItem) -> list[Block]:
    return [queue_line(item, 160), *queue_buttons(item, "list")]
