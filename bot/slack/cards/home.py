"""The Home tab: what waits for the reader, what comes back later, what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack import ids, when
from bot.slack.blocks import (
    Block,
    Leaf,
    View,
    actions,
    button,
    divider,
    fine_print,
    header,
    leaf,
    link,
    moment,
    paragraph,
    rich,
    safe_url,
    said,
)
from bot.slack.text import name, words
from handlers.outcomes import HomeShown, QueueItem
from policy.escalation import EscalationState

GREETING = "Your decisions"
WAITING = "Waiting for you"
NOTHING_WAITING = (
    "Nothing waits for your decision. When something in the CRM needs your judgement, "
    "it appears here and as a card in your channel."
)
DEFERRED = "Put off"
DECIDED = "Decided lately"
DECIDE_BY = "Decide by "
BACK_ON = "Comes back on "
OPEN_CARD = "Open the card"
WHY = "Why?"
REFRESH = "Refresh"
MORE = "and {count} more; decide the oldest first"
HOW = "To look a donor up, type /donor and a name in any channel, or write to me in Messages."

STANDING = {
    EscalationState.EXECUTING: "Approved, being written to the CRM",
    EscalationState.EXECUTED: "Done",
    EscalationState.OUTCOME_UNKNOWN: "Approved, being checked in the CRM",
    EscalationState.FAILED: "Approved, but the CRM did not make the change",
    EscalationState.EXPIRED: "Time ran out, nothing was changed",
    EscalationState.SUPERSEDED: "Replaced by a newer card",
}

MOST_OPEN = 20
MOST_DEFERRED = 10
MOST_DECIDED = 10


def home_view(home: HomeShown) -> View:
    """Return the Home tab."""
    blocks = [
        header(GREETING),
        *_waiting(home.open),
        *_section(DEFERRED, home.deferred, MOST_DEFERRED),
        *_section(DECIDED, home.decided, MOST_DECIDED),
        divider(),
        actions("cs:home", button(REFRESH, ids.REFRESH_HOME, "home")),
        fine_print(HOW),
    ]
    return {"type": "home", "blocks": blocks}


def _waiting(items: Sequence[QueueItem]) -> list[Block]:
    if not items:
        return [rich(paragraph(leaf(NOTHING_WAITING)))]
    blocks = [header(f"{WAITING} ({len(items)})")]
    for item in items[:MOST_OPEN]:
        blocks.append(_item(item))
        if safe_url(item.permalink) is None and ids.is_opaque(item.escalation_id):
            row = button(WHY, ids.EVIDENCE, item.escalation_id)
            blocks.append(actions(f"cs:home:{item.escalation_id}", row))
    return blocks + _more(items, MOST_OPEN)


def _section(title: str, items: Sequence[QueueItem], most: int) -> list[Block]:
    if not items:
        return []
    return [header(title), *(_item(item) for item in items[:most]), *_more(items, most)]


def _item(item: QueueItem) -> Block:
    leaves = [leaf(name(item.donor_name), bold=True), leaf("\n"), *said(item.proposal, 240), leaf("\n")]
    leaves += _standing(item)
    if url := safe_url(item.permalink):
        leaves += [leaf("  "), link(url, OPEN_CARD)]
    return rich(paragraph(*leaves))


def _standing(item: QueueItem) -> list[Leaf]:
    if item.state is EscalationState.OPEN:
        return [leaf(DECIDE_BY), moment(item.due_at)]
    if item.deferred_until:
        return [leaf(BACK_ON), moment(item.deferred_until, when.DAY)]
    return [leaf(STANDING.get(item.state, words(item.state)))]


def _more(items: Sequence[QueueItem], most: int) -> list[Block]:
    return [fine_print(MORE.format(count=len(items) - most))] if len(items) > most else []
