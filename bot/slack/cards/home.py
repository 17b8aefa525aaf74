"""The Home tab: what waits for the reader, what comes back later, what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack import ids
from bot.slack.blocks import Block, View, actions, button, divider, fine_print, header, leaf, paragraph, rich
from bot.slack.cards.queue_lines import queue_buttons, queue_line
from handlers.outcomes import HomeShown, QueueItem

GREETING = "Your decisions"
WAITING = "Waiting for you"
NOTHING_WAITING = (
    "Nothing waits for your decision. When something in the CRM needs your judgement, "
    "it appears here and as a card in your channel."
)
NOT_FOR_YOU = (
    "This page is for members of this organisation's own workspace. Ask a colleague who is one of them."
)
DEFERRED = "Put off"
ELSEWHERE = "Waiting for others"
DECIDED = "Decided lately"
REFRESH = "Refresh"
TOGETHER = "Decide several…"
MORE = "and {count} more: type /donor queue for all of them; decide the oldest first"
HOW = "To look a donor up, type /donor and a name in any channel, or write to me in Messages."

MOST_OPEN = 20
MOST_OTHERS = 7


def home_view(home: HomeShown) -> View:
    """Return the Home tab."""
    if not home.name:
        return {"type": "home", "blocks": [header(GREETING), rich(paragraph(leaf(NOT_FOR_YOU)))]}
    together = [button(TOGETHER, ids.TOGETHER, "home")] if home.together > 1 else []
    blocks = [
        header(GREETING),
        *_waiting(home.open),
        *_section(DEFERRED, home.deferred, "later"),
        *_section(ELSEWHERE, home.elsewhere, "others"),
        *_section(DECIDED, home.decided, "past"),
        divider(),
        actions("cs:home", *together, button(REFRESH, ids.REFRESH_HOME, "home")),
        fine_print(HOW),
    ]
    return {"type": "home", "blocks": blocks}


def _waiting(items: Sequence[QueueItem]) -> list[Block]:
    if not items:
        return [rich(paragraph(leaf(NOTHING_WAITING)))]
    blocks = [header(f"{WAITING} ({len(items)})")]
    return blocks + _lines(items, MOST_OPEN, "home")


def _section(title: str, items: Sequence[QueueItem], place: str) -> list[Block]:
    return [header(title), *_lines(items, MOST_OTHERS, place)] if items else []


def _lines(items: Sequence[QueueItem], most: int, place: str) -> list[Block]:
    blocks: list[Block] = []
    for item in items[:most]:
        blocks += [queue_line(item), *queue_buttons(item, place)]
    more = [fine_print(MORE.format(count=len(items) - most))] if len(items) > most else []
    return blocks + more
