"""The window of putting off: opened at once, filled with the days that are meant, read when it comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.deferral import awaited, deferral_view, problem_with
from bot.slack.clicks import deferral_of
from bot.slack.payloads import Click, DeferralPlace, Submission
from bot.slack.windows import Windows
from handlers.commands import DeferralClicked, OverrideFormRequested, ReplyAddress
from policy.override_reasons import (
    NO_REASON,
    WRONG_REASON,
    GivenReason,
    Override,
    OverrideReason,
    problem_with_reason,
)

Answer = dict[str, Any]

PICK_A_DAY = "Pick a day."


class Deferring:
    """Opens the window, says at once what can be said at once, and stores the rest before answering."""

    def __init__(
        self,
        accept: Accept,
        windows: Windows,
        today: Callable[[str], Awaitable[date]],
        now: Callable[[], datetime],
        old: Callable[[], Answer],
    ) -> None:
        self._accept = accept
        self._windows = windows
        self._today = today
        self._now = now
        self._out_of_date = old

    async def open(self, click: Click) -> None:
        """Open the window; it can be used at once, and says more when it is known who asks about whom."""
        about = deferral_of(click)[1]
        place = DeferralPlace(
            escalation_id=about, channel_id=click.channel_id, thread_ts=click.container.thread_ts
        )
        tomorrow = self._now().astimezone(UTC).date() + timedelta(days=1)
        view_id = await self._windows.open(click.trigger_id, deferral_view(place, tomorrow))
        command = OverrideFormRequested(
            override=Override.DEFER,
            escalation_id=about,
            view_id=view_id,
            by=click.by,
            reply_to=click.reply_to.model_copy(update={"response_url": None}),
        )
        await self._accept(command, Arrival(click.dedupe_key, "slack.click"))

    async def submitted(self, form: Submission) -> Answer:
        """Take the day, the event and the reason; what is wrong with one of them is said beside it."""
        place = _place(form)
        if place is None:
            return self._out_of_date()
        day = _day(form)
        problem = problem_with(day, await self._today(form.by.id)) if day else PICK_A_DAY
        if problem:
            return _errors(_day_block(form), problem)
        reason = _reason(form)
        if isinstance(reason, str):
            block = ids.REASON_BLOCK if reason in (NO_REASON, WRONG_REASON) else ids.WORDS_BLOCK
            return _errors(block, reason)
        command = DeferralClicked(
            escalation_id=place.escalation_id,
            preset="date",
            day=day,
            event=awaited(_chosen(form, ids.UNTIL_BLOCK, ids.UNTIL)),
            reason=reason,
            by=form.by,
            reply_to=ReplyAddress(channel_id=place.channel_id, user_id=form.by.id, thread_ts=place.thread_ts),
        )
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission", place.escalation_id))
        return {}


def _place(form: Submission) -> DeferralPlace | None:
    try:
        place = DeferralPlace.model_validate_json(form.view.private_metadata)
    except ValidationError:
        return None
    return place if ids.is_opaque(place.escalation_id) else None


def _day(form: Submission) -> date | None:
    """Return the day that was picked, else the one that was chosen by its name."""
    picked = form.entered(_day_block(form), ids.DAY).selected_date
    try:
        return date.fromisoformat(picked or _chosen(form, ids.PRESET_BLOCK, ids.PRESET) or "")
    except ValueError:
        return None


def _day_block(form: Submission) -> str:
    filled = ids.OTHER_DAY_BLOCK in form.view.state.values or ids.PRESET_BLOCK in form.view.state.values
    return ids.OTHER_DAY_BLOCK if filled else ids.DAY_BLOCK


def _reason(form: Submission) -> GivenReason | str | None:
    """Return the reason if one was given, or what is wrong with it; words alone are a reason of their own."""
    code = _chosen(form, ids.REASON_BLOCK, ids.REASON)
    words = (form.entered(ids.WORDS_BLOCK, ids.WORDS).value or "").strip()
    if words and code is None:
        code = OverrideReason.OTHER.value
    problem = problem_with_reason(Override.DEFER, code, words)
    if problem or code is None:
        return problem
    return GivenReason(code=OverrideReason(code), text=words)


def _chosen(form: Submission, block_id: str, action_id: str) -> str | None:
    chosen = form.entered(block_id, action_id).selected_option
    return chosen.value if chosen else None


def _errors(block_id: str, problem: str) -> Answer:
    return {"response_action": "errors", "errors": {block_id: problem}}
