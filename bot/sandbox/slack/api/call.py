"""One call of a Web API method: its arguments, its scopes, and the world it acts on."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from bot.sandbox.people import BOT_USER_ID
from bot.sandbox.slack.content import decoded
from bot.sandbox.slack.directory import Conversation, User
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.shapes import Json, SlackError, refusal
from bot.sandbox.slack.world import World

Item = TypeVar("Item")
_YES = (True, 1, "1", "true", "True")


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call, whether they came as JSON, form or query."""

    method: str
    arguments: Json
    world: World

    def text(self, name: str) -> str | None:
        """A text argument, None when absent or empty."""
        value = self.arguments.get(name)
        return None if value is None or value == "" else str(value)

    def required(self, name: str) -> str:
        """A text argument that must be there."""
        value = self.text(name)
        if value is None:
            raise refusal("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no."""
        value = self.arguments.get(name)
        return default if value is None else value in _YES

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.text(name)
        try:
            return default if value is None else int(value)
        except ValueError as error:
            raise refusal("invalid_arguments", [f"[ERROR] not a number: {name}"]) from error

    def structure(self, name: str) -> Any:
        """A JSON argument, whether given as JSON or as a string of JSON."""
        return decoded(self.arguments.get(name), "invalid_arguments")

    def listed(self, name: str) -> list[str]:
        """A list given as such or separated by commas."""
        value = self.arguments.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [item.strip() for item in (self.text(name) or "").split(",") if item.strip()]

    def needs(self, *alternatives: str) -> None:
        """Refuse unless the app has one of these scopes."""
        provided = self.world.config.bot_scopes
        if not any(scope in provided for scope in alternatives):
            raise SlackError("missing_scope", needed=",".join(alternatives), provided=",".join(provided))

    def has_scope(self, scope: str) -> bool:
        """Whether the app was granted *scope*."""
        return scope in self.world.config.bot_scopes

    def conversation(self, name: str = "channel") -> Conversation:
        """The conversation an argument names, if the bot may know of it."""
        found = self.world.directory.conversations.get(self.text(name) or "")
        if found is None or (found.kind != "channel" and BOT_USER_ID not in found.members):
            raise SlackError("channel_not_found")
        return found

    def user(self, name: str = "user") -> User:
        """The user an argument names."""
        found = self.world.directory.users.get(self.text(name) or "")
        if found is None:
            raise SlackError("user_not_found")
        return found

    def message(self, conversation: Conversation, name: str = "ts") -> Message:
        """The message an argument names; ephemeral ones are out of the API's reach."""
        found = self.world.messages.get(conversation.id, self.text(name) or "")
        if found is None or found.visible_to is not None:
            raise SlackError("message_not_found")
        return found

    def page(self, items: list[Item], default_limit: int = 100) -> tuple[list[Item], str]:
        """One page of *items* and the cursor to the next, empty at the end."""
        start = _position(self.text("cursor"))
        limit = max(1, min(self.number("limit", default_limit), 1000))
        more = start + limit < len(items)
        return items[start : start + limit], _cursor(start + limit) if more else ""


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"next": position}).encode()).decode()


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(cursor))["next"])
    except (ValueError, KeyError, TypeError) as error:
        raise SlackError("invalid_cursor") from error


@dataclass(frozen=True, slots=True)
class Method:
    """How a method is run: its handler, the scopes of which one is needed, and its rate tier.

    *tier* None means the handler counts by itself. *caller* "app" wants the app-level token.
    """

    handler: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    tier: int | None = 3
    caller: Literal["bot", "app", "anybody"] = "bot"
