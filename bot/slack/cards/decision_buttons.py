"""What can be pressed on a decision card, and the question before something is written."""

from __future__ import annotations

from bot.slack import ids, when
from bot.slack.blocks import Block, actions, button, confirmation, menu, option
from bot.slack.cards.card_parts import DETAILS
from bot.slack.cards.field_changes import spell
from bot.slack.cards.undo import undo_buttons
from bot.slack.text import clip, name, one_line
from handlers.decisions.considering import mark_of
from handlers.outcomes import CardStatus, EscalationCard
from policy.escalation import EscalationState

APPROVE = "Approve"
APPROVE_TITLE = "Approve this for {name}?"
APPROVE_WRITES = "Countersign will write to the CRM:"
APPROVE_YES = "Approve and write"
APPROVE_NO = "Not yet"
AND_MORE = "and {count} more: read the whole card first"
EDIT = "Edit…"
MORE = "More…"
PUT_OFF_UNTIL = "Put off until {day}"
PUT_OFF = (
    ("Put off until the next working day", "next_business_day"),
    ("Put off until next week", "next_week"),
)
MORE_CHOICES = (
    ("Put off until a day or an event…", "date"),
    ("Escalate further…", "escalate"),
    ("Send back…", "send_back"),
    ("Decline…", "decline"),
)
BRING_BACK = "Bring it back now"
EVIDENCE = "Why?"

MOST_NAMED = 3
MOST_CONFIRMED = 290


def decision_buttons(card: EscalationCard, status: CardStatus) -> Block:
    """Return what can be pressed to decide; the block id changes with the status, so that menus reset."""
    about = card.escalation_id
    named = tuple((PUT_OFF_UNTIL.format(day=when.week_day(day)), day.isoformat()) for day in card.put_off)
    labelled = (*(named or PUT_OFF), *MORE_CHOICES)
    choices = [option(label, ids.joined(choice, about)) for label, choice in labelled]
    return actions(
        _block_id(card, status),
        button(APPROVE, ids.APPROVE, about, style="primary", confirm=_approval(card)),
        button(EDIT, ids.EDIT, about),
        menu(MORE, ids.MORE, choices),
        *_to_read(about),
    )


def closing_buttons(card: EscalationCard, status: CardStatus) -> Block:
    """Return what can be pressed when nothing is left to decide: Undo while it is possible, and reading."""
    about = card.escalation_id
    if status.state is EscalationState.DEFERRED:
        offered = [button(BRING_BACK, ids.BRING_BACK, about)]
    else:
        offered = undo_buttons(card, status)
    return actions(_block_id(card, status), *offered, *_to_read(about))


def _to_read(about: str) -> list[dict[str, object]]:
    return [button(DETAILS, ids.READ_IN_FULL, about), button(EVIDENCE, ids.EVIDENCE, about)]


def _approval(card: EscalationCard) -> dict[str, object]:
    named = card.changes[:MOST_NAMED]
    room = (MOST_CONFIRMED - len(APPROVE_WRITES) - len(AND_MORE)) // max(len(named), 1) - 4
    lines = [APPROVE_WRITES, *(f"• {clip(spell(change, room), room)}" for change in named)]
    if not card.changes:
        lines.append(clip(one_line(card.proposal), 200))
    if len(card.changes) > MOST_NAMED:
        lines.append(AND_MORE.format(count=len(card.changes) - MOST_NAMED))
    title = APPROVE_TITLE.format(name=name(card.donor.name, 60))
    return confirmation(title, "\n".join(lines), APPROVE_YES, APPROVE_NO)


def _block_id(card: EscalationCard, status: CardStatus) -> str:
    since = int(status.at.timestamp()) if status.at else 0
    return f"cs:card:{card.escalation_id}:{status.state}:{since}:{mark_of(card)}"
