"""The window in which managers see when which digest comes, and change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any, cast, get_args

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.evidence import waiting_view
from bot.slack.cards.schedules import READING, TITLE
from bot.slack.clicks import NotUnderstood
from bot.slack.payloads import Click, SchedulePlace, Submission
from bot.slack.windows import Windows
from handlers.commands import ReplyAddress, ScheduleChanged, ScheduleFormRequested, SchedulesRequested
from policy.rhythm import RhythmDay

Answer = dict[str, Any]
CHOOSE_A_DAY = "Choose a day as well, or leave day and time as they are."
CHOOSE_A_TIME = "Choose a time as well, or leave day and time as they are."


class Scheduling:
    """Opens the list, shows a form in its place, and stores what was entered before answering."""

    def __init__(self, accept: Accept, windows: Windows, old: Callable[[], Answer]) -> None:
        self._accept = accept
        self._windows = windows
        self._out_of_date = old

    async def open(self, click: Click) -> tuple[str, SchedulesRequested]:
        """Open the window and return its id with what to store; raises WindowClosed."""
        view_id = await self._windows.open(click.trigger_id, waiting_view(TITLE, READING))
        return view_id, SchedulesRequested(view_id=view_id, by=click.by)

    async def ask_for_form(self, click: Click) -> None:
        """Have the form of one schedule shown in the window that lists them; raises NotUnderstood."""
        view_id = click.container.view_id
        if not ids.is_opaque(click.value) or view_id is None:
            raise NotUnderstood(click.action_id)
        command = ScheduleFormRequested(schedule_id=click.value, view_id=view_id, by=click.by)
        await self._accept(command, Arrival(click.dedupe_key, "slack.click"))

    async def submitted(self, form: Submission) -> Answer:
        """Take day, time, channel and whether it is on; what is wrong is said beside it."""
        try:
            place = SchedulePlace.model_validate_json(form.view.private_metadata)
        except ValidationError:
            return self._out_of_date()
        if not ids.is_opaque(place.schedule_id):
            return self._out_of_date()
        day, at = _day(form), _time(form)
        if (day is None) != (at is None):
            wrong = {ids.RHYTHM_BLOCK: CHOOSE_A_DAY} if day is None else {ids.TIME_BLOCK: CHOOSE_A_TIME}
            return {"response_action": "errors", "errors": wrong}
        channel = form.entered(ids.CHANNEL_BLOCK, ids.CHANNEL).selected_conversation
        chosen = form.entered(ids.ON_BLOCK, ids.ON).selected_option
        command = ScheduleChanged(
            schedule_id=place.schedule_id,
            mark=place.mark,
            day=day,
            at=at,
            channel=channel if channel and ids.is_opaque(channel) else None,
            is_on=chosen is None or chosen.value != "off",
            by=form.by,
            reply_to=ReplyAddress(channel_id="", user_id=form.by.id),
        )
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission"))
        return {}


def _day(form: Submission) -> RhythmDay | None:
    chosen = form.entered(ids.RHYTHM_BLOCK, ids.RHYTHM).selected_option
    return cast("RhythmDay", chosen.value) if chosen and chosen.value in get_args(RhythmDay) else None


def _time(form: Submission) -> time | None:
    try:
        return time.fromisoformat(form.entered(ids.TIME_BLOCK, ids.TIME).selected_time or "")
    except ValueError:
        return None
