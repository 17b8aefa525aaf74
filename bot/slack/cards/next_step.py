"""One recommended next step: what, why, what else was considered, and the button that puts it forward."""

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
    paragraph,
    rich,
    safe_url,
    said,
    titled,
)
from bot.slack.cards.claims import confidence_line, origin_line, removed_line, sentence
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.cards.field_changes import change_lines
from bot.slack.text import for_notification, name, one_line
from handlers.outcomes import NextStepShown

TITLE = "What next for {name}?"
NOTIFICATION = "What next for {name}"
RECOMMENDED = "Recommended: "
NOTHING_ALLOWED = "Nothing that is due may be done now."
WHY = "Why this"
WOULD_CHANGE = "What would be written to the CRM"
NEEDS = "What the rules ask for"
CONSIDERED = "Also considered"
UNKNOWN = "Not known"
ONLY_IDEA = "This stays an idea"
WAITS = "A decision about this waits already; /donor queue lists it."
HIDDEN = "What speaks for it names amounts or notes, which are not shown for this donor; see the CRM record."
GOES_TO = (
    "Put forward, it goes to {decider}{because}. Nothing is written to the CRM before somebody approves it."
)
NOT_YOU = ", since whoever asks does not decide"
PUT_FORWARD = "Put forward"
USEFUL = "Useful"
NOT_USEFUL = "Not useful"
REFERENCE = "Reference {reference}"

MOST_SIGNALS = 4
MOST_CHANGES = 6
MOST_ASIDES = 5


def next_step_message(shown: NextStepShown) -> Message:
    """Return the recommendation as a message to whoever asked."""
    blocks = donor_blocks(shown.donor, TITLE)
    blocks += _recommended(shown) if shown.step else _nothing(shown)
    blocks += _buttons(shown)
    return Message(for_notification(NOTIFICATION.format(name=name(shown.donor.name))), blocks)


def _nothing(shown: NextStepShown) -> list[Block]:
    said_plainly = [leaf(NOTHING_ALLOWED)] if shown.considered else said(shown.nothing, 300)
    return [rich(paragraph(*said_plainly)), *_considered(shown)]


def _recommended(shown: NextStepShown) -> list[Block]:
    url = safe_url(shown.donor.record_url)
    step = [leaf(RECOMMENDED, bold=True), *said(shown.proposal, 400)]
    if shown.proposal_details:
        step += [leaf("\n"), *said(shown.proposal_details, 500)]
    blocks = [rich(paragraph(leaf(one_line(shown.headline), bold=True), leaf("\n"), *step))]
    if shown.signals:
        reasons = (sentence(each, shown.sources, url) for each in shown.signals[:MOST_SIGNALS])
        blocks.append(titled(WHY, bullets(reasons)))
    elif shown.hidden:
        blocks.append(titled(WHY, paragraph(leaf(HIDDEN, italic=True))))
    if shown.changes:
        lines = change_lines(shown.changes, url, most=MOST_CHANGES)
        blocks.append(titled(WOULD_CHANGE, bullets(lines)))
    blocks += _aside(NEEDS, shown.gates) + _aside(ONLY_IDEA, shown.why_not)
    blocks += _considered(shown) + _aside(UNKNOWN, shown.unknowns)
    blocks.append(_fine_print(shown))
    return blocks


def _aside(title: str, texts: tuple[str, ...]) -> list[Block]:
    return [titled(title, bullets(said(text, 240) for text in texts[:MOST_ASIDES]))] if texts else []


def _considered(shown: NextStepShown) -> list[Block]:
    others: list[list[Leaf]] = [
        [*said(each.step, 240), leaf(" – "), *said(each.why_not, 300)] for each in shown.considered
    ]
    others += [said(text, 240) for text in shown.alternatives]
    return [titled(CONSIDERED, bullets(others[: MOST_ASIDES + 1]))] if others else []


def _fine_print(shown: NextStepShown) -> Block:
    lines = []
    if shown.origin:
        lines.append(origin_line(shown.origin, shown.as_of))
    if shown.confidence:
        lines.append(confidence_line(shown.confidence))
    if shown.removed:
        lines.append(removed_line(shown.removed))
    lines += [footer for footer in map(one_line, shown.footers) if not lines or footer not in lines[0]]
    if shown.undo_text:
        lines.append(one_line(shown.undo_text))
    if shown.may_be_proposed:
        because = NOT_YOU if shown.owner_asks else ""
        lines.append(GOES_TO.format(decider=name(shown.decider, 80), because=because))
    elif shown.waits:
        lines.append(WAITS)
    return fine_print(*lines)


def _buttons(shown: NextStepShown) -> list[Block]:
    row = [
        button(USEFUL, ids.USEFUL, shown.answer_id),
        button(NOT_USEFUL, ids.NOT_USEFUL, shown.answer_id),
    ]
    if shown.may_be_proposed:
        row.insert(0, button(PUT_FORWARD, ids.PUT_FORWARD, shown.answer_id, style="primary"))
    return [
        actions(f"cs:next:{shown.answer_id}", *row),
        fine_print(REFERENCE.format(reference=shown.reference)),
    ]
