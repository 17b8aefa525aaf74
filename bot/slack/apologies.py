"""The one place where errors of the Slack door end: a reference for the log, a sentence for the person."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.slack.cards.evidence import notice_view
from bot.slack.cards.notice import notice_message
from bot.slack.clicks import NotUnderstood
from bot.slack.listeners import WAITING_VIEW
from bot.slack.replies import Replies
from bot.slack.suggesting import line_that_says
from bot.slack.windows import WindowClosed, Windows
from handlers.commands import ReplyAddress
from handlers.outcomes import Notice
from handlers.ports import OutcomeUnknown, Refused, Unavailable

log = logging.getLogger("countersign.slack")

WENT_WRONG = "Something went wrong on our side, reference {reference}. Nothing was changed."
NOT_OURS = "I do not know this button any more. Nothing was changed."
NOT_OURS_NEXT = "Open the newest card, or your decisions in the app’s Home tab."
TOO_LATE = "The window did not open in time. Nothing was changed. Please press the button again."

TOO_MANY_EVENTS = "app_rate_limited"
LAST_RETRY = "3"
SECONDS_TO_TELL, SECONDS_LEFT = 2.0, 0.3
"""How long an acknowledgement waits for the apology, ordinarily and after a window that opened too late."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def random_reference() -> str:
    """Return a short reference that can be read out on the phone."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(4))


class Apologies:
    """Logs an error without its payload and tells the person what it means for them."""

    def __init__(self, replies: Replies, windows: Windows, new_reference: Callable[[], str]) -> None:
        self._replies = replies
        self._windows = windows
        self._new_reference = new_reference
        self._telling: set[asyncio.Task[None]] = set()

    async def handle(
        self, error: Exception, body: dict[str, Any], context: dict[str, Any], request: Any
    ) -> BoltResponse:
        """Answer what failed; only a request whose sender was told in the answer itself gets a 200."""
        if body.get("type") == TOO_MANY_EVENTS:
            log.warning("slack holds events back: there are too many of them")
            return BoltResponse(status=200, body="")
        notice = self._explain(error)
        if "command" in body:
            return BoltResponse(status=200, body={"response_type": "ephemeral", "text": notice.text})
        if body.get("type") == "block_suggestion":
            return BoltResponse(status=200, body={"options": [line_that_says(notice.text)]})
        if body.get("type") == "view_submission":
            return _inside_the_window(body, notice)
        if "event" in body:
            if request.headers.get("x-slack-retry-num", [""])[0] == LAST_RETRY:
                await self._in_time(self._tell(notice, _address_of_event(body["event"])), SECONDS_TO_TELL)
            return BoltResponse(status=500, body="")
        seconds = SECONDS_LEFT if isinstance(error, WindowClosed) else SECONDS_TO_TELL
        await self._in_time(self._tell(notice, _address_of_click(body), context.get(WAITING_VIEW)), seconds)
        understood = isinstance(error, NotUnderstood | WindowClosed | BoltUnhandledRequestError)
        return BoltResponse(status=200 if understood else 500, body="")

    def _explain(self, error: Exception) -> Notice:
        if isinstance(error, WindowClosed):
            log.warning("window not opened", extra={"cause": type(error.__cause__).__name__})
            return Notice(text=TOO_LATE)
        if isinstance(error, NotUnderstood | BoltUnhandledRequestError):
            log.warning("slack request not understood", extra={"error": type(error).__name__})
            return Notice(text=NOT_OURS, next_step=NOT_OURS_NEXT)
        reference = self._new_reference()
        log.error(
            "slack request failed",
            extra={"reference": reference, "error": type(error).__name__, "where": _where(error)},
        )
        return Notice(text=WENT_WRONG.format(reference=reference))

    async def _in_time(self, telling: Coroutine[None, None, None], seconds: float) -> None:
        """Wait for *telling*, but not longer than Slack waits for us; it goes on by itself."""
        task = asyncio.create_task(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        await asyncio.wait({task}, timeout=seconds)

    async def _tell(self, notice: Notice, to: ReplyAddress | None, view_id: str | None = None) -> None:
        if view_id is not None:
            await self._explain_in(view_id, notice)
        if to is None:
            return
        try:
            await self._replies.send(notice_message(notice), to)
        except (Unavailable, Refused, OutcomeUnknown) as error:
            log.warning("could not tell the person", extra={"error": type(error).__name__})

    async def _explain_in(self, view_id: str, notice: Notice) -> None:
        try:
            await self._windows.change(view_id, notice_view(notice.text))
        except (Unavailable, Refused) as error:
            log.warning("could not fill the window", extra={"error": type(error).__name__})


def _inside_the_window(body: dict[str, Any], notice: Notice) -> BoltResponse:
    blocks = (body.get("view") or {}).get("blocks") or []
    entered = next((block.get("block_id") for block in blocks if block.get("type") == "input"), None)
    if entered:
        # Beside the first field, so that nothing that was typed is lost.
        answer = {"response_action": "errors", "errors": {entered: notice.text}}
    else:
        answer = {"response_action": "update", "view": notice_view(notice.text)}
    return BoltResponse(status=200, body=answer)


def _address_of_click(body: dict[str, Any]) -> ReplyAddress | None:
    user, channel = body.get("user"), body.get("channel")
    user_id = user.get("id") if isinstance(user, dict) else None
    if not isinstance(user_id, str):
        return None
    channel_id = channel.get("id") if isinstance(channel, dict) else None
    url = body.get("response_url")
    return ReplyAddress(
        channel_id=channel_id if isinstance(channel_id, str) else "",
        user_id=user_id,
        response_url=url if isinstance(url, str) else None,
    )


def _address_of_event(event: Any) -> ReplyAddress | None:
    if not isinstance(event, dict) or event.get("type") not in ("app_mention", "message"):
        return None
    user_id, channel_id = event.get("user"), event.get("channel")
    if not isinstance(user_id, str) or not isinstance(channel_id, str) or event.get("bot_id"):
        return None
    return ReplyAddress(channel_id=channel_id, user_id=user_id)


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
