"""What a field for choosing a donor offers while somebody types: an answer within Slack's three seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.blocks import plain_text
from bot.slack.clicks import NotUnderstood
from bot.slack.payloads import Suggestion
from bot.slack.text import clip, isolated, one_line
from handlers.commands import ChatUser
from handlers.outcomes import Notice
from handlers.ports import Refused, Unavailable
from policy.donor import DonorMatch

log = logging.getLogger("countersign.slack")

FindDonors = Callable[[str, ChatUser], Awaitable[tuple[DonorMatch, ...] | Notice]]
"""Returns the donors meant by what somebody typed so far, or why they may see none."""

ANSWER_SECONDS = 2.3
"""After three seconds Slack gives up; what is left is for the way there and back."""
NO_CHOICE = "-"
"""The value of a line that says something instead of offering anybody; no donor has it as an id."""
NOT_ANSWERING = "The CRM is not answering. Type again in a moment."
LONGEST_TEXT, LONGEST_VALUE = 75, 150
_MOST = 100

Option = dict[str, Any]


class Suggesting:
    """Offers donors by name and city, with nothing but their id as the value."""

    def __init__(self, find: FindDonors, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._find = find
        self._answer_seconds = answer_seconds

    async def asked(self, body: dict[str, Any]) -> list[Option]:
        """Return what to offer; raises NotUnderstood for a field that is not ours."""
        try:
            asked = Suggestion.model_validate(body)
        except ValidationError as error:
            raise NotUnderstood("payload") from error
        if asked.action_id != ids.DONOR:
            raise NotUnderstood(asked.action_id)
        try:
            async with asyncio.timeout(self._answer_seconds):
                found = await self._find(one_line(asked.value), asked.by)
        except (Unavailable, Refused, TimeoutError) as trouble:
            log.warning("no donors to offer", extra={"error": type(trouble).__name__})
            return [line_that_says(NOT_ANSWERING)]
        if isinstance(found, Notice):
            return [line_that_says(found.text)]
        return [_offer(each) for each in found if len(each.id) <= LONGEST_VALUE][:_MOST]


def _offer(match: DonorMatch) -> Option:
    """Return a line that tells two people of one name apart: name and city, and below them the id."""
    where = f", {match.city}" if match.city else ""
    return {
        "text": plain_text(isolated(clip(f"{match.name}{where}", LONGEST_TEXT - 2)), LONGEST_TEXT),
        "value": match.id,
        "description": plain_text(match.id, LONGEST_TEXT),
    }


def line_that_says(text: str) -> Option:
    """Return a line that offers nobody and says why."""
    return {"text": plain_text(text, LONGEST_TEXT), "value": NO_CHOICE}
