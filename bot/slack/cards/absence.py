"""An absence as it was understood, with a way to call it off; and lists of decisions."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    Message,
    actions,
    bullets,
    button,
    fine_print,
    leaf,
    moment,
    paragraph,
    rich,
    said,
)
from bot.slack.blocks import person as mention
from bot.slack.text import for_notification, name
from handlers.outcomes import AbsenceShown, DecisionList, ListedDecision

CANCEL = "Cancel this absence"
DECIDE_BY = ", decide by "
MORE = "and {count} more"
MOST_LISTED = 15


def absence_message(shown: AbsenceShown) -> Message:
    """Return the absence in full words."""
    items = [said(line, 400) for line in shown.lines if line]
    blocks: list[Block] = [
        rich(paragraph(*said(shown.headline, 300, bold=True)), *([bullets(items)] if items else []))
    ]
    if shown.absence_id and ids.is_opaque(shown.absence_id):
        row = button(CANCEL, ids.CANCEL_ABSENCE, shown.absence_id)
        blocks.append(actions(f"cs:absence:{shown.absence_id}", row))
    if shown.next_step:
        blocks.append(fine_print(shown.next_step))
    return Message(for_notification(shown.headline), blocks)


def decision_list_message(shown: DecisionList) -> Message:
    """Return several decisions as one message, with whoever is to look at them mentioned."""
    people = [user_id for user_id in shown.mentions if ids.is_user(user_id)]
    first: list[Leaf] = [each for user_id in people for each in (mention(user_id), leaf(" "))]
    items = [_line(item) for item in shown.items[:MOST_LISTED]]
    if len(shown.items) > MOST_LISTED:
        items.append([leaf(MORE.format(count=len(shown.items) - MOST_LISTED), italic=True)])
    listed = [bullets(items)] if items else []
    blocks: list[Block] = [rich(paragraph(*first, *said(shown.title, 600, bold=True)), *listed)]
    if shown.next_step:
        blocks.append(fine_print(shown.next_step))
    text = for_notification(shown.title)
    return Message(" ".join([*(f"<@{user_id}>" for user_id in people), text]), blocks)


def _line(item: ListedDecision) -> list[Leaf]:
    leaves = [leaf(name(item.donor_name), bold=True), leaf(": "), *said(item.proposal, 200)]
    if item.standing:
        return [*leaves, leaf(" – "), *said(item.standing, 120)]
    return [*leaves, leaf(DECIDE_BY), moment(item.due_at)] if item.due_at else leaves
