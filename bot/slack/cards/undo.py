"""What becomes of an undo: on its way, refused with what is different, or done; and the buttons for it."""

from __future__ import annotations

from typing import Any

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    bullets,
    button,
    confirmation,
    leaf,
    menu,
    moment,
    option,
    paragraph,
    person,
    rich,
    said,
)
from bot.slack.cards.field_changes import change_lines
from bot.slack.text import clip, isolated, name, one_line
from handlers.outcomes import CardStatus, EscalationCard, UndoShown
from policy.actions import UndoPromise
from policy.escalation import EscalationState
from policy.override_reasons import GivenReason, Override, reasons_for
from policy.undoing import Difference

ON_ITS_WAY = " asked to undo this. It is being taken back in the CRM."
NOT_UNDONE = "Not undone. "
BEFORE, WROTE, NOW = "before us ", "we wrote ", "now "
TAKEN_BACK = "Taken back"
INSTEAD = "It stays in force. Planned instead: "
CAN_STILL = "Without touching what was changed, I can still {rest}."
MORE = "and {count} more fields"
UNDO = "Undo"
UNDO_BECAUSE = "Undo because…"
UNDO_TITLE = "Undo this for {name}?"
UNDO_TEXT = (
    "What was written to the CRM is taken back. If somebody has changed it since, nothing is touched and the "
    "card shows what is different."
)
MAKE_UP_TEXT = (
    "An opt-out cannot be taken back: only the donor can open the channel again. It stays in force, and a "
    "task is planned to ask them."
)
UNDO_YES, MAKE_UP_YES = "Undo it", "Plan the task"
REST = "Undo the rest"
REST_TITLE = "Undo what is left of it?"
REST_TEXT = "What somebody changed since stays as it is. Countersign will {rest}."
NOT_YET = "Not yet"

MOST_DIFFERENCES = 8


def undo_blocks(status: CardStatus) -> list[Block]:
    """Return what to say about undoing, if anything."""
    undo = status.execution.undo if status.execution else None
    if undo is None:
        return []
    match undo.stage:
        case "asked":
            return [rich(paragraph(_who(undo), leaf(ON_ITS_WAY)))]
        case "refused":
            return [_refused(undo)]
        case "done":
            return _done(undo)


def undo_buttons(card: EscalationCard, status: CardStatus) -> list[dict[str, Any]]:
    """Return Undo while it is possible, and after a difference what can be undone without touching that."""
    if status.state is not EscalationState.EXECUTED or card.undo is UndoPromise.IMPOSSIBLE:
        return []
    undo = status.execution.undo if status.execution else None
    if undo and undo.stage == "asked":
        return []
    offered = [_undo_menu(card)]
    if undo and undo.rest:
        text = REST_TEXT.format(rest=clip(one_line(undo.rest), 150))
        ask = confirmation(REST_TITLE, text, REST, NOT_YET, danger=True)
        offered.append(button(REST, ids.UNDO_REST, card.escalation_id, confirm=ask))
    return offered


def _undo_menu(card: EscalationCard) -> dict[str, Any]:
    """Choosing the reason is the press: whoever counts them later needs no second question."""
    title = UNDO_TITLE.format(name=name(card.donor.name, 60))
    if card.undo is UndoPromise.COMPENSATION:
        ask = confirmation(title, MAKE_UP_TEXT, MAKE_UP_YES, NOT_YET)
    else:
        ask = confirmation(title, UNDO_TEXT, UNDO_YES, NOT_YET, danger=True)
    reasons = [
        option(GivenReason(code=code).label, ids.joined(code.value, card.escalation_id))
        for code in reasons_for(Override.UNDO)
    ]
    return menu(UNDO_BECAUSE, ids.UNDO, reasons, ask)


def _refused(undo: UndoShown) -> Block:
    lines = [paragraph(leaf(NOT_UNDONE, bold=True), *said(undo.note, 400))]
    shown = [_difference(each) for each in undo.differences[:MOST_DIFFERENCES]]
    if len(undo.differences) > MOST_DIFFERENCES:
        shown.append([leaf(MORE.format(count=len(undo.differences) - MOST_DIFFERENCES), italic=True)])
    if shown:
        lines.append(bullets(shown))
    if undo.rest:
        lines.append(paragraph(leaf(CAN_STILL.format(rest=clip(one_line(undo.rest), 150)))))
    return rich(*lines)


def _difference(each: Difference) -> list[Leaf]:
    field = isolated(clip(one_line(each.field), 60))
    return [
        leaf(f"{field}: {BEFORE}"),
        *said(each.before, 120),
        leaf(f" · {WROTE}"),
        *said(each.written, 120),
        leaf(f" · {NOW}"),
        *said(each.now, 120, bold=True),
    ]


def _done(undo: UndoShown) -> list[Block]:
    said_so = [paragraph(*said(undo.note, 400))] if undo.note else []
    if undo.instead:
        return [rich(paragraph(leaf(INSTEAD, bold=True), *said(undo.instead, 400)), *said_so)]
    if undo.changes:
        said_so += [paragraph(leaf(TAKEN_BACK, bold=True)), bullets(change_lines(undo.changes, None))]
    return [rich(*said_so)] if said_so else []


def undone_by(undo: UndoShown, what: str) -> list[Leaf]:
    """Say who took it back, and when."""
    return [_who(undo), leaf(what), leaf(", "), moment(undo.at), leaf(".")]


def _who(undo: UndoShown) -> Leaf:
    if undo.by_user_id.isalnum():
        return person(undo.by_user_id)
    return leaf(name(undo.by_name), bold=True)
