"""An answer to a question about a donor: what the record says, and openly what it does not."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bullets,
    button,
    dated,
    fine_print,
    leaf,
    paragraph,
    rich,
    safe_url,
    said,
)
from bot.slack.cards.claims import empty_line, origin_line, removed_line, sentence
from bot.slack.text import for_notification, isolated, name, one_line
from handlers.outcomes import FollowUpShown

NOTIFICATION = "About {name}"
WARNING = "⚠️ "
REFERENCE = "Reference {reference}"
STOPPED = "You stopped this answer, so it is not complete."
USEFUL = "Useful"
NOT_USEFUL = "Not useful"


def follow_up_message(shown: FollowUpShown) -> Message:
    """Return the answer as a message; the donor is named, since a thread may be long."""
    about = NOTIFICATION.format(name=name(shown.donor.name))
    heading = [leaf(about, bold=True)]
    if shown.donor.warnings:
        warnings = isolated(one_line(" · ".join(shown.donor.warnings)))
        heading += [leaf("\n"), *dated(f"{WARNING}{warnings}", bold=True)]
    blocks: list[Block] = [rich(paragraph(*heading))]
    url = safe_url(shown.donor.record_url)
    lines = [sentence(claim, shown.sources, url) for claim in shown.claims]
    if shown.origin.broke_off == "stopped":
        lines.append([leaf(STOPPED, italic=True)])
    lines += [said(note, 400, url=url) for note in shown.notes]
    blocks.append(rich(bullets(lines) if len(lines) > 1 else paragraph(*(lines[0] if lines else []))))
    say = origin_line if shown.claims else empty_line
    small = [say(shown.origin, shown.as_of)]
    if shown.removed:
        small.append(removed_line(shown.removed))
    small.append(REFERENCE.format(reference=shown.reference))
    row = actions(
        f"cs:follow_up:{shown.answer_id}",
        button(USEFUL, ids.USEFUL, shown.answer_id),
        button(NOT_USEFUL, ids.NOT_USEFUL, shown.answer_id),
    )
    return Message(for_notification(about), [*blocks, fine_print(*small), row])
