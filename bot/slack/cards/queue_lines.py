"""One line of a queue, the same on the Home tab, in a list and in an answer to `/donor queue`."""

from __future__ import annotations

from bot.slack import ids, when
from bot.slack.blocks import (
    Block,
    Leaf,
    actions,
    button,
    leaf,
    link,
    moment,
    paragraph,
    rich,
    safe_url,
    said,
)
from bot.slack.cards.undo import agreement_buttons, undo_menu
from bot.slack.cards.who import spelled
from bot.slack.text import clip, isolated, name, one_line, words
from handlers.outcomes import QueueItem
from policy.escalation import EscalationState

DECIDE_BY = "Decide by "
BACK_ON = "Comes back: "
OPEN_CARD = "Open the card"
SHOW_CARD = "Show as a card"
BRING_BACK = "Bring it back now"
WHY = "Why?"
AGREED = "You agreed. Still needed: {needs}. Decide by "
BY = "{what}, {name}"
ASKS_TO_UNDO = "{who} asks to undo this. The rules want you to agree as well."
SINCE = " Asked "
STAYS = ". This line stays until somebody answers."

STANDING = {
    EscalationState.APPROVED: "Approved, about to be written to the CRM",
    EscalationState.EXECUTING: "Approved, being written to the CRM",
    EscalationState.EXECUTED: "Done",
    EscalationState.OUTCOME_UNKNOWN: "Approved, being checked in the CRM",
    EscalationState.FAILED: "Approved, but the CRM did not make the change",
    EscalationState.EXPIRED: "Time ran out, nothing was changed",
    EscalationState.SUPERSEDED: "Replaced by a newer card",
}


def queue_line(item: QueueItem, limit: int = 240) -> Block:
    """Return who, what is proposed, and where it stands."""
    leaves = [leaf(name(item.donor_name), bold=True), leaf("\n"), *said(item.proposal, limit), leaf("\n")]
    leaves += standing(item)
    if url := safe_url(item.permalink):
        leaves += [leaf("  "), link(url, OPEN_CARD)]
    return rich(paragraph(*leaves))


def standing(item: QueueItem) -> list[Leaf]:
    """Say where the decision stands, in a few words."""
    if item.agree_to_undo:
        asked = leaf(ASKS_TO_UNDO.format(who=name(item.agree_to_undo)))
        since = [leaf(SINCE), moment(item.undo_asked_at, when.DAY)] if item.undo_asked_at else []
        return [asked, *since, leaf(STAYS)] if since else [asked]
    if item.waits_for:
        return [leaf(AGREED.format(needs=isolated(clip(one_line(item.waits_for), 120)))), moment(item.due_at)]
    if item.state is EscalationState.OPEN:
        return [leaf(DECIDE_BY), moment(item.due_at)]
    if item.deferred_until:
        return [leaf(BACK_ON), moment(item.deferred_until, when.DAY)]
    what = STANDING.get(item.state, words(item.state))
    who = spelled(item.decided_by, item.decided_for) if item.decided_by else ""
    return [leaf(BY.format(what=what, name=who) if who else what)]


def queue_buttons(item: QueueItem, place: str) -> list[Block]:
    """Return what can be pressed beside a line; *place* keeps the rows of one message apart."""
    about = item.escalation_id
    if not ids.is_opaque(about):
        return []
    pressed = []
    if not item.has_card and item.state is EscalationState.OPEN:
        pressed.append(button(SHOW_CARD, ids.OPEN_CARD, about))
    if item.state is EscalationState.DEFERRED:
        pressed.append(button(BRING_BACK, ids.BRING_BACK, about))
    if item.can_undo:
        pressed.append(undo_menu(about, item.donor_name, item.undo))
    if item.agree_to_undo:
        pressed += agreement_buttons(about, item.donor_name, item.undo)
    if not pressed and item.state is EscalationState.OPEN and safe_url(item.permalink) is None:
        pressed.append(button(WHY, ids.EVIDENCE, about))
    return [actions(f"cs:{place}:{about}", *pressed)] if pressed else []
