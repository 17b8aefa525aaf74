"""A donor summary: warnings first, at most six sentences with sources, and what to make of them."""

from __future__ import annotations

from typing import Literal

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bullets,
    button,
    confirmation,
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
from bot.slack.cards.claims import both_sides, confidence_line, origin_line, removed_line, sentence
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.cards.history import history
from bot.slack.text import for_notification, name
from handlers.outcomes import SummaryShown

Place = Literal["ephemeral", "direct", "channel"]
"""Where it is shown: to one person in a channel, in direct messages, or to everybody in a channel."""

TITLE = "{name}"
NOTIFICATION = "Summary of {name}"
NOTHING_TO_SAY = "The CRM holds nothing about this donor that could be summarised yet."
NOT_SEEN = "What I could not see"
STOPPED = "You stopped this summary, so it is not complete."
CONTRADICTIONS = "The records contradict each other"
TIMELINE = "Recent history"
NO_TIMELINE = "No gifts, meetings or messages are recorded yet."
BEFORE = "For your meeting, "
BEFORE_HINT = " (sent by itself; an administrator can switch this off for you)"
SAVE = "Save as a CRM note"
SHARED_BY = "Shared by "
REFERENCE = "Reference {reference}"
USEFUL = "Useful"
NOT_USEFUL = "Not useful"
SHARE = "Share in channel"
SHARE_TITLE = "Show this to the channel?"
SHARE_TEXT = "Everybody in this channel will see the summary and the history, also people who join later."
SHARE_YES = "Share"
SHARE_NO = "Keep private"

MOST_SENTENCES = 6
MOST_ASIDES = 5
MOST_HISTORY = 8


def summary_message(shown: SummaryShown, place: Place) -> Message:
    """Return the summary as a message."""
    url = safe_url(shown.donor.record_url)
    blocks = donor_blocks(shown.donor, TITLE)
    if shown.before:
        blocks.append(rich(paragraph(leaf(BEFORE), moment(shown.before), leaf(BEFORE_HINT, italic=True))))
    blocks.append(_sentences(shown, url))
    if shown.summary.origin.broke_off == "stopped":
        blocks.append(rich(paragraph(leaf(STOPPED, italic=True))))
    blocks += _asides(shown, url)
    blocks.append(_fine_print(shown))
    blocks += _timeline(shown, url)
    if shown.shared_by:
        blocks.append(_shared_by(shown.shared_by))
    blocks += _buttons(shown, place)
    return Message(for_notification(NOTIFICATION.format(name=name(shown.donor.name))), blocks)


def _sentences(shown: SummaryShown, url: str | None) -> Block:
    claims = shown.summary.claims[:MOST_SENTENCES]
    if not claims:
        return rich(paragraph(leaf(NOTHING_TO_SAY, italic=True)))
    return rich(bullets(sentence(claim, shown.sources, url) for claim in claims))


def _asides(shown: SummaryShown, url: str | None) -> list[Block]:
    summary, asides = shown.summary, []
    if summary.contradictions:
        both = (both_sides(each, shown.sources, url) for each in summary.contradictions[:MOST_ASIDES])
        asides.append(titled(CONTRADICTIONS, bullets(both)))
    if summary.not_seen:
        asides.append(titled(NOT_SEEN, bullets(said(gap, 240) for gap in summary.not_seen[:MOST_ASIDES])))
    return asides


def _fine_print(shown: SummaryShown) -> Block:
    summary = shown.summary
    lines = [origin_line(summary.origin, summary.as_of), confidence_line(summary.confidence)]
    if summary.removed:
        lines.append(removed_line(summary.removed))
    return fine_print(*lines)


def _timeline(shown: SummaryShown, url: str | None) -> list[Block]:
    if not shown.timeline:
        return [divider(), titled(TIMELINE, paragraph(leaf(NO_TIMELINE, italic=True)))]
    return [divider(), titled(TIMELINE, history(shown.timeline, url, MOST_HISTORY))]


def _shared_by(user_id: str) -> Block:
    who = person(user_id) if user_id.isalnum() else leaf(name(user_id))
    return rich(paragraph(leaf(SHARED_BY), who))


def _buttons(shown: SummaryShown, place: Place) -> list[Block]:
    if place == "channel":
        return [_feedback(shown.answer_id), fine_print(REFERENCE.format(reference=shown.reference))]
    row = [
        button(USEFUL, ids.USEFUL, shown.answer_id),
        button(NOT_USEFUL, ids.NOT_USEFUL, shown.answer_id),
    ]
    if place == "ephemeral":
        ask = confirmation(SHARE_TITLE, SHARE_TEXT, SHARE_YES, SHARE_NO)
        row.append(button(SHARE, ids.SHARE, shown.answer_id, confirm=ask))
    if shown.summary.claims:
        row.append(button(SAVE, ids.SAVE_NOTE, shown.answer_id))
    return [
        actions(f"cs:summary:{shown.answer_id}", *row),
        fine_print(REFERENCE.format(reference=shown.reference)),
    ]


def _feedback(answer_id: str) -> Block:
    def choice(label: str, value: str) -> dict[str, object]:
        return {"text": {"type": "plain_text", "text": label}, "value": ids.joined(value, answer_id)}

    element = {
        "type": "feedback_buttons",
        "action_id": ids.FEEDBACK,
        "positive_button": choice(USEFUL, "useful"),
        "negative_button": choice(NOT_USEFUL, "not_useful"),
    }
    return {"type": "context_actions", "block_id": f"cs:feedback:{answer_id}"[:255], "elements": [element]}
