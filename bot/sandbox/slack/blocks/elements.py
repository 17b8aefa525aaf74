"""The interactive elements and images of Block Kit, and which blocks take them."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.blocks import limits
from bot.sandbox.slack.blocks.checks import (
    Check,
    Findings,
    Rule,
    Shape,
    anything,
    boolean,
    exactly_one,
    integer,
    list_of,
    not_above,
    one_of,
    plain,
    string,
    text,
)
from bot.sandbox.slack.shapes import Json

_ID = string(limits.IDENTIFIER)
_URL = string(limits.URL)

CONFIRM = Shape(
    {
        "title": plain(limits.CONFIRM_TITLE),
        "text": text(limits.CONFIRM_TEXT),
        "confirm": plain(limits.CONFIRM_BUTTON),
        "deny": plain(limits.CONFIRM_BUTTON),
        "style": one_of("primary", "danger"),
    },
    required=("title", "text", "confirm", "deny"),
)
_OPTION = Shape(
    {
        "text": plain(limits.OPTION_TEXT),
        "value": string(limits.OPTION_VALUE),
        "description": plain(limits.OPTION_DESCRIPTION),
    },
    required=("text", "value"),
)
_CHOICE = Shape(
    {
        "text": text(limits.OPTION_TEXT),
        "value": string(limits.OPTION_VALUE),
        "description": text(limits.OPTION_DESCRIPTION),
    },
    required=("text", "value"),
)
_MENU_OPTION = Shape({**_OPTION.fields, "url": _URL}, required=("text",))
_GROUP = Shape(
    {"label": plain(limits.OPTION_TEXT), "options": list_of(_OPTION, 1, limits.OPTIONS)},
    required=("label", "options"),
)
SUGGESTIONS = Shape(
    {
        "options": list_of(_OPTION, 0, limits.OPTIONS),
        "option_groups": list_of(_GROUP, 0, limits.OPTIONS),
    },
    rules=(exactly_one("options", "option_groups"),),
)
"""What an app answers when it is asked what to offer in an external select."""
_FILTER = Shape(
    {
        "include": list_of(one_of("im", "mpim", "private", "public"), 1),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
_DISPATCH = Shape(
    {"trigger_actions_on": list_of(one_of("on_enter_pressed", "on_character_entered"), 1)},
)
_SLACK_FILE = Shape({"id": string(), "url": string()}, rules=(exactly_one("id", "url"),))


def _initial_is_an_option(value: Json, pointer: str, findings: Findings) -> None:
    groups = value.get("option_groups")
    options: list[Any] = list(value.get("options") or [])
    for group in groups if isinstance(groups, list) else []:
        options += group.get("options", []) if isinstance(group, dict) else []
    initial = value.get("initial_options")
    chosen = initial if isinstance(initial, list) else [value.get("initial_option")]
    for item in chosen:
        if item is not None and item not in options:
            findings.add(pointer, "initial option must exactly match one of the options")


def _unique_values(value: Json, pointer: str, findings: Findings) -> None:
    options = value.get("options")
    values = [item.get("value") for item in options or [] if isinstance(item, dict)]
    if len(values) != len(set(map(str, values))):
        findings.add(pointer, "option values must be unique")


def _element(fields: dict[str, Check], required: tuple[str, ...] = (), rules: tuple[Rule, ...] = ()) -> Shape:
    return Shape({"type": anything, "action_id": _ID, **fields}, required=("type", *required), rules=rules)


def _picker(fields: dict[str, Check], required: tuple[str, ...] = (), rules: tuple[Rule, ...] = ()) -> Shape:
    return _element(
        {
            "placeholder": plain(limits.PLACEHOLDER),
            "confirm": CONFIRM,
            "focus_on_load": boolean,
            **fields,
        },
        required,
        rules,
    )


def _typed_input(fields: dict[str, Check], required: tuple[str, ...] = (), *rules: Rule) -> Shape:
    base: dict[str, Check] = {
        "placeholder": plain(limits.PLACEHOLDER),
        "initial_value": string(None, 0),
        "dispatch_action_config": _DISPATCH,
        "focus_on_load": boolean,
    }
    return _element({**base, **fields}, required, rules)


_STATIC: dict[str, Check] = {
    "options": list_of(_OPTION, 1, limits.OPTIONS),
    "option_groups": list_of(_GROUP, 1, limits.OPTIONS),
}
_ONE_SOURCE = exactly_one("options", "option_groups")
_AT_MOST = integer(1)
_BUTTON: dict[str, Check] = {
    "text": plain(limits.BUTTON_TEXT),
    "value": string(limits.BUTTON_VALUE),
    "style": one_of("primary", "danger"),
    "confirm": CONFIRM,
    "accessibility_label": string(limits.ACCESSIBILITY_LABEL),
    "visible_to_user_ids": list_of(string(), 1),
}
_FEEDBACK = Shape(
    {
        "text": plain(limits.BUTTON_TEXT),
        "value": string(limits.BUTTON_VALUE),
        "accessibility_label": string(limits.ACCESSIBILITY_LABEL),
    },
    required=("text", "value"),
)

ELEMENTS: dict[str, Check] = {
    "button": _element(
        {
            **_BUTTON,
            "url": _URL,
            "agent_prompt": string(limits.AGENT_PROMPT),
            "agent_prompt_display": anything,
        },
        ("text",),
    ),
    "icon_button": _element(
        {
            **_BUTTON,
            "icon": string(),
            "visible_to_user_ids": list_of(string(), 1, limits.ICON_BUTTON_VIEWERS),
        },
        ("icon", "text"),
    ),
    "workflow_button": _element({**_BUTTON, "workflow": anything}, ("text", "workflow")),
    "feedback_buttons": _element(
        {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
        ("positive_button", "negative_button"),
    ),
    "image": Shape(
        {
            "type": anything,
            "image_url": _URL,
            "slack_file": _SLACK_FILE,
            "alt_text": string(limits.ALT_TEXT),
        },
        required=("alt_text",),
        rules=(exactly_one("image_url", "slack_file"),),
    ),
    "checkboxes": _picker(
        {"options": list_of(_CHOICE, 1, limits.CHOICES), "initial_options": list_of(_CHOICE, 1)},
        ("options",),
        (_initial_is_an_option, _unique_values),
    ),
    "radio_buttons": _picker(
        {"options": list_of(_CHOICE, 1, limits.CHOICES), "initial_option": _CHOICE},
        ("options",),
        (_initial_is_an_option, _unique_values),
    ),
    "overflow": _element(
        {"options": list_of(_MENU_OPTION, 1, limits.OVERFLOW_OPTIONS), "confirm": CONFIRM}, ("options",)
    ),
    "static_select": _picker(
        {**_STATIC, "initial_option": _OPTION}, (), (_ONE_SOURCE, _initial_is_an_option)
    ),
    "multi_static_select": _picker(
        {**_STATIC, "initial_options": list_of(_OPTION, 1), "max_selected_items": _AT_MOST},
        (),
        (_ONE_SOURCE, _initial_is_an_option),
    ),
    "external_select": _picker({"initial_option": _OPTION, "min_query_length": integer(0)}),
    "multi_external_select": _picker(
        {
            "initial_options": list_of(_OPTION, 1),
            "min_query_length": integer(0),
            "max_selected_items": _AT_MOST,
        }
    ),
    "users_select": _picker({"initial_user": string()}),
    "multi_users_select": _picker({"initial_users": list_of(string()), "max_selected_items": _AT_MOST}),
    "conversations_select": _picker(
        {
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": _FILTER,
        }
    ),
    "multi_conversations_select": _picker(
        {
            "initial_conversations": list_of(string()),
            "default_to_current_conversation": boolean,
            "max_selected_items": _AT_MOST,
            "filter": _FILTER,
        }
    ),
    "channels_select": _picker({"initial_channel": string(), "response_url_enabled": boolean}),
    "multi_channels_select": _picker({"initial_channels": list_of(string()), "max_selected_items": _AT_MOST}),
    "datepicker": _picker({"initial_date": string(10, 10)}),
    "timepicker": _picker({"initial_time": string(5, 5), "timezone": string()}),
    "datetimepicker": _element(
        {"initial_date_time": integer(0), "confirm": CONFIRM, "focus_on_load": boolean}
    ),
    "plain_text_input": _typed_input(
        {
            "initial_value": string(limits.INPUT_CHARACTERS, 0),
            "multiline": boolean,
            "min_length": integer(0, limits.INPUT_CHARACTERS),
            "max_length": integer(1, limits.INPUT_CHARACTERS),
        },
        (),
        not_above("min_length", "max_length"),
    ),
    "rich_text_input": _typed_input(
        {"initial_value": anything, "min_lines": integer(1), "max_lines": integer(1)},
        (),
        not_above("min_lines", "max_lines"),
    ),
    "email_text_input": _typed_input({}),
    "url_text_input": _typed_input({}),
    "number_input": _typed_input(
        {"is_decimal_allowed": boolean, "min_value": string(), "max_value": string()},
        ("is_decimal_allowed",),
        not_above("min_value", "max_value"),
    ),
    "file_input": _element(
        {"filetypes": list_of(string(), 1), "max_files": integer(1, limits.INPUT_FILES)},
    ),
}

_SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
_MULTI = tuple(f"multi_{name}" for name in _SELECTS)
_PICKERS = ("checkboxes", "radio_buttons", "datepicker", "timepicker", *_SELECTS, *_MULTI)
ACTION_TYPES = ("button", "workflow_button", "overflow", "datetimepicker", *_PICKERS)
ACCESSORY_TYPES = ("button", "workflow_button", "overflow", "image", *_PICKERS)
INPUT_TYPES = (
    "plain_text_input",
    "rich_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "file_input",
    "datetimepicker",
    *_PICKERS,
)
