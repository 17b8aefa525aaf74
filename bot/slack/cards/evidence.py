"""Why a card says what it says: the whole path of a decision, oldest first."""

from __future__ import annotations

import json
from itertools import accumulate

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    View,
    bullets,
    fine_print,
    header,
    leaf,
    moment,
    paragraph,
    plain_text,
    rich,
    said,
)
from bot.slack.text import clip, isolated, one_line
from handlers.outcomes import EvidenceLine, EvidenceShown

TITLE = "Why?"
CLOSE = "Close"
WAITING = "Reading how this came about…"
EMPTY = "Nothing is recorded about this decision yet."
BY = "  by "
MORE_LINES = "{count} later steps are left out here. Your compliance team can export all of them."
MORE_DETAILS = "and {count} more"
REFERENCE = "From the audit record. Times are in your time zone. Reference {reference}"

IN_EXPORT = "(shortened; your compliance team can export all of it)"

LONGEST_DETAIL = 2900
MOST_LINES = 60
MOST_CHARACTERS = 150_000
MOST_DETAILS = 60


def waiting_view(title: str = TITLE, text: str = WAITING) -> View:
    """Return the window that is opened at once and filled when what it is for has been read."""
    return _modal(ids.WAITING_VIEW, [rich(paragraph(leaf(text)))], title)


def evidence_view(evidence: EvidenceShown) -> View:
    """Return the window with the whole path."""
    lines = fitting([_line(line) for line in evidence.lines[:MOST_LINES]])
    blocks = [header(evidence.title), *lines]
    if not evidence.lines:
        blocks.append(rich(paragraph(leaf(EMPTY, italic=True))))
    if len(evidence.lines) > len(lines):
        blocks.append(fine_print(MORE_LINES.format(count=len(evidence.lines) - len(lines))))
    blocks.append(fine_print(REFERENCE.format(reference=evidence.reference)))
    return _modal(ids.EVIDENCE_VIEW, blocks)


def notice_view(text: str, title: str = TITLE) -> View:
    """Return a window with one sentence, for a waiting window that cannot be filled."""
    return _modal(ids.EVIDENCE_VIEW, [rich(paragraph(*said(text, 1000)))], title)


def _modal(callback_id: str, blocks: list[Block], title: str = TITLE) -> View:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": blocks,
    }


def fitting(blocks: list[Block]) -> list[Block]:
    """Return as many of *blocks*, from the first on, as a window takes."""
    sizes = accumulate(len(json.dumps(block)) for block in blocks)
    return [block for block, size in zip(blocks, sizes, strict=True) if size <= MOST_CHARACTERS]


def _line(line: EvidenceLine) -> Block:
    who = isolated(clip(one_line(line.who), 80))
    first = paragraph(moment(line.at), leaf("\n"), *said(line.what, 300, bold=True), leaf(f"{BY}{who}"))
    if not line.details:
        return rich(first)
    items = [said(text, LONGEST_DETAIL, elsewhere=IN_EXPORT) for text in line.details[:MOST_DETAILS]]
    if len(line.details) > MOST_DETAILS:
        items.append([leaf(MORE_DETAILS.format(count=len(line.details) - MOST_DETAILS), italic=True)])
    return rich(first, bullets(items))
