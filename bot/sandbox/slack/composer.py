"""What Slack's message field makes of typed text: escapes, mentions, links and a rich text block."""

from __future__ import annotations

import re

from bot.sandbox.slack.shapes import Json

_TOKEN = re.compile(r"<(@[A-Z0-9]+|#[A-Z0-9]+(?:\|[^>]*)?|![a-z]+|https?://[^>]+)>")
_LINK = re.compile(r"https?://[^\s<>]+")


def escape(text: str) -> str:
    """The three replacements of Slack's text format."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def composed(typed: str, names: dict[str, str]) -> str:
    """Typed text as stored: @Name becomes a mention (*names*: name -> user id), links get brackets."""
    parts: list[str] = []
    position = 0
    for match in _TOKEN.finditer(typed):
        parts += [_plain(typed[position : match.start()], names), match.group()]
        position = match.end()
    parts.append(_plain(typed[position:], names))
    return "".join(parts)


def _plain(text: str, names: dict[str, str]) -> str:
    escaped = _LINK.sub(lambda match: f"<{match.group()}>", escape(text))
    for name in sorted(names, key=len, reverse=True):
        pattern = re.compile(rf"(?<!\w)@{re.escape(name)}(?!\w)", re.IGNORECASE)
        escaped = pattern.sub(f"<@{names[name]}>", escaped)
    return escaped


def rich_text(text: str, block_id: str) -> Json:
    """The rich text block Slack attaches to what people write."""
    elements: list[Json] = []
    position = 0
    for match in _TOKEN.finditer(text):
        elements += _text_element(text[position : match.start()])
        elements.append(_token_element(match.group(1)))
        position = match.end()
    elements += _text_element(text[position:])
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _text_element(text: str) -> list[Json]:
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": plain}] if plain else []


def _token_element(token: str) -> Json:
    if token.startswith("@"):
        return {"type": "user", "user_id": token[1:]}
    if token.startswith("#"):
        return {"type": "channel", "channel_id": token[1:].partition("|")[0]}
    if token.startswith("!"):
        return {"type": "broadcast", "range": token[1:]}
    return {"type": "link", "url": token}
