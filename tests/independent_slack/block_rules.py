"""Block Kit's published limits, as far as a bot like ours can run into them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

BLOCKS = {"message": 50, "modal": 100, "home": 100}
NOT_ON = {"context_actions": ("modal", "home"), "input": ("message",)}
LEAVES = {"text", "link", "user", "usergroup", "channel", "emoji", "date", "broadcast", "color"}
FIELDS = {
    "button": {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"},
    "static_select": {
        "type",
        "action_id",
        "options",
        "option_groups",
        "initial_option",
        "confirm",
        "placeholder",
    },
    "datepicker": {"type", "action_id", "initial_date", "confirm", "placeholder", "focus_on_load"},
    "plain_text_input": {
        "type",
        "action_id",
        "initial_value",
        "multiline",
        "min_length",
        "max_length",
        "placeholder",
        "focus_on_load",
        "dispatch_action_config",
    },
    "radio_buttons": {"type", "action_id", "options", "initial_option", "confirm", "focus_on_load"},
    "checkboxes": {"type", "action_id", "options", "initial_options", "confirm", "focus_on_load"},
    "external_select": {
        "type",
        "action_id",
        "initial_option",
        "min_query_length",
        "confirm",
        "placeholder",
        "focus_on_load",
    },
    "users_select": {"type", "action_id", "initial_user", "confirm", "placeholder", "focus_on_load"},
    "feedback_buttons": {"type", "action_id", "positive_button", "negative_button"},
}
MOST_OPTIONS = {"static_select": 100, "radio_buttons": 10, "checkboxes": 10}


def faults_in(blocks: list[Json], surface: str, view: Json | None = None) -> list[str]:
    """Return what Slack would refuse."""
    found = [] if len(blocks) <= BLOCKS[surface] else [f"{len(blocks)} blocks"]
    names = [block["block_id"] for block in blocks if "block_id" in block]
    found += ["block_id used twice"] if len(names) != len(set(names)) else []
    found += [f"block_id {name[:20]} too long" for name in names if len(name) > 255]
    for block in blocks:
        found += [f"{block.get('type')}: {fault}" for fault in _block(block, surface)]
    return found + (_view(view, blocks) if view else [])


def _view(view: Json, blocks: list[Json]) -> list[str]:
    found = [] if blocks else ["no blocks"]
    for key in ("title", "submit", "close"):
        if key in view:
            found += _text(view[key], 24, "plain_text")
    if view.get("type") == "modal" and "title" not in view:
        found.append("no title")
    if any(block["type"] == "input" for block in blocks) and "submit" not in view:
        found.append("input without submit")
    if len(view.get("private_metadata", "")) > 3000 or len(view.get("callback_id", "")) > 255:
        found.append("metadata too long")
    return found


def _block(block: Json, surface: str) -> list[str]:
    kind = block.get("type")
    if surface in NOT_ON.get(str(kind), ()):
        return [f"not in a {surface}"]
    match kind:
        case "section":
            found = _text(block["text"], 3000) if "text" in block else []
            found += [] if block.get("text") or block.get("fields") else ["empty"]
            for each in block.get("fields", []):
                found += _text(each, 2000)
            return found + (_element(block["accessory"]) if "accessory" in block else [])
        case "header":
            return _text(block["text"], 150, "plain_text")
        case "context":
            return _count(block, 10) + [f for each in block["elements"] for f in _text(each, 3000)]
        case "actions":
            return _count(block, 25) + _unique(block) + [f for e in block["elements"] for f in _element(e)]
        case "context_actions":
            return _count(block, 5) + [f for each in block["elements"] for f in _element(each)]
        case "input":
            return _text(block["label"], 2000, "plain_text") + _element(block["element"])
        case "rich_text":
            return _count(block, 1000) + [f for each in block["elements"] for f in _rich(each)]
        case "divider":
            return []
        case _:
            return ["unknown block"]


def _count(block: Json, most: int) -> list[str]:
    return [] if 1 <= len(block["elements"]) <= most else [f"{len(block['elements'])} elements"]


def _unique(block: Json) -> list[str]:
    names = [element["action_id"] for element in block["elements"]]
    return [] if len(names) == len(set(names)) else ["action_id used twice"]


def _text(text: Json, most: int, kind: str = "") -> list[str]:
    if text.get("type") not in ("plain_text", "mrkdwn") or (kind and text["type"] != kind):
        return [f"text of type {text.get('type')}"]
    unknown = set(text) - {"type", "text", "emoji" if text["type"] == "plain_text" else "verbatim"}
    found = [f"unknown {unknown}"] if unknown else []
    return found + ([] if 1 <= len(text["text"]) <= most else [f"text of {len(text['text'])} characters"])


def _element(element: Json) -> list[str]:
    kind = element.get("type")
    if kind not in FIELDS:
        return [f"unknown element {kind}"]
    found = [f"{kind} with {set(element) - FIELDS[kind]}"] if set(element) - FIELDS[kind] else []
    if len(element["action_id"]) > 255 or len(element.get("value", "")) > 2000:
        found.append("id or value too long")
    if kind == "button":
        found += _text(element["text"], 75, "plain_text")
        found += ["style"] if element.get("style", "primary") not in ("primary", "danger") else []
    if kind in MOST_OPTIONS:
        found += [] if 1 <= len(element["options"]) <= MOST_OPTIONS[kind] else ["options"]
        found += [fault for option in element["options"] for fault in _option(option)]
    if kind == "plain_text_input":
        most = element.get("max_length", 3000)
        found += [] if 1 <= most <= 3000 and len(element.get("initial_value", "")) <= most else ["length"]
    if "placeholder" in element:
        found += _text(element["placeholder"], 150, "plain_text")
    return found + (_confirm(element["confirm"]) if "confirm" in element else [])


def faults_in_options(answer: Json) -> list[str]:
    """Return what Slack would refuse of an answer to block_suggestion."""
    if set(answer) != {"options"} or len(answer["options"]) > 100:
        return [f"options: {sorted(answer)}"]
    plain = [fault for option in answer["options"] for fault in _text(option["text"], 75, "plain_text")]
    return plain + [fault for option in answer["options"] for fault in _option(option)]


def _option(option: Json) -> list[str]:
    found = _text(option["text"], 75) + ([] if 1 <= len(option["value"]) <= 150 else ["option value"])
    return found + (_text(option["description"], 75) if "description" in option else [])


def _confirm(dialog: Json) -> list[str]:
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    return [fault for key, most in limits.items() for fault in _text(dialog[key], most)]


def _rich(element: Json) -> list[str]:
    match element.get("type"):
        case "rich_text_list":
            found = [] if element.get("style") in ("bullet", "ordered") else ["list style"]
            return found + [fault for each in element["elements"] for fault in _rich(each)]
        case "rich_text_section" | "rich_text_quote" | "rich_text_preformatted":
            return [fault for leaf in element["elements"] for fault in _leaf(leaf)]
        case kind:
            return [f"unknown {kind}"]


def _leaf(leaf: Json) -> list[str]:
    kind = leaf.get("type")
    if kind not in LEAVES:
        return [f"unknown leaf {kind}"]
    if kind == "text" and not leaf.get("text"):
        return ["empty text"]
    if kind == "date" and not (isinstance(leaf.get("timestamp"), int) and "{" in str(leaf.get("format"))):
        return ["date"]
    if kind == "link" and not str(leaf.get("url", "")).startswith(("http://", "https://", "mailto:")):
        return ["link"]
    return []
