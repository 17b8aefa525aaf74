"""A digest: its figures with the period before, the charts that matter most, and the detail in the thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack.blocks import (
    Block,
    Message,
    fine_print,
    header,
    link,
    paragraph,
    rich,
    safe_url,
    said,
)
from bot.slack.cards.charts import MOST_CHARTS, chart_block
from bot.slack.text import clip, for_notification, isolated, one_line
from bot.slack.when import on_day
from handlers.outcomes import DigestDetail, DigestShown
from policy.digest import Cell, DigestFigure, DigestKind, DigestSection, in_words

PERIOD = "{start} to {end}, compared with the period before"
FOLLOWED_UNTIL = "Up to {end}; which decisions are counted stands at each part"
ONE_DAY = "{start}, compared with the day before"
WHOSE = "Team {team} · "
COLUMNS = ("", "Now", "Before", "")
NO_FIGURE = "–"
BLANK = "\u00a0"
LABEL_COLUMN = "Figure"
LATE = "This digest is late because Countersign or Slack was not available at its usual time."
NOTIFICATION = "{title} is here"
IN_THREAD = "The thread holds the tables, more charts and the figures as a file."
NO_CHARTS = (
    "This workspace shows no charts in messages: the thread has the tables that say the same, and pictures "
    "where files are allowed."
)

MOST_FIGURES = 40
MOST_ROWS = 60
MOST_FOOTNOTES = 8
LONGEST_SENTENCE = 500


def digest_message(digest: DigestShown) -> Message:
    """Return the digest as a message with one table and at most two charts."""
    blocks = [header(digest.title), fine_print(_period(digest))]
    if digest.headline:
        blocks.append(rich(paragraph(*said(digest.headline, LONGEST_SENTENCE, bold=True))))
    if digest.figures:
        blocks.append(_figures(digest.figures))
    charted = [section for section in digest.sections if section.chart][:MOST_CHARTS] if digest.charts else []
    for section in charted:
        blocks += [rich(paragraph(*said(section.says, LONGEST_SENTENCE))), *_chart(section)]
    notes = [*digest.footnotes[:MOST_FOOTNOTES], *_about_the_rest(digest)]
    if notes:
        blocks.append(fine_print(*notes))
    title = clip(one_line(digest.title), 150) or LABEL_COLUMN
    return Message(for_notification(NOTIFICATION.format(title=title)), blocks)


def detail_message(detail: DigestDetail) -> Message:
    """Return one section for the thread: what it means, its chart, and the table that says the same."""
    section = detail.section
    blocks = [header(section.title), rich(paragraph(*said(section.says, LONGEST_SENTENCE)))]
    if detail.charts:
        blocks += _chart(section)
    if section.rows:
        blocks.append(_rows(section))
    if section.notes:
        blocks.append(fine_print(*section.notes[:MOST_FOOTNOTES]))
    return Message(for_notification(section.title), blocks)


def period_words(digest: DigestShown) -> str:
    """Say which days a digest covers, where the figures are counted."""
    first, last = digest.days
    if digest.kind is DigestKind.OUTCOMES:
        return FOLLOWED_UNTIL.format(end=on_day(last))
    if first == last:
        return ONE_DAY.format(start=on_day(first))
    return PERIOD.format(start=on_day(first), end=on_day(last))


def _period(digest: DigestShown) -> str:
    whose = WHOSE.format(team=one_line(digest.team)) if digest.team else ""
    return whose + period_words(digest)


def _about_the_rest(digest: DigestShown) -> list[str]:
    rest = [IN_THREAD] if digest.sections else []
    rest += [] if digest.charts else [NO_CHARTS]
    return rest + ([LATE] if digest.late else [])


def _chart(section: DigestSection) -> list[Block]:
    return [chart_block(section.chart)] if section.chart else []


def _figures(figures: Sequence[DigestFigure]) -> Block:
    changes = any(figure.change for figure in figures)
    columns = COLUMNS if changes else COLUMNS[:3]
    rows = [
        [_cell(column or (LABEL_COLUMN if not number else BLANK)) for number, column in enumerate(columns)]
    ]
    for figure in figures[:MOST_FIGURES]:
        cells = [figure.label, figure.value, figure.before or NO_FIGURE, figure.change or BLANK]
        rows.append([_cell(cell) for cell in cells[: len(columns)]])
    settings = [{"is_wrapped": True}, {"align": "right"}, {"align": "right"}, {"align": "left"}]
    return {"type": "table", "column_settings": settings[: len(columns)], "rows": rows}


def _rows(section: DigestSection) -> Block:
    head = [_cell(column or BLANK) for column in section.columns]
    rows = [head]
    for number, row in enumerate(section.rows[:MOST_ROWS]):
        url = safe_url(section.links[number]) if number < len(section.links) else None
        rows.append(_row(row, url))
    settings: list[dict[str, Any]] = [{"is_wrapped": True}]
    settings += [{"is_wrapped": True} if section.links else {"align": "right"} for _ in section.columns[1:]]
    return {"type": "table", "column_settings": settings, "rows": rows}


def _row(row: Sequence[Cell], url: str | None) -> list[dict[str, Any]]:
    cells = [_cell(cell) for cell in row]
    if url and cells:
        words = clip(one_line(in_words(row[-1])), 60) or "card"
        cells[-1] = {"type": "rich_text", "elements": [paragraph(link(url, words))]}
    return cells


def _cell(cell: Cell) -> dict[str, Any]:
    text = in_words(cell)
    if text == BLANK:
        return {"type": "raw_text", "text": text}
    return {"type": "raw_text", "text": isolated(clip(one_line(text), 200)) or NO_FIGURE}
