"""The JSON shapes and the refusal that every part of the simulated workspace speaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

Json = dict[str, Any]
Clock = Callable[[], datetime]


class SlackError(Exception):
    """A refusal as Slack words it: `ok: false` with a code and, where Slack gives them, more keys."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra: Json = extra

    @property
    def body(self) -> Json:
        """The response body, status 200 like every refusal of the Web API but rate limits."""
        return {"ok": False, "error": self.code, **self.extra}


def refusal(code: str, messages: list[str]) -> SlackError:
    """A refusal that lists what is wrong in `response_metadata.messages`, as Slack does for blocks."""
    return SlackError(code, response_metadata={"messages": messages})
