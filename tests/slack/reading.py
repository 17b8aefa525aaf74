"""A card as a person reads it: one line per line, buttons in brackets, links in angle brackets."""

from __future__ import annotations

import re
from typing import Any

from bot.slack.blocks import Block

DAY = re.compile(r"<!date\^\d+\^\{date_short\}\|([^>]+)>")
"""A day of the calendar in mrkdwn, which Slack shows in the reader's form."""


def read(blocks: list[Block]) -> str:
    """Spell *blocks* as readable lines."""
    return "\n".join(_block(block) for block in blocks)


def _block(block: Block) -> str:
    match block["type"]:
        case "header":
            return f"# {block['text']['text']}"
        case "divider":
            return "---"
        case "context":
            texts = (DAY.sub(r"\1", e["text"]) for e in block["elements"])
            return "\n".join(f"  {line}" for text in texts for line in text.split("\n"))
        case "section":
            return f"{block['text']['text']} {_pressable(block['accessory'])}"
        case "actions" | "context_actions":
            return " ".join(_pressable(element) for element in block["elements"])
        case "rich_text":
            return "\n".join(_part(part) for part in block["elements"]).rstrip("\n").replace("\n\n", "\n")
        case "table":
            return "\n".join(" | ".join(_cell(cell) for cell in row) for row in block["rows"])
        case "data_visualization":
            return f"[{block['chart']['type']} chart: {block['title']}]"
        case "input":
            return f"{block['label']['text']} [{block['element']['type']}]"
        case other:
            raise ValueError(other)


def _cell(cell: Block) -> str:
    return str(cell["text"]) if "text" in cell else "".join(_part(part) for part in cell["elements"])


def _part(part: dict[str, Any]) -> str:
    if part["type"] == "rich_text_list":
        return "\n".join(f"- {_leaves(item)}" for item in part["elements"])
    return _leaves(part)


def _leaves(section: dict[str, Any]) -> str:
    leaves = section["elements"]
    words = "".join(_leaf(leaf) for leaf in leaves)
    # What is one link to its reader is one here, though a day in it is an element of its own.
    return words.replace("><", "") if any("url" in leaf for leaf in leaves) else words


def _leaf(leaf: dict[str, Any]) -> str:
    match leaf["type"]:
        case "link":
            return f"<{leaf['text']}>"
        case "user":
            return f"@{leaf['user_id']}"
        case "date" if "url" in leaf:
            return f"<{leaf['fallback']}>"
        case "date":
            leaf = leaf | {"text": str(leaf["fallback"])}
    styles = leaf.get("style", {})
    mark = "**" if styles.get("bold") else "_" if styles.get("italic") else ""
    return f"{mark}{leaf['text']}{mark}"


def _pressable(element: dict[str, Any]) -> str:
    match element["type"]:
        case "button":
            return f"[{element['text']['text']}]"
        case "static_select":
            options = " / ".join(option["text"]["text"] for option in element["options"])
            return f"[{element['placeholder']['text']} {options}]"
        case "feedback_buttons":
            both = (element["positive_button"], element["negative_button"])
            return " ".join(f"[{button['text']['text']}]" for button in both)
        case other:
            raise ValueError(other)
