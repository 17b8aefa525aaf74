"""Rich text: sections, lists, quotes and preformatted text, down to their leaves."""

from __future__ import annotations

from bot.sandbox.slack.blocks.checks import (
    Check,
    Shape,
    anything,
    boolean,
    by_type,
    integer,
    list_of,
    one_of,
    string,
)

_STYLES = ("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink")
_STYLE = Shape(dict.fromkeys(_STYLES, boolean))


def _leaf(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Shape:
    fields: dict[str, Check] = {"type": anything, "style": _STYLE, **required, **(optional or {})}
    return Shape(fields, required=tuple(required))


_LEAVES: dict[str, Check] = {
    "text": _leaf({"text": string()}),
    "link": _leaf({"url": string()}, {"text": string(None, 0), "unsafe": boolean}),
    "user": _leaf({"user_id": string()}),
    "channel": _leaf({"channel_id": string()}),
    "usergroup": _leaf({"usergroup_id": string()}),
    "team": _leaf({"team_id": string()}),
    "emoji": _leaf({"name": string()}, {"unicode": string(), "skin_tone": integer(1, 6), "url": string()}),
    "date": _leaf({"timestamp": integer(0), "format": string()}, {"url": string(), "fallback": string()}),
    "broadcast": _leaf({"range": one_of("here", "channel", "everyone")}),
    "color": _leaf({"value": string()}),
}
_INLINE = list_of(by_type(_LEAVES))
_SECTION = Shape({"type": anything, "elements": _INLINE}, required=("elements",))
_BORDERED = Shape({**_SECTION.fields, "border": integer(0, 1), "language": string()}, ("elements",))
_LIST = Shape(
    {
        "type": anything,
        "style": one_of("bullet", "ordered"),
        "elements": list_of(by_type({"rich_text_section": _SECTION}), 1),
        "indent": integer(0, 8),
        "offset": integer(0),
        "border": integer(0, 1),
    },
    required=("style", "elements"),
)
PARTS: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_list": _LIST,
    "rich_text_quote": _BORDERED,
    "rich_text_preformatted": _BORDERED,
}


RICH_TEXT = Shape({"elements": list_of(by_type(PARTS), 1)}, required=("elements",))
RICH_TEXT_ENTITY = Shape(
    {"type": one_of("rich_text"), "block_id": string(), **RICH_TEXT.fields}, required=("type", "elements")
)
