"""Somebody's version beside the proposal: the difference, what it would write, and what policy says."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    View,
    bullets,
    fine_print,
    leaf,
    option,
    paragraph,
    plain_text,
    rich,
    said,
    titled,
)
from bot.slack.cards.card_parts import IN_WINDOW
from bot.slack.cards.evidence import fitting
from bot.slack.cards.field_changes import change_lines, difference_line
from bot.slack.payloads import CheckedPlace
from bot.slack.text import isolated, name, one_line
from handlers.outcomes import CheckedEdit
from policy.override_reasons import LABELS, LONGEST_TEXT, Override, reasons_for

TITLE = "Your version"
BACK = "Back"
CLOSE = "Back to the form"
HEADING = "For {name}: "
DIFFERENCE = "What you changed"
WOULD_WRITE = "What would be written to the CRM"
NOTHING_WRITTEN = "No field of the donor's record would change."
SUBMIT = {
    "approve": "Approve this version",
    "approve_first": "Approve this version",
    "propose": "Propose this version",
}
VERDICTS = {
    "approve": "Policy allows this version with your approval.",
    "approve_first": "Policy allows this version with your approval and that of {needs}.",
    "propose": "Policy does not let you approve this version yourself: {needs} must. "
    "You can put it on the card in place of the proposal.",
    "denied": "Policy does not allow this version. Nothing can be written.",
    "impossible": "This version cannot be carried out as it stands.",
    "unchanged": "You changed nothing. To approve the proposal as it is, use the card.",
}
VOID = "The approval already given as {roles} was for the proposal and does not count for your version."
FULL_ABOVE = "(shortened; it stands in the form in full)"
TOO_LONG_TO_SHOW = "The rest is too long for this window. It stands in the form exactly as you typed it."
WHY = "Why did you change it?"
WHY_HINT = "Counted for the digests, so that proposals get better. Shown on the card."
IN_YOUR_WORDS = "In your own words"
PICK_ONE = "Pick one"


def checked_edit_view(checked: CheckedEdit) -> View:
    """Return the window; it can be submitted only where something can be decided with it."""
    place = CheckedPlace(
        edit_id=checked.edit_id,
        escalation_id=checked.escalation_id,
        channel_id=checked.channel_id,
        thread_ts=checked.thread_ts,
    )
    view: View = {
        "type": "modal",
        "callback_id": ids.CHECKED_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(TITLE, 24),
        "close": plain_text(BACK, 24),
        "blocks": _blocks(checked),
    }
    submit = SUBMIT.get(checked.verdict)
    return view | {"submit": plain_text(submit, 24)} if submit else view


def _blocks(checked: CheckedEdit) -> list[Block]:
    verdict = VERDICTS[checked.verdict].format(needs=checked.needs)
    heading = leaf(HEADING.format(name=name(checked.donor_name)), bold=True)
    said_by_policy = [rich(paragraph(leaf(verdict, bold=True)))]
    if checked.reasons:
        said_by_policy.append(rich(bullets(said(reason, 400) for reason in checked.reasons)))
    if checked.verdict == "unchanged":
        return said_by_policy
    blocks = [rich(paragraph(heading, *said(checked.proposal, 400))), *said_by_policy]
    blocks += [_voided(checked)] if checked.void and checked.verdict in SUBMIT else []
    blocks.append(rich(paragraph(leaf(DIFFERENCE, bold=True))))
    lines = [rich(paragraph(*difference_line(each, _in_full))) for each in checked.differences]
    shown = fitting(lines)
    blocks += [*shown, *([fine_print(TOO_LONG_TO_SHOW)] if len(shown) < len(lines) else [])]
    if checked.verdict in SUBMIT:
        blocks += [*_writes(checked), _reason(), _words()]
    return blocks


def _reason() -> Block:
    choices = [option(LABELS[reason], reason.value) for reason in reasons_for(Override.EDIT)]
    element = {
        "type": "static_select",
        "action_id": ids.EDIT_REASON,
        "placeholder": plain_text(PICK_ONE, 150),
        "options": choices,
    }
    return {
        "type": "input",
        "block_id": ids.EDIT_REASON,
        "label": plain_text(WHY, 200),
        "hint": plain_text(WHY_HINT, 2000),
        "element": element,
    }


def _words() -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": ids.EDIT_WORDS,
        "multiline": True,
        "max_length": LONGEST_TEXT,
    }
    return {
        "type": "input",
        "block_id": ids.EDIT_WORDS,
        "optional": True,
        "label": plain_text(IN_YOUR_WORDS, 200),
        "element": element,
    }


def _writes(checked: CheckedEdit) -> list[Block]:
    undo = rich(paragraph(leaf(isolated(one_line(checked.undo_text)), italic=True)))
    if not checked.changes:
        return [titled(WOULD_WRITE, paragraph(leaf(NOTHING_WRITTEN, italic=True))), undo]
    lines = change_lines(checked.changes, None, most=len(checked.changes), text=_shortly)
    return [titled(WOULD_WRITE, bullets(lines)), undo]


def _shortly(text: str, *, bold: bool = False) -> list[Leaf]:
    return said(text, 200, bold=bold, elsewhere=FULL_ABOVE)


def _in_full(text: str, *, bold: bool = False) -> list[Leaf]:
    return IN_WINDOW.text(text, IN_WINDOW.value, bold=bold)


def _voided(checked: CheckedEdit) -> Block:
    return rich(paragraph(leaf(VOID.format(roles=" and ".join(checked.void)))))
