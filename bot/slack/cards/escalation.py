"""The decision card: one screen of a phone, decided with one press, honest about what became of it.

On its face stands what a decision needs; everything else is behind “Details”, in full.
"""

from __future__ import annotations

from bot.slack.blocks import (
    MOST_LETTERS,
    Block,
    Message,
    bullets,
    divider,
    fine_print,
    leaf,
    letters,
    paragraph,
    rich,
    safe_url,
    said,
    titled,
)
from bot.slack.cards.card_parts import (
    ON_CARD,
    TIGHT,
    Room,
    asides,
    fields_say,
    proposal,
    proposed_changes,
    standing_in_brief,
    triage,
    why,
)
from bot.slack.cards.decision_buttons import closing_buttons, decision_buttons
from bot.slack.cards.decision_status import decided_elsewhere, passed_on, status_block, title_of
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.cards.field_changes import change_lines
from bot.slack.cards.folded import held_back
from bot.slack.cards.pauses import paused_block
from bot.slack.cards.undo import undo_blocks
from bot.slack.text import for_notification, name, one_line
from handlers.outcomes import CardStatus, EscalationCard
from policy.escalation import EscalationState

IN_CRM = "In the CRM"
WOULD_CHANGE = "Proposed"
CHANGED = "Written to the CRM"
TAKEN_BACK = "What had been written to the CRM"
WAS_PROPOSED = "Proposed"
REFERENCE = "Reference {reference}"
NOTE = "⚠️ "
SINCE = "Changed since you looked"

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
    blocks = _blocks(card, status, title, ON_CARD)
    if letters(blocks) > MOST_LETTERS:
        blocks = _blocks(card, status, title, TIGHT)
    return Message(for_notification(title.format(name=name(card.donor.name))), blocks)


def _blocks(card: EscalationCard, status: CardStatus, title: str, room: Room) -> list[Block]:
    shown = _open if status.state is EscalationState.OPEN else _settled
    return [*shown(card, status, title, room), fine_print(REFERENCE.format(reference=card.reference))]


def _open(card: EscalationCard, status: CardStatus, title: str, room: Room) -> list[Block]:
    url = safe_url(card.donor.record_url)
    return [
        *donor_blocks(card.donor, title, decider=card.decider),
        *_note(status),
        *paused_block(status),
        *_since(status, url, room),
        status_block(card, status),
        *passed_on(status),
        *decided_elsewhere(status),
        *_came_back(card, room),
        divider(),
        proposal(card, url, room),
        proposed_changes(WOULD_CHANGE if fields_say(card) else IN_CRM, card.changes, room),
        *triage(card, room),
        *why(card, url, room),
        *held_back(card, room.asides + 1),
        *asides(card, room),
        fine_print(*standing_in_brief(card)),
        decision_buttons(card, status),
    ]


def _settled(card: EscalationCard, status: CardStatus, title: str, room: Room) -> list[Block]:
    url = safe_url(card.donor.record_url)
    return [
        *donor_blocks(card.donor, title),
        status_block(card, status),
        *passed_on(status),
        *paused_block(status),
        *_note(status),
        *undo_blocks(status),
        divider(),
        proposal(card, url, room),
        _outcome(card, status, url, room),
        *_undo(card, status),
        closing_buttons(card, status),
    ]


def _note(status: CardStatus) -> list[Block]:
    problem = status.execution.problem if status.execution else ""
    if not status.note or status.note == problem:
        return []
    return [rich(paragraph(leaf(NOTE), *said(status.note, 600, bold=True)))]


def _came_back(card: EscalationCard, room: Room) -> list[Block]:
    return [rich(paragraph(*room.text(card.came_back, room.details + 200)))] if card.came_back else []


def _since(status: CardStatus, url: str | None, room: Room) -> list[Block]:
    lines = change_lines(status.since, url, most=room.changes)
    return [titled(SINCE, bullets(lines))] if status.since else []


def _undo(card: EscalationCard, status: CardStatus) -> list[Block]:
    return [fine_print(card.undo_text)] if one_line(card.undo_text) and status.state in MAY_BE_WRITTEN else []


def _outcome(card: EscalationCard, status: CardStatus, url: str | None, room: Room) -> Block:
    executed = status.state in (EscalationState.EXECUTED, EscalationState.UNDONE)
    heading = TAKEN_BACK if status.state is EscalationState.UNDONE else CHANGED
    if executed and status.execution and status.execution.changes:
        link = safe_url(status.execution.record_url) or url
        return titled(heading, bullets(change_lines(status.execution.changes, link, most=room.changes)))
    return proposed_changes(heading if executed else WAS_PROPOSED, card.changes, room)
