"""The window in which somebody acknowledges a drift alarm, saying what they found or will do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.alarm import acknowledge_view
from bot.slack.clicks import escalation_of
from bot.slack.payloads import AlarmPlace, Click, Submission
from bot.slack.windows import Windows
from handlers.commands import AlarmAcknowledged, ReplyAddress
from policy.override_reasons import SAY_WHAT

Answer = dict[str, Any]


class Acknowledging:
    """Opens the form, and stores what was entered before answering."""

    def __init__(self, accept: Accept, windows: Windows, old: Callable[[], Answer]) -> None:
        self._accept = accept
        self._windows = windows
        self._out_of_date = old

    async def open(self, click: Click) -> None:
        """Open the window; raises NotUnderstood, WindowClosed."""
        about, thread = escalation_of(click), click.container.thread_ts
        place = AlarmPlace(alarm_id=about, channel_id=click.channel_id, thread_ts=thread)
        await self._windows.open(click.trigger_id, acknowledge_view(place))

    async def submitted(self, form: Submission) -> Answer:
        """Take the note; without one, say so beside the field."""
        try:
            place = AlarmPlace.model_validate_json(form.view.private_metadata)
        except ValidationError:
            return self._out_of_date()
        if not ids.is_opaque(place.alarm_id):
            return self._out_of_date()
        note = (form.entered(ids.WORDS_BLOCK, ids.WORDS).value or "").strip()
        if not note:
            return {"response_action": "errors", "errors": {ids.WORDS_BLOCK: SAY_WHAT}}
        to = ReplyAddress(channel_id=place.channel_id, user_id=form.by.id, thread_ts=place.thread_ts)
        command = AlarmAcknowledged(alarm_id=place.alarm_id, note=note, by=form.by, reply_to=to)
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission", place.alarm_id))
        return {}
