"""The blocks of Block Kit."""

from __future__ import annotations

from bot.sandbox.slack.blocks import limits
from bot.sandbox.slack.blocks.checks import (
    Check,
    Findings,
    Rule,
    Shape,
    anything,
    at_least_one,
    boolean,
    by_type,
    exactly_one,
    list_of,
    one_of,
    plain,
    string,
    text,
)
from bot.sandbox.slack.blocks.elements import ACCESSORY_TYPES, ACTION_TYPES, ELEMENTS, INPUT_TYPES
from bot.sandbox.slack.blocks.grids import DATA_TABLE, DATA_VISUALIZATION, TABLE
from bot.sandbox.slack.blocks.rich_text import RICH_TEXT, RICH_TEXT_ENTITY
from bot.sandbox.slack.shapes import Json

_IMAGE = by_type(ELEMENTS, "image")
_TEXTS: dict[str, Check] = {kind: text(limits.TEXT, kinds=(kind,)) for kind in ("plain_text", "mrkdwn")}
_CONTAINER_CHILDREN = (
    "actions",
    "context",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "rich_text",
    "section",
    "table",
    "video",
)


def _block(fields: dict[str, Check], required: tuple[str, ...] = (), rules: tuple[Rule, ...] = ()) -> Shape:
    base: dict[str, Check] = {"type": anything, "block_id": string(limits.IDENTIFIER)}
    return Shape({**base, **fields}, required=required, rules=rules)


def _from(shape: Shape) -> Shape:
    return _block(dict(shape.fields), shape.required, shape.rules)


def _one_header_style(value: Json, pointer: str, findings: Findings) -> None:
    if value.get("is_collapsible") and value.get("has_header_divider"):
        findings.add(pointer, "has_header_divider cannot be set when is_collapsible is true")
    if value.get("default_collapsed") and not value.get("is_collapsible"):
        findings.add(pointer, "default_collapsed requires is_collapsible")


def _one_icon(value: Json, pointer: str, findings: Findings) -> None:
    if "icon" in value and "slack_icon" in value:
        findings.add(pointer, "icon and slack_icon cannot be combined")


_SOURCE = Shape({"type": one_of("url"), "url": string(), "text": string()}, required=("type", "url"))
_TASK = _block(
    {
        "task_id": string(),
        "title": string(),
        "details": RICH_TEXT_ENTITY,
        "output": RICH_TEXT_ENTITY,
        "sources": list_of(_SOURCE),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    ("task_id", "title", "status"),
)


def _standalone_task_started(value: Json, pointer: str, findings: Findings) -> None:
    if value.get("status") == "pending":
        findings.add(f"{pointer}/status", "a task outside a plan cannot be pending")


_CARD = _block(
    {
        "hero_image": _IMAGE,
        "icon": _IMAGE,
        "slack_icon": Shape({"type": one_of("icon"), "name": string()}, required=("type", "name")),
        "title": text(limits.CARD_TITLE),
        "subtitle": text(limits.CARD_TITLE),
        "body": text(limits.CARD_BODY),
        "subtext": text(limits.CARD_BODY),
        "actions": list_of(by_type(ELEMENTS, "button"), 1, limits.CARD_BUTTONS),
    },
    rules=(at_least_one("hero_image", "title", "actions", "body"), _one_icon),
)

BLOCKS: dict[str, Check] = {
    "section": _block(
        {
            "text": text(limits.TEXT),
            "fields": list_of(text(limits.SECTION_FIELD), 1, limits.SECTION_FIELDS),
            "accessory": by_type(ELEMENTS, *ACCESSORY_TYPES),
            "expand": boolean,
        },
        rules=(at_least_one("text", "fields"),),
    ),
    "divider": _block({}),
    "header": _block({"text": plain(limits.HEADER)}, ("text",)),
    "image": _block(
        {
            "image_url": string(limits.URL),
            "slack_file": anything,
            "alt_text": string(limits.ALT_TEXT),
            "title": plain(limits.ALT_TEXT),
        },
        ("alt_text",),
        (exactly_one("image_url", "slack_file"),),
    ),
    "context": _block(
        {"elements": list_of(by_type({**_TEXTS, "image": _IMAGE}), 1, limits.CONTEXT_ELEMENTS)},
        ("elements",),
    ),
    "actions": _block(
        {"elements": list_of(by_type(ELEMENTS, *ACTION_TYPES), 1, limits.ACTIONS_ELEMENTS)},
        ("elements",),
    ),
    "context_actions": _block(
        {
            "elements": list_of(
                by_type(ELEMENTS, "feedback_buttons", "icon_button"), 1, limits.CONTEXT_ACTIONS_ELEMENTS
            )
        },
        ("elements",),
    ),
    "input": _block(
        {
            "label": plain(limits.LABEL),
            "hint": plain(limits.LABEL),
            "element": by_type(ELEMENTS, *INPUT_TYPES),
            "optional": boolean,
            "dispatch_action": boolean,
        },
        ("label", "element"),
    ),
    "rich_text": _from(RICH_TEXT),
    "markdown": _block({"text": string(limits.MARKDOWN_CHARACTERS)}, ("text",)),
    "video": _block(
        {
            "alt_text": string(),
            "title": plain(200),
            "title_url": string(limits.URL),
            "thumbnail_url": string(limits.URL),
            "video_url": string(limits.URL),
            "author_name": string(50),
            "description": plain(200),
            "provider_name": string(),
            "provider_icon_url": string(limits.URL),
        },
        ("alt_text", "title", "thumbnail_url", "video_url"),
    ),
    "file": _block({"external_id": string(), "source": one_of("remote")}, ("external_id", "source")),
    "table": _from(TABLE),
    "data_table": _from(DATA_TABLE),
    "data_visualization": _from(DATA_VISUALIZATION),
    "task_card": Shape(_TASK.fields, _TASK.required, (_standalone_task_started,)),
    "plan": _block(
        {"title": string(), "tasks": list_of(by_type({"task_card": _TASK}), 0, limits.PLAN_TASKS)},
        ("title",),
    ),
    "card": _CARD,
    "carousel": _block(
        {"elements": list_of(by_type({"card": _CARD}), 1, limits.CAROUSEL_CARDS)}, ("elements",)
    ),
    "alert": _block(
        {
            "text": text(limits.ALERT_TEXT),
            "level": one_of("default", "info", "warning", "error", "success"),
        },
        ("text",),
    ),
    "auth_provider": _block(
        {
            "value": string(150),
            "name": plain(75),
            "is_connected": boolean,
            "description": plain(150),
            "icon_url": string(limits.URL),
            "auth_url": string(limits.URL),
            "disconnect_url": string(limits.URL),
            "connected_identity": plain(75),
            "connected_context": plain(75),
            "accessory": anything,
            "fallback": anything,
        },
        ("value", "name"),
    ),
}
BLOCKS["container"] = _block(
    {
        "title": plain(limits.CARD_TITLE),
        "rich_text_title": RICH_TEXT_ENTITY,
        "subtitle": text(limits.CARD_TITLE),
        "child_blocks": list_of(by_type(BLOCKS, *_CONTAINER_CHILDREN), 1, limits.CONTAINER_BLOCKS),
        "width": one_of("narrow", "standard", "wide", "full"),
        "icon": _IMAGE,
        "is_collapsible": boolean,
        "default_collapsed": boolean,
        "has_header_divider": boolean,
    },
    ("child_blocks",),
    (at_least_one("title", "rich_text_title"), _one_header_style),
)
