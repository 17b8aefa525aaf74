"""The windows of an edit: the form, opened at once, and the checked version on top of it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.edit_form import TITLE, checking_view, entered_edit
from bot.slack.cards.evidence import waiting_view
from bot.slack.clicks import escalation_of
from bot.slack.payloads import CheckedPlace, Click, EditPlace, Submission
from bot.slack.windows import Windows
from handlers.commands import EditApproved, EditRequested, EditSubmitted, ReplyAddress
from policy.editing import date_problem
from policy.override_reasons import (
    NO_REASON,
    SAY_WHAT,
    TOO_LONG,
    GivenReason,
    Override,
    OverrideReason,
    problem_with_reason,
)

Answer = dict[str, Any]
WAITING = "Reading the proposal and the donor’s record…"


class Editing:
    """Opens the form, checks at once what can be said at once, and stores the rest before answering."""

    def __init__(
        self,
        accept: Accept,
        windows: Windows,
        today: Callable[[str], Awaitable[date]],
        old: Callable[[], Answer],
    ) -> None:
        self._accept = accept
        self._windows = windows
        self._today = today
        self._out_of_date = old

    async def open(self, click: Click) -> tuple[str, EditRequested]:
        """Open the window and return its id with what to store; raises NotUnderstood, WindowClosed."""
        about = escalation_of(click)
        view_id = await self._windows.open(click.trigger_id, waiting_view(TITLE, WAITING))
        to = click.reply_to.model_copy(update={"response_url": None})
        return view_id, EditRequested(escalation_id=about, view_id=view_id, by=click.by, reply_to=to)

    async def submitted(self, form: Submission) -> Answer:
        """Take somebody's version: what is wrong is said beside the fields, the rest is checked on top."""
        place = _edit_place(form)
        if place is None:
            return self._out_of_date()
        edit = entered_edit(place.action_kind, form)
        if isinstance(edit, dict):
            return _errors(edit) if all(edit) else self._out_of_date()
        problem = date_problem(edit, await self._today(form.by.id))
        if problem:
            return _errors({f"cs:edit:{problem[0]}": problem[1]})
        window = _name(form)
        command = EditSubmitted(
            escalation_id=place.escalation_id,
            revision=place.revision,
            action_digest=place.action_digest,
            edit=edit,
            window=window,
            by=form.by,
            reply_to=_reply_to(form, place),
        )
        # A form may be submitted again after going back to it: its hash stays, its trigger does not.
        await self._accept(command, Arrival(f"{form.dedupe_key}:{form.trigger_id}", "slack.submission"))
        return {"response_action": "push", "view": checking_view(window)}

    async def approved(self, window: Submission) -> Answer:
        """Take the yes to a checked version and close the windows."""
        place = _checked_place(window)
        if place is None:
            return self._out_of_date()
        reason = _reason(window)
        if isinstance(reason, dict):
            return _errors(reason)
        command = EditApproved(
            escalation_id=place.escalation_id,
            edit_id=place.edit_id,
            reason=reason,
            by=window.by,
            reply_to=_reply_to(window, place),
        )
        arrival = Arrival(window.dedupe_key, "slack.submission", place.escalation_id)
        await self._accept(command, arrival)
        return {"response_action": "clear"}


def _errors(problems: dict[str, str]) -> Answer:
    return {"response_action": "errors", "errors": problems}


def _reason(window: Submission) -> GivenReason | dict[str, str]:
    """Return why the proposal was changed, or what is wrong with that by block id."""
    chosen = window.entered(ids.EDIT_REASON, ids.EDIT_REASON).selected_option
    words = window.entered(ids.EDIT_WORDS, ids.EDIT_WORDS).value or ""
    problem = problem_with_reason(Override.EDIT, chosen.value if chosen else None, words)
    if problem or chosen is None:
        beside = ids.EDIT_WORDS if problem in (SAY_WHAT, TOO_LONG) else ids.EDIT_REASON
        return {beside: problem or NO_REASON}
    return GivenReason(code=OverrideReason(chosen.value), text=words)


def _name(form: Submission) -> str:
    """Name the window that will wait for this very submission; only we know it, and no two share it."""
    known = f"{form.by.team_id}:{form.dedupe_key}:{form.trigger_id}"
    return f"cs:checking:{hashlib.sha256(known.encode()).hexdigest()[:32]}"


def _reply_to(window: Submission, place: EditPlace | CheckedPlace) -> ReplyAddress:
    return ReplyAddress(channel_id=place.channel_id, user_id=window.by.id, thread_ts=place.thread_ts)


def _edit_place(form: Submission) -> EditPlace | None:
    try:
        place = EditPlace.model_validate_json(form.view.private_metadata)
    except ValidationError:
        return None
    return place if ids.is_opaque(place.escalation_id) else None


def _checked_place(window: Submission) -> CheckedPlace | None:
    try:
        place = CheckedPlace.model_validate_json(window.view.private_metadata)
    except ValidationError:
        return None
    return place if ids.is_opaque(place.escalation_id) and ids.is_opaque(place.edit_id) else None
