"""What a decision is about: shortened on the card, where it says so, and in full in a window of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack import when
from bot.slack.blocks import (
    Block,
    Leaf,
    bullets,
    dated,
    leaf,
    literal,
    moment,
    paragraph,
    rich,
    said,
    titled,
)
from bot.slack.cards.claims import confidence_line, origin_line, removed_line, sentence
from bot.slack.cards.field_changes import change_lines, difference_line
from bot.slack.cards.folded import also_happened, replaced_by_this
from bot.slack.cards.who import acting
from bot.slack.text import clip, isolated, one_line, pieces, plain
from handlers.outcomes import CardEdit, EscalationCard
from policy.actions import FieldChange

PROPOSED = "Proposed: "
NO_CHANGES = "No field of the donor's record would change."
WHY = "Why this"
NEEDS_YOU = "Why you are asked"
URGENCY = {
    "now": "🔴 This needs somebody today",
    "soon": "🟠 This should not wait long",
    "routine": "⚪ Nothing pressing",
}
UNKNOWN = "Not known"
LABEL = "{title}: "
EDITED_BY = "\nEdited by "
CONSIDERED = "Also considered: {alternatives}"

READ_IN_FULL = "Read in full"
IN_FULL = f"(shortened; “{READ_IN_FULL}” shows all of it)"
MORE_UNDER_WHY = "{count} more under “Why?”"
MORE_IN_FULL = f"{{count}} more under “{READ_IN_FULL}”"

EVERYTHING = 1_000_000
ONE_LEAF = 2900


@dataclass(frozen=True, slots=True)
class Room:
    """How much of each part fits: characters of texts, numbers of items."""

    sentence: int
    details: int
    value: int
    aside: int
    changes: int
    signals: int
    asides: int
    alternatives: int
    edits: int

    def text(self, text: str, limit: int, *, bold: bool = False) -> list[Leaf]:
        """Return *text*; where it is cut, the card says where to read all of it."""
        if limit < EVERYTHING:
            return said(text, limit, bold=bold, elsewhere=IN_FULL)
        return [each for piece in pieces(plain(text), ONE_LEAF) for each in dated(isolated(piece), bold=bold)]

    def put(self, text: str, *, bold: bool = False) -> list[Leaf]:
        """Return the value of a field to the letter, as it stands in the CRM or would."""
        if self.value < EVERYTHING or len(when.days_in(text)) == 1:
            return literal(text, self.value, bold=bold, elsewhere=IN_FULL)
        return [leaf(isolated(piece), bold=bold) for piece in pieces(plain(text), ONE_LEAF)]


ON_CARD = Room(
    sentence=400,
    details=700,
    value=200,
    aside=220,
    changes=8,
    signals=3,
    asides=4,
    alternatives=3,
    edits=3,
)
IN_WINDOW = Room(*(EVERYTHING for _ in range(9)))


def proposal(card: EscalationCard, url: str | None, room: Room) -> Block:
    """Return what happened, what is proposed, and who changed that."""
    proposed = [leaf(PROPOSED, bold=True), *room.text(card.proposal, room.sentence)]
    if card.proposal_details:
        proposed += [leaf("\n"), *room.text(card.proposal_details, room.details)]
    happened = paragraph(*room.text(card.happened, room.sentence), leaf("\n"))
    story = (happened, *also_happened(card, url))
    return rich(*story, paragraph(*proposed), *replaced_by_this(card), *_edits(card.edits, room))


def proposed_changes(title: str, changes: Sequence[FieldChange], room: Room) -> Block:
    """Return the fields before and after, under *title*."""
    if not changes:
        return titled(title, paragraph(leaf(NO_CHANGES, italic=True)))
    lines = change_lines(changes, None, most=room.changes, text=room.put)
    return titled(title, bullets(_with_rest(lines, len(changes) - room.changes, MORE_IN_FULL)))


def why(card: EscalationCard, url: str | None, room: Room) -> list[Block]:
    """Return the reasons with their sources."""
    limit = min(room.aside + 40, 2900)
    items = [
        sentence(claim, card.sources, url, limit=limit, elsewhere=IN_FULL)
        for claim in card.signals[: room.signals]
    ]
    items = _with_rest(items, len(card.signals) - room.signals, MORE_UNDER_WHY)
    return [titled(WHY, bullets(items))] if items else []


def triage(card: EscalationCard, room: Room) -> list[Block]:
    """Return how pressing it is, and why."""
    if card.triage is None:
        return []
    reasons = (*card.triage.risks, *card.triage.chances)
    if not reasons and card.triage.urgency == "routine":
        return []
    label = leaf(URGENCY[card.triage.urgency], bold=True)
    if not reasons:
        return [rich(paragraph(label))]
    items = [room.text(reason, room.aside) for reason in reasons[: room.asides]]
    return [rich(paragraph(label), bullets(_with_rest(items, len(reasons) - room.asides, MORE_IN_FULL)))]


def asides(card: EscalationCard, room: Room) -> list[Block]:
    """Return why somebody is asked and what nobody knows."""
    found = [*_aside(NEEDS_YOU, card.gates, room), *_aside(UNKNOWN, card.unknowns, room)]
    return [rich(*found)] if found else []


def standing_of(card: EscalationCard, room: Room) -> list[str]:
    """Return who wrote the reasons, how far they carry, what else was considered, and the undo promise."""
    lines = [origin_line(card.origin), confidence_line(card.confidence)]
    if card.removed:
        lines.append(removed_line(card.removed))
    if card.alternatives:
        lines.append(CONSIDERED.format(alternatives=_alternatives(card.alternatives, room)))
    # A footer that policy asks for and that stands there already is not said twice.
    footers = [footer for footer in map(one_line, card.footers) if footer not in lines[0]]
    return [*lines, *filter(None, (one_line(card.undo_text), *footers))]


def _alternatives(texts: Sequence[str], room: Room) -> str:
    shown = [one_line(text) for text in texts[: room.alternatives]]
    named = [isolated(clip(text, room.aside)) for text in shown]
    if len(texts) > len(shown):
        named.append(MORE_UNDER_WHY.format(count=len(texts) - len(shown)))
    if any(len(text) > room.aside for text in shown):
        named.append(IN_FULL)
    return "; ".join(named)


def _edits(edits: Sequence[CardEdit], room: Room) -> list[dict[str, Any]]:
    """Say for ever who changed what about the proposal, the latest last."""
    left_out = len(edits) - room.edits
    more = leaf("\n" + MORE_IN_FULL.format(count=left_out), italic=True)
    lines = [paragraph(more)] if left_out > 0 else []
    for edit in edits[max(left_out, 0) :]:
        who = acting(edit.by_user_id, edit.by_name, edit.for_name)
        heading = [leaf(EDITED_BY), *who, leaf(", "), moment(edit.at), *_because(edit, room), leaf(":")]
        changed = [_difference(each, room) for each in edit.differences]
        lines += [paragraph(*heading), *([bullets(changed)] if changed else [])]
    return lines


def _difference(change: FieldChange, room: Room) -> list[Leaf]:
    return difference_line(change, room.put)


def _because(edit: CardEdit, room: Room) -> list[Leaf]:
    if not edit.reason:
        return []
    words = [leaf(": "), *room.text(edit.reason_text, room.value)] if edit.reason_text else []
    return [leaf(f" ({isolated(one_line(edit.reason))}"), *words, leaf(")")]


def _aside(title: str, texts: Sequence[str], room: Room) -> list[dict[str, Any]]:
    items = [room.text(text, room.aside) for text in texts[: room.asides]]
    items = _with_rest(items, len(texts) - room.asides, MORE_UNDER_WHY)
    label = leaf(LABEL.format(title=title), bold=True)
    if len(items) == 1:
        return [paragraph(label, *items[0], leaf("\n"))]
    return [paragraph(label), bullets(items)] if items else []


def _with_rest(items: Iterable[list[Leaf]], rest: int, words: str) -> list[list[Leaf]]:
    more = [[leaf(words.format(count=rest), italic=True)]] if rest > 0 else []
    return [*items, *more]
