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
    rich,
    said,
)
from bot.slack.cards.field_changes import change_lines
from bot.slack.cards.who import acting
from bot.slack.text import clip, isolated, name, one_line
from handlers.outcomes import UNDO_UNSURE, CardStatus, EscalationCard, UndoShown
from policy.actions import UndoPromise
from policy.escalation import EscalationState
from policy.override_reasons import GivenReason, Override, reasons_for
from policy.undoing import Difference

WANTS_UNDO = " asked to undo this{why}. "
BECAUSE = " ({reason})"
NEEDED = "The rules want {needs} to agree as well."
AGREED = " Agreed so far: {names}."
BEFORE_THAT = " Nothing is undone before."
WITH = ", agreed to by {names}"
AGREE, KEEP = "Agree to undo", "Leave it as it is"
AGREE_TITLE = "Agree to undo this for {name}?"
AGREE_YES = "Agree"
ON_ITS_WAY = " asked to undo this. It is being taken back in the CRM."
NOT_UNDONE, UNSURE = "Not undone. ", "Look in the CRM. "
BEFORE, WROTE, NOW = "before us ", "we wrote ", "now "
TAKEN_BACK = "Taken back"
INSTEAD = "It stays in force. Planned instead: "
CAN_STILL = "Without touching what was changed, I can still {rest}."
MORE = "and {count} more fields"
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
            return [rich(paragraph(*_who(undo), leaf(ON_ITS_WAY)))]
        case "waiting":
            return [rich(paragraph(*_who(undo), *_waits(undo)))]
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
    if undo and undo.stage == "waiting":
        return agreement_buttons(card.escalation_id, card.donor.name, card.undo)
    offered = [undo_menu(card.escalation_id, card.donor.name, card.undo)]
    if undo and undo.rest:
        text = REST_TEXT.format(rest=clip(one_line(undo.rest), 150))
        ask = confirmation(REST_TITLE, text, REST, NOT_YET, danger=True)
        offered.append(button(REST, ids.UNDO_REST, card.escalation_id, confirm=ask))
    return offered


def undo_menu(about: str, donor_name: str, promise: UndoPromise) -> dict[str, Any]:
    """Return the reasons for undoing: choosing one is the press, on a card as on the Home tab."""
    title = UNDO_TITLE.format(name=name(donor_name, 60))
    if promise is UndoPromise.COMPENSATION:
        ask = confirmation(title, MAKE_UP_TEXT, MAKE_UP_YES, NOT_YET)
    else:
        ask = confirmation(title, UNDO_TEXT, UNDO_YES, NOT_YET, danger=True)
    reasons = [
        option(GivenReason(code=code).label, ids.joined(code.value, about))
        for code in reasons_for(Override.UNDO)
    ]
    return menu(UNDO_BECAUSE, ids.UNDO, reasons, ask)


def agreement_buttons(about: str, donor_name: str, promise: UndoPromise) -> list[dict[str, Any]]:
    """Return what a second person can press while an undo waits for them."""
    text = MAKE_UP_TEXT if promise is UndoPromise.COMPENSATION else UNDO_TEXT
    title = AGREE_TITLE.format(name=name(donor_name, 60))
    ask = confirmation(title, text, AGREE_YES, NOT_YET, danger=promise is not UndoPromise.COMPENSATION)
    return [button(AGREE, ids.UNDO_AGREE, about, confirm=ask), button(KEEP, ids.UNDO_KEEP, about)]


def _waits(undo: UndoShown) -> list[Leaf]:
    """Say whose agreement is missing, who gave theirs, and that nothing is undone before."""
    needs = " and ".join(
        need.role.value if need.count == 1 else f"{need.count} people as {need.role.value}"
        for need in undo.needs
    )
    why = BECAUSE.format(reason=GivenReason(code=undo.reason).label) if undo.reason else ""
    agreed = AGREED.format(names=", ".join(name(each) for each in undo.agreed)) if undo.agreed else ""
    return [
        leaf(WANTS_UNDO.format(why=why)),
        leaf(NEEDED.format(needs=needs), bold=True),
        leaf(agreed + BEFORE_THAT),
    ]


def _refused(undo: UndoShown) -> Block:
    how = UNSURE if undo.note == UNDO_UNSURE else NOT_UNDONE
    lines = [paragraph(leaf(how, bold=True), *said(undo.note, 400))]
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
    agreed = [leaf(WITH.format(names=", ".join(name(each) for each in undo.agreed)))] if undo.agreed else []
    return [*_who(undo), leaf(what), *agreed, leaf(", "), moment(undo.at), leaf(".")]


def _who(undo: UndoShown) -> list[Leaf]:
    return acting(undo.by_user_id, undo.by_name, undo.for_name)
