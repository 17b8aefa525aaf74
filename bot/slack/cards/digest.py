"""The weekly digest: figures with the period before, decisions, and what the figures mean."""

from __future__ import annotations

from typing import Any

from bot.slack import when
from bot.slack.blocks import (
    Block,
    Message,
    bullets,
    fine_markup,
    fine_print,
    header,
    leaf,
    paragraph,
    rich,
    said,
    titled,
)
from bot.slack.text import clip, for_notification, isolated, one_line
from handlers.outcomes import DigestShown

PERIOD = "{start} to {end}"
COLUMNS = ("", "This period", "Period before")
NO_FIGURE = "–"
LABEL_COLUMN = "Figure"
NO_FIGURES = "Nothing to count happened in this period."
DECISIONS = "Decisions"
LATE = "This digest is late because Countersign or Slack was not available at its usual time."
NOTIFICATION = "{title} is here"

MOST_FIGURES = 40
MOST_DECISIONS = 12


def digest_message(digest: DigestShown) -> Message:
    """Return the digest as a message with one table."""
    blocks = [header(digest.title), _period(digest)]
    if digest.headline:
        blocks.append(rich(paragraph(*said(digest.headline, 500, bold=True))))
    if digest.figures:
        blocks.append(_table(digest))
    else:
        blocks.append(rich(paragraph(leaf(NO_FIGURES, italic=True))))
    if digest.decisions:
        blocks.append(titled(DECISIONS, bullets(_decisions(digest))))
    notes = [*digest.footnotes[:8], *([LATE] if digest.late else [])]
    if notes:
        blocks.append(fine_print(*notes))
    title = clip(one_line(digest.title), 150) or DECISIONS
    return Message(for_notification(NOTIFICATION.format(title=title)), blocks)


def _period(digest: DigestShown) -> Block:
    start, end = (when.token(at, when.DAY) for at in (digest.period_start, digest.period_end))
    return fine_markup(PERIOD.format(start=start, end=end))


def _decisions(digest: DigestShown) -> list[list[dict[str, Any]]]:
    return [
        [*said(what, 120), leaf(": "), leaf(str(count), bold=True)]
        for what, count in digest.decisions[:MOST_DECISIONS]
    ]


def _table(digest: DigestShown) -> Block:
    rows = [[_cell(column or LABEL_COLUMN) for column in COLUMNS]]
    rows += [
        [_cell(figure.label), _cell(figure.value), _cell(figure.before or NO_FIGURE)]
        for figure in digest.figures[:MOST_FIGURES]
    ]
    settings = [{"is_wrapped": True}, {"align": "right"}, {"align": "right"}]
    return {"type": "table", "column_settings": settings, "rows": rows}


def _cell(text: str) -> dict[str, Any]:
    return {"type": "raw_text", "text": isolated(clip(one_line(text), 200)) or NO_FIGURE}
