"""What a decision is about: in brief on the card, which says what it leaves out, and in full in a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from bot.slack.cards.claims import (
    MOST_SOURCES,
    brief_confidence,
    brief_origin,
    confidence_line,
    origin_line,
    removed_line,
    sentence,
)
from bot.slack.cards.field_changes import change_lines, difference_line
from bot.slack.cards.folded import also_happened, replaced_by_this
from bot.slack.cards.repeats import adds_nothing, same_figures
from bot.slack.cards.who import acting
from bot.slack.text import clip, isolated, one_line, pieces, plain
from handlers.outcomes import CardEdit, EscalationCard
from handlers.proposals.routing import OWN_CHANNEL
from policy.actions import FieldChange
from policy.claims import VerifiedClaim
from policy.considered import words_in

PROPOSED = "Proposed: "
NO_CHANGES = "No field of the donor's record would change."
WHY = "Why"
NEEDS_YOU = "Rule"
NEED_YOU = "Rules"
URGENCY = {
    "now": "🔴 This needs somebody today",
    "soon": "🟠 This should not wait long",
    "routine": "⚪ Nothing pressing",
}
UNKNOWN = "Not known"
LABEL = "{title}: "
EDITED_BY = "\nEdited by "
SENT_TO = "Sent to {route}."
CONSIDERED = "Also considered: {alternatives}"

DETAILS = "Details"
IN_FULL = f"(shortened; “{DETAILS}” shows all of it)"
MORE_REASONS = f" +{{count}} in “{DETAILS}”"
MORE_IN_FULL = f"{{count}} more under “{DETAILS}”"

EVERYTHING = 1_000_000
TWO_LINES = 22
"""Words of reasons that stand on a card in two lines or so; the first one always stands there."""
ONE_LEAF = 2900


@dataclass(frozen=True, slots=True)
class Room:
    """How much of each part fits: characters of texts, numbers of items, words of reasons.

    What is *brief* leaves out what stands there already.
    """

    brief: bool
    sentence: int
    details: int
    value: int
    aside: int
    changes: int
    reasons: int
    sources: int
    asides: int
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
    brief=True,
    sentence=400,
    details=700,
    value=200,
    aside=220,
    changes=8,
    reasons=TWO_LINES,
    sources=1,
    asides=4,
    edits=3,
)
TIGHT = replace(ON_CARD, sentence=250, details=250, value=70, aside=110, changes=5, asides=2, edits=1)
"""For the few cards that would be longer than Slack lets a message be."""
IN_WINDOW = Room(
    brief=False,
    sentence=EVERYTHING,
    details=EVERYTHING,
    value=EVERYTHING,
    aside=EVERYTHING,
    changes=EVERYTHING,
    reasons=EVERYTHING,
    sources=MOST_SOURCES,
    asides=EVERYTHING,
    edits=EVERYTHING,
)


def proposal(card: EscalationCard, url: str | None, room: Room) -> Block:
    """Return what happened, what is proposed, and who changed that.

    In brief, what the fields below say by themselves is not said before them.
    """
    proposed = []
    if not (room.brief and fields_say(card)):
        proposed += [leaf(PROPOSED, bold=True), *room.text(card.proposal, room.sentence)]
    if card.proposal_details and not (room.brief and _told_before(card)):
        proposed += [leaf("\n")] if proposed else []
        proposed += room.text(card.proposal_details, room.details)
    parts = [paragraph(*proposed)] if proposed else []
    parts += [*replaced_by_this(card), *_edits(card.edits, room)]
    happened = room.text(card.happened, room.sentence)
    return rich(
        paragraph(*happened, leaf("\n")) if parts or card.folded else paragraph(*happened),
        *also_happened(card, url, room.asides + 1),
        *parts,
    )


def fields_say(card: EscalationCard) -> bool:
    """Say whether the fields that would change tell all of the proposal."""
    return bool(card.changes) and adds_nothing(card.proposal, *_fields(card))


def _told_before(card: EscalationCard) -> bool:
    ids = (source.id for source in card.sources)
    return adds_nothing(card.proposal_details, card.happened, *card.also, card.proposal, *_fields(card), *ids)


def _fields(card: EscalationCard) -> list[str]:
    return [text for change in card.changes for text in (change.field, change.after)]


def proposed_changes(title: str, changes: Sequence[FieldChange], room: Room) -> Block:
    """Return the fields before and after, under *title*."""
    if not changes:
        return titled(title, paragraph(leaf(NO_CHANGES, italic=True)))
    lines = change_lines(changes, None, most=room.changes, text=room.put)
    return titled(title, bullets(_with_rest(lines, len(changes) - room.changes, MORE_IN_FULL)))


def why(card: EscalationCard, url: str | None, room: Room) -> list[Block]:
    """Return the reasons with their sources; in brief, what says the most beside the event comes first."""
    limit = min(room.aside + 40, 2900)
    signals = _most_telling(card) if room.brief else card.signals
    shown = _within(signals, room.reasons)
    items = [
        sentence(claim, card.sources, url, limit=limit, elsewhere=IN_FULL, most_sources=room.sources)
        for claim in shown
    ]
    rest = len(signals) - len(shown)
    if len(items) == 1:
        more = [leaf(MORE_REASONS.format(count=rest), italic=True)] if rest else []
        return [rich(paragraph(leaf(LABEL.format(title=WHY), bold=True), *items[0], *more))]
    return [titled(WHY, bullets(_with_rest(items, rest, MORE_IN_FULL)))] if items else []


def _most_telling(card: EscalationCard) -> list[VerifiedClaim]:
    return sorted(card.signals, key=lambda each: same_figures(each.claim.text, card.happened))


def _within(signals: Sequence[VerifiedClaim], most: int) -> Sequence[VerifiedClaim]:
    words = 0
    for index, each in enumerate(signals):
        words += words_in([each.claim.text])
        if index and words > most:
            return signals[:index]
    return signals


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
    rules = NEEDS_YOU if len(card.gates) == 1 else NEED_YOU
    found = [*_aside(rules, card.gates, room), *_aside(UNKNOWN, card.unknowns, room)]
    return [rich(*found)] if found else []


def sent_to(card: EscalationCard) -> str:
    """Say where the card went, and why there."""
    return SENT_TO.format(route=isolated(clip(one_line(card.route), 200)))


def standing_in_brief(card: EscalationCard) -> list[str]:
    """Return what nobody may overlook: whether AI wrote it, how sure it is, and the undo promise.

    Why it is here is said where it is not where its owner works.
    """
    first = [brief_origin(card.origin), brief_confidence(card.confidence)]
    if card.removed:
        first.append(removed_line(card.removed))
    return [*_with_footers(card, [" ".join(first)]), *([] if card.route == OWN_CHANNEL else [sent_to(card)])]


def standing_of(card: EscalationCard) -> list[str]:
    """Return who wrote the reasons, how far they carry, what else was considered, and the undo promise."""
    lines = [origin_line(card.origin), confidence_line(card.confidence)]
    if card.removed:
        lines.append(removed_line(card.removed))
    if card.alternatives:
        alternatives = "; ".join(isolated(one_line(text)) for text in card.alternatives)
        lines.append(CONSIDERED.format(alternatives=alternatives))
    return _with_footers(card, lines)


def _with_footers(card: EscalationCard, lines: list[str]) -> list[str]:
    # A footer that policy asks for and that stands there already is not said twice.
    footers = [footer for footer in map(one_line, card.footers) if footer not in lines[0]]
    return [*lines, *filter(None, (one_line(card.undo_text), *footers))]


def _edits(edits: Sequence[CardEdit], room: Room) -> list[dict[str, Any]]:
    """Say for ever who changed what about the proposal, the latest last."""
    left_out = len(edits) - room.edits
    more = leaf("\n" + MORE_IN_FULL.format(count=left_out), italic=True)
    lines = [paragraph(more)] if left_out > 0 else []
    for edit in edits[max(left_out, 0) :]:
        who = acting(edit.by_user_id, edit.by_name, edit.for_name)
        heading = [leaf(EDITED_BY), *who, leaf(", "), moment(edit.at), *_because(edit, room), leaf(":")]
        rest = len(edit.differences) - room.changes
        differences = [difference_line(each, room.put) for each in edit.differences[: room.changes]]
        changed = _with_rest(differences, rest, MORE_IN_FULL)
        lines += [paragraph(*heading), *([bullets(changed)] if changed else [])]
    return lines


def _because(edit: CardEdit, room: Room) -> list[Leaf]:
    if not edit.reason:
        return []
    words = [leaf(": "), *room.text(edit.reason_text, room.value)] if edit.reason_text else []
    return [leaf(f" ({isolated(one_line(edit.reason))}"), *words, leaf(")")]


def _aside(title: str, texts: Sequence[str], room: Room) -> list[dict[str, Any]]:
    items = [room.text(text, room.aside) for text in texts[: room.asides]]
    items = _with_rest(items, len(texts) - room.asides, MORE_IN_FULL)
    label = leaf(LABEL.format(title=title), bold=True)
    if len(items) == 1:
        return [paragraph(label, *items[0], leaf("\n"))]
    return [paragraph(label), bullets(items)] if items else []


def _with_rest(items: Iterable[list[Leaf]], rest: int, words: str) -> list[list[Leaf]]:
    more = [[leaf(words.format(count=rest), italic=True)]] if rest > 0 else []
    return [*items, *more]
