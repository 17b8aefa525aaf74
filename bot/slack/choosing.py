"""The window in which several small decisions are approved at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.evidence import waiting_view
from bot.slack.cards.together import READING, TITLE
from bot.slack.clicks import escalation_of
from bot.slack.payloads import Click, Submission, TogetherPlace
from bot.slack.windows import Windows
from handlers.commands import ChosenItem, ReplyAddress, TogetherApproved, TogetherRequested

NONE_CHOSEN = "Choose at least one, or press Cancel."


class Choosing:
    """Opens the window, and stores what was chosen before answering."""

    def __init__(self, accept: Accept, windows: Windows, old: Callable[[], dict[str, Any]]) -> None:
        self._accept = accept
        self._windows = windows
        self._out_of_date = old

    async def open(self, click: Click) -> tuple[str, TogetherRequested]:
        """Open the window and return its id with what to store; raises NotUnderstood, WindowClosed."""
        source = escalation_of(click)
        view_id = await self._windows.open(click.trigger_id, waiting_view(TITLE, READING))
        to = click.reply_to.model_copy(update={"response_url": None})
        return view_id, TogetherRequested(source=source, view_id=view_id, by=click.by, reply_to=to)

    async def submitted(self, form: Submission) -> dict[str, Any]:
        """Take what was chosen; each is looked up again, so that a forged window changes nothing."""
        try:
            place = TogetherPlace.model_validate_json(form.view.private_metadata)
        except ValidationError:
            return self._out_of_date()
        chosen = _chosen(form)
        if not chosen:
            first = next((block for block in form.view.state.values if ids.chosen_of(block)), None)
            return {"response_action": "errors", "errors": {first: NONE_CHOSEN}} if first else {}
        command = TogetherApproved(
            chosen=chosen,
            by=form.by,
            reply_to=ReplyAddress(channel_id=place.channel_id, user_id=form.by.id, thread_ts=place.thread_ts),
        )
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission"))
        return {}


def _chosen(form: Submission) -> tuple[ChosenItem, ...]:
    found = []
    for block_id, fields in form.view.state.values.items():
        about = ids.chosen_of(block_id)
        boxes = fields.get(ids.CHOSEN)
        if about and boxes and any(option.value == ids.CHOSEN_YES for option in boxes.selected_options):
            found.append(ChosenItem(escalation_id=about[0], revision=about[1]))
    return tuple(found)
