"""The decision card: read in ten seconds, decided with one press, honest about what became of it."""

from __future__ import annotations

from typing import Any

from bot.slack.blocks import (
    Block,
    Leaf,
    Message,
    bullets,
    divider,
    fine_print,
    leaf,
    moment,
    paragraph,
    person,
    rich,
    safe_url,
    said,
    titled,
)
from bot.slack.cards.checked_edit import difference_lines
from bot.slack.cards.claims import confidence_line, origin_line, removed_line, sentence
from bot.slack.cards.decision_buttons import closing_buttons, decision_buttons
from bot.slack.cards.decision_status import passed_on, status_block, title_of
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.cards.field_changes import change_lines
from bot.slack.cards.folded import also_happened, held_back, replaced_by_this
from bot.slack.cards.history import history
from bot.slack.cards.pauses import paused_block
from bot.slack.cards.undo import undo_blocks
from bot.slack.text import clip, for_notification, isolated, name, one_line
from handlers.outcomes import CardEdit, CardStatus, EscalationCard
from policy.escalation import EscalationState

PROPOSED = "Proposed: "
WOULD_CHANGE = "What would be written to the CRM"
NO_CHANGES = "No field of the donor's record would change."
CHANGED = "What was written to the CRM"
WAS_PROPOSED = "What was proposed for the CRM"
WHY = "Why this"
NEEDS_YOU = "Why you are asked"
UNKNOWN = "Not known"
LABEL = "{title}: "
RECENT = "Recent history"
CONSIDERED = "Also considered: {alternatives}"
MORE_UNDER_WHY = "{count} more under “Why?”"
REFERENCE = "Sent to the {route}. Reference {reference}"
NOTE = "⚠️ "
SINCE = "Changed since you looked"

EDITED_BY = "\nEdited by "
MORE_EDITS = "\n{count} earlier edits under “Why?”"

MOST_EDITS = 3
MOST_SIGNALS = 3
MOST_ASIDES = 4
MOST_RECENT = 3

MAY_BE_WRITTEN = frozenset(
    {
        EscalationState.DEFERRED,
        EscalationState.ESCALATED,
        EscalationState.APPROVED,
        EscalationState.EXECUTING,
        EscalationState.EXECUTED,
        EscalationState.OUTCOME_UNKNOWN,
    }
)


def escalation_message(card: EscalationCard, status: CardStatus) -> Message:
    """Return the card as it stands now; only an open one can be decided on."""
    title = title_of(status)
    if status.state is EscalationState.OPEN:
        blocks = _open(card, status, title)
    else:
        blocks = _settled(card, status, title)
    blocks.append(fine_print(_reference(card)))
    return Message(for_notification(title.format(name=name(card.donor.name))), blocks)


def _open(card: EscalationCard, status: CardStatus, title: str) -> list[Block]:
    url = safe_url(card.donor.record_url)
    return [
        *donor_blocks(card.donor, title),
        *_note(status),
        *paused_block(status),
        *_since(status, url),
        status_block(card, status),
        *passed_on(status),
        *_came_back(card),
        divider(),
        _proposal(card, url),
        _changes(card, url),
        *_why(card, url),
        *held_back(card),
        *_asides(card),
        *_recent(card, url),
        _fine_print(card),
        decision_buttons(card, status),
    ]


def _settled(card: EscalationCard, status: CardStatus, title: str) -> list[Block]:
    url = safe_url(card.donor.record_url)
    return [
        *donor_blocks(card.donor, title),
        status_block(card, status),
        *passed_on(status),
        *paused_block(status),
        *_note(status),
        *undo_blocks(status),
        divider(),
        _proposal(card, url),
        _outcome(card, status, url),
        *_undo(card, status),
        closing_buttons(card, status),
    ]


def _note(status: CardStatus) -> list[Block]:
    problem = status.execution.problem if status.execution else ""
    if not status.note or status.note == problem:
        return []
    return [rich(paragraph(leaf(NOTE), *said(status.note, 600, bold=True)))]


def _came_back(card: EscalationCard) -> list[Block]:
    return [rich(paragraph(*said(card.came_back, 900)))] if card.came_back else []


def _since(status: CardStatus, url: str | None) -> list[Block]:
    return [titled(SINCE, bullets(change_lines(status.since, url)))] if status.since else []


def _proposal(card: EscalationCard, url: str | None) -> Block:
    proposed = [leaf(PROPOSED, bold=True), *said(card.proposal, 400, url=url)]
    if card.proposal_details:
        proposed += [leaf("\n"), *said(card.proposal_details, 700, url=url)]
    happened = paragraph(*said(card.happened, 400, url=url), leaf("\n"))
    story = (happened, *also_happened(card, url))
    return rich(*story, paragraph(*proposed), *replaced_by_this(card), *_edits(card))


def _edits(card: EscalationCard) -> list[dict[str, Any]]:
    """Say for ever who changed what about the proposal."""
    shown = card.edits[-MOST_EDITS:]
    lines = []
    if len(shown) < len(card.edits):
        lines.append(paragraph(leaf(MORE_EDITS.format(count=len(card.edits) - len(shown)), italic=True)))
    for edit in shown:
        who = person(edit.by_user_id) if edit.by_user_id.isalnum() else leaf(name(edit.by_name), bold=True)
        heading = paragraph(leaf(EDITED_BY), who, leaf(", "), moment(edit.at), *_because(edit), leaf(":"))
        lines += [heading, bullets(difference_lines(edit.differences, 200))]
    return lines


def _because(edit: CardEdit) -> list[Leaf]:
    if not edit.reason:
        return []
    words = [leaf(" ("), leaf(edit.reason)]
    return [*words, *([leaf(": "), *said(edit.reason_text, 200)] if edit.reason_text else []), leaf(")")]


def _undo(card: EscalationCard, status: CardStatus) -> list[Block]:
    return [fine_print(card.undo_text)] if one_line(card.undo_text) and status.state in MAY_BE_WRITTEN else []


def _changes(card: EscalationCard, url: str | None) -> Block:
    if not card.changes:
        return titled(WOULD_CHANGE, paragraph(leaf(NO_CHANGES, italic=True)))
    return titled(WOULD_CHANGE, bullets(change_lines(card.changes, url)))


def _outcome(card: EscalationCard, status: CardStatus, url: str | None) -> Block:
    executed = status.state in (EscalationState.EXECUTED, EscalationState.UNDONE)
    if executed and status.execution and status.execution.changes:
        link = safe_url(status.execution.record_url) or url
        return titled(CHANGED, bullets(change_lines(status.execution.changes, link)))
    if not card.changes:
        return titled(WAS_PROPOSED, paragraph(leaf(NO_CHANGES, italic=True)))
    return titled(CHANGED if executed else WAS_PROPOSED, bullets(change_lines(card.changes, url)))


def _why(card: EscalationCard, url: str | None) -> list[Block]:
    items = [sentence(claim, card.sources, url, limit=260) for claim in card.signals[:MOST_SIGNALS]]
    if len(card.signals) > MOST_SIGNALS:
        more = MORE_UNDER_WHY.format(count=len(card.signals) - MOST_SIGNALS)
        items.append([leaf(more, italic=True)])
    return [titled(WHY, bullets(items))] if items else []


def _asides(card: EscalationCard) -> list[Block]:
    asides = [*_aside(NEEDS_YOU, card.gates), *_aside(UNKNOWN, card.unknowns)]
    return [rich(*asides)] if asides else []


def _aside(title: str, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    items = [said(text, 220) for text in texts[:MOST_ASIDES]]
    if len(texts) > MOST_ASIDES:
        items.append([leaf(MORE_UNDER_WHY.format(count=len(texts) - MOST_ASIDES), italic=True)])
    label = leaf(LABEL.format(title=title), bold=True)
    if len(items) == 1:
        return [paragraph(label, *items[0], leaf("\n"))]
    return [paragraph(label), bullets(items)] if items else []


def _recent(card: EscalationCard, url: str | None) -> list[Block]:
    return [titled(RECENT, history(card.recent, url, MOST_RECENT))] if card.recent else []


def _fine_print(card: EscalationCard) -> Block:
    lines = [origin_line(card.origin), confidence_line(card.confidence)]
    if card.removed:
        lines.append(removed_line(card.removed))
    if card.alternatives:
        considered = "; ".join(isolated(clip(one_line(text), 160)) for text in card.alternatives[:3])
        lines.append(CONSIDERED.format(alternatives=considered))
    if card.undo_text:
        lines.append(card.undo_text)
    return fine_print(*lines)


def _reference(card: EscalationCard) -> str:
    return REFERENCE.format(route=isolated(clip(one_line(card.route), 200)), reference=card.reference)
