"""People on cards: who did something, and in whose place."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import Leaf, leaf, person
from bot.slack.text import name

FOR = " for "


def acting(user_id: str | None, known_as: str | None, for_name: str | None = None) -> list[Leaf]:
    """Return whoever acted, linked where Slack knows them: "Sam Lee", "Sam Lee for Olivia Hart"."""
    who = person(user_id) if user_id and ids.is_user(user_id) else leaf(name(known_as or ""), bold=True)
    return [who, *in_place_of(for_name)]


def in_place_of(for_name: str | None) -> list[Leaf]:
    """Return the absent person in whose place somebody acted; nothing when it was in their own."""
    return [leaf(FOR), leaf(name(for_name), bold=True)] if for_name else []


def spelled(known_as: str, for_name: str | None) -> str:
    """Spell the same for places where nothing can be bold."""
    return f"{name(known_as)}{FOR}{name(for_name)}" if for_name else name(known_as)
