"""What a person entered or chose: checked against the blocks that asked for it, in the shape apps receive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.shapes import Json, SlackError

# Element type -> (key of the entered value, key of the app's initial value).
STATEFUL = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "files"),
}
EXTERNAL = ("external_select", "multi_external_select")
_LISTS = ("selected_options", "selected_users", "selected_conversations", "selected_channels", "files")
_REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block it sits in, containers and cards included."""
    for block in blocks:
        for key in ("element", "accessory"):
            if isinstance(block.get(key), dict):
                yield block, block[key]
        if block.get("type") == "carousel":
            yield from elements_of(block.get("elements", []))
            continue
        for key in ("elements", "actions"):
            items = block.get(key)
            if isinstance(items, list) and block.get("type") in ("actions", "context_actions", "card"):
                yield from ((block, item) for item in items)
        yield from elements_of(block.get("child_blocks", []))


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json:
    """The element a person used; one that is no longer there is refused."""
    for block, element in elements_of(blocks):
        if block.get("block_id") == block_id and element.get("action_id") == action_id:
            return element
    raise SlackError("element_not_found")


def state_values(blocks: list[Json], entered: Json, offered: Json | None = None) -> Json:
    """`state.values`: each stateful element by block_id and action_id, with what was entered or initial.

    Of an external select only what was *offered* can have been chosen, where that is known.
    """
    values: Json = {}
    for block, element in elements_of(blocks):
        keys = STATEFUL.get(str(element.get("type")))
        if keys is None or "action_id" not in element:
            continue
        given = _entry(entered, block["block_id"], element["action_id"])
        options = all_options(element)
        if offered is not None and element["type"] in EXTERNAL:
            options = _initial(element) + offered.get(block["block_id"], {}).get(element["action_id"], [])
            if given is not None and given.get(keys[0]) and not options:
                raise SlackError("option_not_found")
        values.setdefault(block["block_id"], {})[element["action_id"]] = _value(element, keys, given, options)
    return values


def _entry(entered: Json, block_id: str, action_id: str) -> Json | None:
    block = entered.get(block_id)
    entry = block.get(action_id) if isinstance(block, dict) else None
    return entry if isinstance(entry, dict) else None


def _initial(element: Json) -> list[Json]:
    return [*element.get("initial_options", []), *filter(None, [element.get("initial_option")])]


def _value(element: Json, keys: tuple[str, str], given: Json | None, options: list[Json]) -> Json:
    key, initial_key = keys
    value = given.get(key) if given is not None else element.get(initial_key)
    if key in _LISTS:
        value = value or []
    elif value == "":
        value = None
    return {"type": element["type"], key: _known_options(options, value)}


def _known_options(options: list[Json], chosen: Any) -> Any:
    if not options or not chosen:
        return chosen
    if isinstance(chosen, list):
        return [_known_option(options, item) for item in chosen]
    return _known_option(options, chosen)


def _known_option(options: list[Json], chosen: Any) -> Json:
    value = chosen.get("value") if isinstance(chosen, dict) else chosen
    for option in options:
        if option.get("value") == value:
            return option
    raise SlackError("option_not_found")


def all_options(element: Json) -> list[Json]:
    """The options of a select, checkbox, radio or overflow element, groups included."""
    groups = element.get("option_groups") or []
    return list(element.get("options") or []) + [item for group in groups for item in group["options"]]


def chosen_option(element: Json, chosen: Any) -> Json:
    """The full option the person chose, as the app defined it."""
    return _known_option(all_options(element), chosen)


def missing_answers(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack itself complains about before the app is asked, by block_id."""
    errors: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        entry = values.get(block["block_id"], {}).get(element.get("action_id"), {})
        key = STATEFUL.get(element["type"], ("value", ""))[0]
        complaint = _complaint(element, entry.get(key), optional=bool(block.get("optional")))
        if complaint:
            errors[block["block_id"]] = complaint
    return errors


def _complaint(element: Json, value: Any, *, optional: bool) -> str | None:
    if not value:
        return None if optional else _REQUIRED
    kind = element["type"]
    if kind == "plain_text_input":
        return _length_complaint(element, str(value))
    if kind == "email_text_input" and not _EMAIL.fullmatch(str(value)):
        return "Please enter a valid email address."
    if kind == "number_input":
        return _number_complaint(element, str(value))
    return None


def _length_complaint(element: Json, value: str) -> str | None:
    if len(value) < int(element.get("min_length", 0)):
        return f"Must be at least {element['min_length']} characters."
    if len(value) > int(element.get("max_length", 3000)):
        return f"Must be at most {element.get('max_length', 3000)} characters."
    return None


def _number_complaint(element: Json, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a valid number."
    if not element.get("is_decimal_allowed") and not number.is_integer():
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Must be at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Must be at most {element['max_value']}."
    return None
