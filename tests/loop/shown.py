"""Reading what people see: messages and windows as Slack shows them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def text_of(shown: Json) -> str:
    """Everything there is to read in a message or view, in order."""
    parts: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                parts.append(value["text"])
            if value.get("type") == "user":
                parts.append(f"<@{value['user_id']}>")
            if value.get("type") == "date":
                parts.append(str(value.get("fallback", "")))
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk({key: value for key, value in shown.items() if key in ("text", "blocks", "title")})
    return " ".join(parts)


def has(shown: Json, *words: str) -> bool:
    text = text_of(shown).replace("\u2068", "").replace("\u2069", "")
    return all(word in text for word in words)


def buttons(message: Json) -> set[str]:
    """The action ids of everything that can be pressed."""
    return {element["action_id"] for _, element in _elements(message)}


def escalation_of(card: Json) -> str:
    return str(find_element(card, "cs:evidence")[1]["value"])


def find_element(message: Json, wanted: str, choice: str = "") -> tuple[Json, Json]:
    for block, element in _elements(message):
        value = str(element.get("value", ""))
        if element["action_id"] == wanted and (element["type"] == "static_select" or choice in value):
            return block, element
    raise AssertionError(f"no {wanted} in {text_of(message)}")


def _elements(message: Json) -> list[tuple[Json, Json]]:
    found: list[tuple[Json, Json]] = []
    for block in message["blocks"]:
        elements = (*block.get("elements", ()), block.get("accessory"), block.get("element"))
        found += [(block, each) for each in elements if isinstance(each, dict) and "action_id" in each]
    return found
