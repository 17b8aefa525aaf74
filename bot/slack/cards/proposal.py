"""A proposed change of the rules: what it would do to whom, who agreed so far, and what can be pressed."""

from __future__ import annotations

from typing import Any

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    Message,
    View,
    actions,
    bullets,
    button,
    confirmation,
    divider,
    fine_print,
    header,
    leaf,
    moment,
    paragraph,
    plain_text,
    rich,
    said,
    titled,
)
from bot.slack.text import clip, for_notification, isolated, name, one_line
from handlers.outcomes import PolicyCard, PolicyReportPage, PolicyReportShown

TITLES = {
    "proposed": "New rules proposed",
    "in_force": "New rules in force",
    "retired": "Rules that were in force",
    "rejected": "New rules turned down",
    "withdrawn": "Proposal withdrawn",
}
GOING_BACK = "Going back to earlier rules proposed"
BY = " by {author}, "
VERSIONS = "Version {version}, instead of {base}."
NO_BASE = "nothing"
LOOSENS = "This can loosen the rules. {count} people other than {author} have to agree (admin or compliance)."
TIGHTENS = "This cannot loosen the rules. Somebody other than {author} has to agree (admin or compliance)."
AGREED = "Agreed so far: {names}. {left} more must agree."
NOBODY_YET = "Nobody has agreed yet."
LOOSENED = "Would be answered less strictly"
GATES = "Rules that differ"
MORE = "and {count} more under “Why?”"
DECIDED = {
    "in_force": "Agreed to by {who}, in force since ",
    "retired": "Agreed to by {who}, in force from ",
    "rejected": "Turned down by {who}, ",
    "withdrawn": "Other rules came into force first, ",
}
ACTIVATE, SHADOW, REJECT, WHY = "Activate", "Run in the shadow", "Reject", "Why?"
ACTIVATE_TITLE = "Agree to these rules?"
ACTIVATE_TEXT = "With the last yes that is needed they rule every decision at once, for everybody."
ACTIVATE_YES, NOT_YET = "Agree", "Not yet"
REJECT_TITLE = "Turn this change down?"
REJECT_TEXT = "The rules in force stay. The change can be put forward again."
REJECT_YES = "Turn it down"
REFERENCE = "Replayed from what was recorded; nothing was decided by it. Reference {reference}"
REPORT = "What it would do"
CLOSE = "Close"
PAGE = "{title} ({number} of {of})"
ALL_OF_IT = "The rest is in the thread of the card."
MOST_GATES, MOST_PARTS, MOST_LINES = 6, 12, 120


def proposal_message(card: PolicyCard) -> Message:
    """Return the card as it stands."""
    waits = card.state == "proposed"
    title = GOING_BACK if waits and card.kind == "rollback" else TITLES[card.state]
    blocks = [header(title), rich(paragraph(*_who(card))), *_decided(card)]
    blocks += [divider(), rich(paragraph(*said(card.headline, 400, bold=True)))]
    if card.effects:
        blocks.append(rich(bullets(said(text, 300) for text in card.effects)))
    blocks += _few(LOOSENED, card.loosened, len(card.loosened))
    blocks += _few(GATES, card.gates, MOST_GATES)
    blocks += [_needed(card)] if waits else []
    blocks += [_buttons(card, waits=waits), fine_print(REFERENCE.format(reference=card.reference))]
    return Message(for_notification(f"{title}: {card.title}"), blocks)


def report_message(page: PolicyReportPage) -> Message:
    """Return one message of the whole report."""
    title = REPORT if page.of == 1 else PAGE.format(title=REPORT, number=page.number, of=page.of)
    blocks = [header(title), *_parts(page.parts), fine_print(REFERENCE.format(reference=page.reference))]
    return Message(for_notification(f"{title}: {page.title}"), blocks)


def report_view(shown: PolicyReportShown) -> View:
    """Return the window with the report, as much of it as a window holds; the card's thread has it all."""
    blocks = [header(clip(one_line(shown.title), 150)), *_parts(shown.parts[:MOST_PARTS])]
    if len(shown.parts) > MOST_PARTS or any(len(lines) > MOST_LINES for _, lines in shown.parts):
        blocks.append(fine_print(ALL_OF_IT))
    blocks.append(fine_print(REFERENCE.format(reference=shown.reference)))
    return {
        "type": "modal",
        "callback_id": ids.EVIDENCE_VIEW,
        "title": plain_text(REPORT, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": blocks,
    }


def _parts(parts: tuple[tuple[str, tuple[str, ...]], ...]) -> list[Block]:
    blocks = []
    for title, lines in parts:
        blocks.append(rich(paragraph(*said(title, 300, bold=True))))
        if lines:
            blocks.append(rich(bullets(said(line, 1000) for line in lines[:MOST_LINES])))
    return blocks


def _who(card: PolicyCard) -> list[Leaf]:
    base = card.base_version[:12] if card.base_version else NO_BASE
    return [
        *said(card.title, 120, bold=True),
        leaf(BY.format(author=name(card.author))),
        moment(card.proposed_at),
        leaf("\n"),
        leaf(VERSIONS.format(version=card.version[:12], base=base)),
    ]


def _decided(card: PolicyCard) -> list[Block]:
    if card.state == "proposed" or card.decided_at is None:
        return []
    text = DECIDED[card.state].format(who=name(card.decided_by) if card.decided_by else name(card.author))
    return [rich(paragraph(leaf(text, bold=True), moment(card.decided_at), leaf(".")))]


def _needed(card: PolicyCard) -> Block:
    author = isolated(clip(one_line(card.author), 80))
    needs = (LOOSENS if card.people_needed > 1 else TIGHTENS).format(count=card.people_needed, author=author)
    names = ", ".join(name(each) for each in card.approvals)
    so_far = AGREED.format(names=names, left=card.still_needed) if card.approvals else NOBODY_YET
    return rich(paragraph(leaf(needs, bold=True), leaf("\n"), leaf(so_far)))


def _few(title: str, lines: tuple[str, ...], most: int) -> list[Block]:
    if not lines:
        return []
    items = [said(line, 200) for line in lines[:most]]
    if len(lines) > most:
        items.append([leaf(MORE.format(count=len(lines) - most), italic=True)])
    return [titled(title, bullets(items))]


def _buttons(card: PolicyCard, *, waits: bool) -> Block:
    about = card.proposal_id
    row: list[dict[str, Any]] = []
    if waits:
        agree = confirmation(ACTIVATE_TITLE, ACTIVATE_TEXT, ACTIVATE_YES, NOT_YET)
        refuse = confirmation(REJECT_TITLE, REJECT_TEXT, REJECT_YES, NOT_YET, danger=True)
        row.append(button(ACTIVATE, ids.POLICY_APPROVE, about, style="primary", confirm=agree))
        row.append(button(SHADOW, ids.POLICY_SHADOW, about))
        row.append(button(REJECT, ids.POLICY_REJECT, about, confirm=refuse))
    row.append(button(WHY, ids.POLICY_REPORT, about))
    return actions(f"cs:policy:{about}:{card.state}:{len(card.approvals)}", *row)
