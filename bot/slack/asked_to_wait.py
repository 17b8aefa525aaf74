"""What a refusal of Slack says about how long to leave it alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.retry_after import wait_asked_for

SLACK = "slack"
TOO_MANY = 429


def retry_after(headers: Mapping[str, Any]) -> int:
    """Return how many seconds to wait, 1 when it does not say."""
    asked = wait_asked_for(headers)
    return 1 if asked is None else asked


def status_of(error: SlackApiError) -> int:
    """Return the HTTP status of an error; the library has two kinds of answers in it."""
    answer: Any = error.response
    return int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))
