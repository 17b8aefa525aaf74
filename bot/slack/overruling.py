"""The windows of declining, passing on and sending back, and of a record that cannot be put right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.evidence import waiting_view
from bot.slack.cards.override_form import READING, TITLES, cannot_fix_view
from bot.slack.clicks import escalation_of
from bot.slack.payloads import Click, OverridePlace, Submission
from bot.slack.people import People
from bot.slack.windows import Windows
from handlers.commands import (
    CleanupGivenUp,
    Command,
    DeclineClicked,
    OverrideFormRequested,
    PassOnRequested,
    ReplyAddress,
    SendBackRequested,
)
from handlers.ports import Refused, Unavailable
from policy.override_reasons import (
    NO_REASON,
    SAY_WHAT,
    WRONG_REASON,
    GivenReason,
    Override,
    OverrideReason,
    problem_with_reason,
)

Answer = dict[str, Any]

OVERRIDES = {
    ids.DECLINE: Override.DECLINE,
    ids.ESCALATE: Override.ESCALATE,
    ids.SEND_BACK: Override.SEND_BACK,
}
PERSON_SECONDS = 1.5
"""How long a submitted window may wait to hear who was chosen; after three seconds Slack gives up."""
NOT_A_COLLEAGUE = (
    "Choose a full member of this workspace: apps, guests, people of other organisations and accounts that "
    "were switched off cannot decide."
)


class Overruling:
    """Opens the forms, says at once what can be said at once, and stores the rest before answering."""

    def __init__(self, accept: Accept, windows: Windows, people: People, old: Callable[[], Answer]) -> None:
        self._accept = accept
        self._windows = windows
        self._people = people
        self._out_of_date = old

    async def open(self, click: Click) -> tuple[str, OverrideFormRequested]:
        """Open the window and return its id with what to store; raises NotUnderstood, WindowClosed."""
        about, override = escalation_of(click), OVERRIDES[click.action_id]
        view_id = await self._windows.open(click.trigger_id, waiting_view(TITLES[override], READING))
        to = click.reply_to.model_copy(update={"response_url": None})
        return view_id, OverrideFormRequested(
            override=override, escalation_id=about, view_id=view_id, by=click.by, reply_to=to
        )

    async def ask_why_not(self, click: Click) -> None:
        """Open the window in which somebody says why a record cannot be put right."""
        place = OverridePlace(
            override=Override.SEND_BACK,
            about=escalation_of(click),
            channel_id=click.channel_id,
            thread_ts=click.container.thread_ts,
        )
        await self._windows.open(click.trigger_id, cannot_fix_view(place))

    async def submitted(self, form: Submission) -> Answer:
        """Take somebody's reason; what is wrong with it is said beside the field."""
        place = _place(form)
        if place is None:
            return self._out_of_date()
        reason = _reason(place.override, form)
        if isinstance(reason, str):
            return _errors({_block_of(reason): reason})
        to = form.entered(ids.TO_BLOCK, ids.TO_USER).selected_user
        if to and await self._is_no_colleague(to):
            return _errors({ids.TO_BLOCK: NOT_A_COLLEAGUE})
        command = _command(place, reason, to, form)
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission", place.about))
        return {}

    async def not_fixable(self, form: Submission) -> Answer:
        """Take the reason why a record cannot be put right."""
        place = _place(form)
        if place is None:
            return self._out_of_date()
        note = _words(form)
        if not note:
            return _errors({ids.WORDS_BLOCK: SAY_WHAT})
        command = CleanupGivenUp(item_id=place.about, note=note, by=form.by, reply_to=_reply_to(form, place))
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission", place.about))
        return {}

    async def _is_no_colleague(self, user_id: str) -> bool:
        """Say whether that is known in time; otherwise it is found out before anything is passed on."""
        try:
            async with asyncio.timeout(PERSON_SECONDS):
                colleague = await self._people.by_id(user_id)
        except (Unavailable, Refused, TimeoutError):
            return False
        return colleague is None or not colleague.is_full_member


def _command(place: OverridePlace, reason: GivenReason, to: str | None, form: Submission) -> Command:
    about, by, reply_to = place.about, form.by, _reply_to(form, place)
    match place.override:
        case Override.ESCALATE:
            return PassOnRequested(
                escalation_id=about, to_user_id=to, reason=reason, by=by, reply_to=reply_to
            )
        case Override.SEND_BACK:
            return SendBackRequested(escalation_id=about, reason=reason, by=by, reply_to=reply_to)
        case _:
            return DeclineClicked(escalation_id=about, reason=reason, by=by, reply_to=reply_to)


def _reason(override: Override, form: Submission) -> GivenReason | str:
    chosen = form.entered(ids.REASON_BLOCK, ids.REASON).selected_option
    code, text = chosen.value if chosen else None, _words(form)
    problem = problem_with_reason(override, code, text)
    if problem or code is None:
        return problem or NO_REASON
    return GivenReason(code=OverrideReason(code), text=text)


def _block_of(problem: str) -> str:
    return ids.REASON_BLOCK if problem in (NO_REASON, WRONG_REASON) else ids.WORDS_BLOCK


def _words(form: Submission) -> str:
    return (form.entered(ids.WORDS_BLOCK, ids.WORDS).value or "").strip()


def _errors(problems: dict[str, str]) -> Answer:
    return {"response_action": "errors", "errors": problems}


def _reply_to(form: Submission, place: OverridePlace) -> ReplyAddress:
    return ReplyAddress(channel_id=place.channel_id, user_id=form.by.id, thread_ts=place.thread_ts)


def _place(form: Submission) -> OverridePlace | None:
    try:
        place = OverridePlace.model_validate_json(form.view.private_metadata)
    except ValidationError:
        return None
    return place if ids.is_opaque(place.about) and place.override in OVERRIDES.values() else None
