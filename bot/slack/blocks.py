"""Constructors for the Block Kit pieces the cards are made of; each keeps within Slack's limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from bot.slack import when
from bot.slack.text import clip, escape, isolated, mended, one_line, plain

_MARKUP = re.compile(r"[*_~`]|:[\w+-]+:|^>", re.MULTILINE)
"""What mrkdwn would not show literally; a small line with any of it keeps its days as they are spelled."""

Block = dict[str, Any]
Leaf = dict[str, Any]
View = dict[str, Any]

FIRST_YEAR = 1970
"""Slack counts dates from here; a day before that is spelled."""
MOST_LETTERS = 13_000
"""Slack refuses a message whose blocks hold some more text than this."""
NOTHING_TO_ADD = "–"
OPEN_IN_FULL = "open in full"
SHORTENED = "(shortened; the record in the CRM has it in full)"


@dataclass(frozen=True, slots=True)
class Message:
    """A message: *text* for lock screens and screen readers, without amounts, and the *blocks* people see."""

    text: str
    blocks: list[Block]


def letters(shown: object) -> int:
    """Return how long all the texts in some blocks are together."""
    if isinstance(shown, list):
        return sum(map(letters, shown))
    if not isinstance(shown, dict):
        return 0
    text = shown.get("text")
    own = len(text) if isinstance(text, str) else 0
    return own + sum(map(letters, shown.values()))


def plain_text(text: str, limit: int) -> dict[str, Any]:
    """A text in which nothing is markup and nothing turns into an emoji."""
    return {"type": "plain_text", "text": clip(one_line(text), limit) or "-", "emoji": False}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain_text(text, 150)}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def fine_print(*lines: str) -> Block:
    """Small grey lines, shown literally, with days in the reader's own form."""
    text = "\n".join(clip(one_line(line), 700) for line in lines).strip() or NOTHING_TO_ADD
    text = clip(text, 2000)
    parts = when.days_in(text)
    if len(parts) > 1 and not _MARKUP.search(text):
        return fine_markup("".join(_in_markup(part) for part in parts))
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def _in_markup(part: str | date) -> str:
    return when.day_token(part) if isinstance(part, date) else escape(part)


def fine_markup(markup: str) -> Block:
    """A small grey line of our own mrkdwn, for dates and mentions."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": markup, "verbatim": True}]}


def leaf(text: str, *, bold: bool = False, italic: bool = False) -> Leaf:
    """A piece of running text that is shown literally, whatever it contains."""
    style = {key: True for key, wanted in (("bold", bold), ("italic", italic)) if wanted}
    element: Leaf = {"type": "text", "text": text or " "}
    return element | {"style": style} if style else element


def said(
    text: str, limit: int, *, url: str | None = None, bold: bool = False, elsewhere: str = SHORTENED
) -> list[Leaf]:
    """Text of others, cleaned; what does not fit in *limit* is cut visibly and says where all of it is.

    Days in it are shown in the reader's own form, like every other day.
    """
    cleaned = plain(text)
    shown = clip(cleaned, limit)
    leaves = dated(isolated(shown), bold=bold)
    if shown == cleaned:
        return leaves
    return [*leaves, leaf(" "), link(url, OPEN_IN_FULL) if url else leaf(elsewhere, italic=True)]


def literal(
    text: str, limit: int, *, url: str | None = None, bold: bool = False, elsewhere: str = SHORTENED
) -> list[Leaf]:
    """Text that is shown as it is written elsewhere, to the letter, unless all of it is a day."""
    if len(when.days_in(plain(text))) == 1:
        return said(text, limit, url=url, bold=bold, elsewhere=elsewhere)
    cleaned = plain(text)
    shown = clip(cleaned, limit)
    leaves = [leaf(isolated(shown), bold=bold)]
    if shown == cleaned:
        return leaves
    return [*leaves, leaf(" "), link(url, OPEN_IN_FULL) if url else leaf(elsewhere, italic=True)]


def dated(text: str, *, bold: bool = False, italic: bool = False, url: str | None = None) -> list[Leaf]:
    """Return *text* with every day that is spelled in it as a date of Slack's, all of it a link to *url*."""

    def shown(part: str | date) -> Leaf:
        if isinstance(part, date):
            day = calendar_day(part) | ({"url": url} if url else {})
            style = leaf("", bold=bold, italic=italic).get("style")
            return day | {"style": style} if style else day
        words = mended(part)
        return link(url, words) if url else leaf(words, bold=bold, italic=italic)

    return [shown(part) for part in when.days_in(text)]


def calendar_day(day: date) -> Leaf:
    """A day of the calendar, the same for every reader, in the form of their language."""
    return {
        "type": "date",
        "timestamp": int(when.within(day).timestamp()),
        "format": when.CALENDAR_DAY,
        "fallback": when.on_day(day),
    }


def link(url: str, label: str) -> Leaf:
    """A link with words of our own."""
    return {"type": "link", "url": url, "text": label}


def moment(at: datetime, shape: str = when.DAY_AND_TIME) -> Leaf:
    """An instant in the reader's time zone."""
    return {
        "type": "date",
        "timestamp": max(0, int(at.timestamp())),
        "format": shape,
        "fallback": when.in_utc(at) if shape == when.DAY_AND_TIME else when.on_day(at),
    }


def day_or_moment(at: date | datetime) -> Leaf:
    """A calendar day as it is, or the day of an instant in the reader's time zone."""
    if isinstance(at, datetime):
        return moment(at, when.CALENDAR_DAY)
    return calendar_day(at) if at.year >= FIRST_YEAR else leaf(when.on_day(at))


def person(user_id: str) -> Leaf:
    """A colleague, linked to their profile."""
    return {"type": "user", "user_id": user_id}


def paragraph(*leaves: Leaf) -> dict[str, Any]:
    """A paragraph of running text."""
    return {"type": "rich_text_section", "elements": list(leaves)}


def bullets(items: Iterable[Sequence[Leaf]]) -> dict[str, Any]:
    """A list; each item is running text."""
    return {"type": "rich_text_list", "style": "bullet", "elements": [paragraph(*item) for item in items]}


def rich(*elements: dict[str, Any]) -> Block:
    """A block of paragraphs and lists."""
    return {"type": "rich_text", "elements": list(elements)}


def titled(title: str, *elements: dict[str, Any]) -> Block:
    """A block of paragraphs and lists under a bold line."""
    return rich(paragraph(leaf(title, bold=True)), *elements)


def button(
    label: str,
    action_id: str,
    value: str,
    *,
    style: Literal["primary", "danger"] | None = None,
    confirm: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A button; *value* is an opaque id."""
    element: dict[str, Any] = {
        "type": "button",
        "text": plain_text(label, 75),
        "action_id": action_id,
        "value": value,
    }
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = confirm
    return element


def confirmation(title: str, text: str, yes: str, no: str, *, danger: bool = False) -> dict[str, Any]:
    """The question before something is done."""
    dialog: dict[str, Any] = {
        "title": plain_text(title, 100),
        "text": {"type": "plain_text", "text": clip(plain(text), 300), "emoji": False},
        "confirm": plain_text(yes, 30),
        "deny": plain_text(no, 30),
    }
    return dialog | {"style": "danger"} if danger else dialog


def option(label: str, value: str, description: str | None = None) -> dict[str, Any]:
    """One choice of a menu; *value* is opaque."""
    choice: dict[str, Any] = {"text": plain_text(label, 75), "value": value}
    return choice | {"description": plain_text(description, 75)} if description else choice


def menu(
    placeholder: str, action_id: str, options: list[dict[str, Any]], confirm: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A menu of up to a hundred choices."""
    element: dict[str, Any] = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain_text(placeholder, 150),
        "options": options[:100],
    }
    return element | {"confirm": confirm} if confirm else element


def radio_buttons(
    block_id: str,
    action_id: str,
    label: str,
    options: list[dict[str, Any]],
    initial: dict[str, Any] | None = None,
) -> Block:
    """A question with its answers one below the other, of which *initial* is chosen at first."""
    element: dict[str, Any] = {"type": "radio_buttons", "action_id": action_id, "options": options}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, 200),
        "element": element | {"initial_option": initial} if initial else element,
    }


def actions(block_id: str, *elements: dict[str, Any]) -> Block:
    """A row of buttons and menus."""
    return {"type": "actions", "block_id": clip(block_id, 255), "elements": list(elements)}


def safe_url(url: str | None) -> str | None:
    """Return *url* if it is a web address of ordinary length, else None."""
    if url is None or len(url) > 2000 or not url.startswith(("https://", "http://")):
        return None
    return None if any(char.isspace() or char in '<>|"' for char in url) else url
