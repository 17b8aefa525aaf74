"""The message shortcut: a window opened at once, and what was filled in stored before it closes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.triage_form import triage_view
from bot.slack.clicks import NotUnderstood
from bot.slack.payloads import MessageShortcut, Submission, TriagePlace
from bot.slack.suggesting import NO_CHOICE
from bot.slack.windows import Windows
from handlers.commands import MessagePassedOn, ReplyAddress

CHOOSE_SOMEBODY = "Type a name, an e-mail address or a donor id, and choose a donor from the list."
SAY_SOMETHING = "There is nothing to triage without a message."


class Shortcuts:
    """Opens the window of *Triage for a donor*, and takes what was entered."""

    def __init__(self, accept: Accept, windows: Windows, old: Callable[[], dict[str, Any]]) -> None:
        self._accept = accept
        self._windows = windows
        self._out_of_date = old

    async def used(self, body: dict[str, Any]) -> None:
        """Open the window with the message in it; raises NotUnderstood, WindowClosed."""
        try:
            used = MessageShortcut.model_validate(body)
        except ValidationError as error:
            raise NotUnderstood("payload") from error
        if used.callback_id != ids.TRIAGE:
            raise NotUnderstood(used.callback_id)
        place = TriagePlace(channel_id=used.channel.id)
        await self._windows.open(used.trigger_id, triage_view(place, used.message.text))

    async def submitted(self, form: Submission) -> dict[str, Any]:
        """Store what was entered, or say beside the field what is wrong with it."""
        try:
            place = TriagePlace.model_validate_json(form.view.private_metadata)
        except ValidationError:
            return self._out_of_date()
        donor = form.entered(ids.DONOR_BLOCK, ids.DONOR)
        if donor.value is not None:  # opened before donors were chosen from a list
            return self._out_of_date()
        text = (form.entered(ids.WORDS_BLOCK, ids.WORDS).value or "").strip()
        if donor.selected_option is None or donor.selected_option.value in ("", NO_CHOICE):
            return {"response_action": "errors", "errors": {ids.DONOR_BLOCK: CHOOSE_SOMEBODY}}
        if not text:
            return {"response_action": "errors", "errors": {ids.WORDS_BLOCK: SAY_SOMETHING}}
        to = ReplyAddress(channel_id=place.channel_id, user_id=form.by.id)
        donor_id = donor.selected_option.value
        command = MessagePassedOn(donor_id=donor_id, text=text, by=form.by, reply_to=to)
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission"))
        return {}
