"""`POST /crm/events`: signature, shape, durable row, 202; the work happens afterwards."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus

from bot.crm.signature import Signatures
from bot.crm.webhook import LARGEST_BODY, Accepted, Rejected, looks_signed, receive, receive_usual
from bot.doorstep import Doorstep
from bot.http.asgi import (
    BodyTooLarge,
    Disconnected,
    MadeAnswer,
    Receive,
    Scope,
    Send,
    TooSlow,
    answer,
    headers_of,
    read_body,
)
from bot.http.prompt import Prompt
from bot.http.strangers import STRAINED
from bot.refusals import Refusals
from handlers.spans import is_traced
from storage.errors import StorageError

log = logging.getLogger(__name__)

_ACCEPTED = MadeAnswer(202, {"status": "accepted"})
_KNOWN = MadeAnswer(202, {"status": "already_accepted"})


class CrmEvents:
    """The application that accepts the CRM's events."""

    def __init__(self, doorstep: Doorstep, secrets: Sequence[str], refusals: Refusals | None = None) -> None:
        self._doorstep = doorstep
        self._refusals = refusals or Refusals()
        self._signatures = Signatures(secrets, time.time)

    def promptly(self, request: Prompt) -> bool:
        """Take in an event as nearly all are, well signed and understood; False for any other request."""
        if len(request.body) > LARGEST_BODY or is_traced():
            return False
        usual = receive_usual(request.headers, request.body, self._signatures)
        if usual is None:
            return False
        self._refusals.fits()
        stored = self._doorstep.begin(usual.command, usual.arrival)
        stored.add_done_callback(partial(_thank, request))
        return True

    async def __call__(self, scope: Scope, receive_: Receive, send: Send) -> None:
        """Accept one event, or say why not."""
        if scope["method"] != "POST":
            await answer(send, 405, {"error": "method_not_allowed"}, {"allow": "POST"})
            return
        try:
            body = await read_body(scope, receive_, LARGEST_BODY)
        except Disconnected:
            return
        except BodyTooLarge:
            await _refuse(send, Rejected(413, "body_too_large"))
            return
        except TooSlow:
            await _refuse(send, Rejected(408, "body_too_slow"))
            return
        headers = headers_of(scope)
        outcome = receive(headers, body, self._signatures)
        self._note(outcome, headers)
        if isinstance(outcome, Rejected):
            await _refuse(send, outcome, told=STRAINED not in scope)
            return
        try:
            fresh = await self._doorstep.accept(outcome.command, outcome.arrival)
        except StorageError as error:
            log.warning("event not stored", extra={"code": error.code})
            await answer(send, 503, {"error": "not_stored"}, {"retry-after": "5"})
            return
        if outcome.status == 202:
            await (_ACCEPTED if fresh else _KNOWN).send(scope, send)
        else:
            await answer(send, outcome.status, {"status": "kept_unreadable"})

    def _note(self, outcome: Accepted | Rejected, headers: Mapping[str, str]) -> None:
        if isinstance(outcome, Accepted):
            self._refusals.fits()
        elif outcome.status == HTTPStatus.UNAUTHORIZED and looks_signed(headers):
            self._refusals.refused()


def _thank(request: Prompt, stored: asyncio.Future[bool]) -> None:
    """Say that it is durable; where it is not, have it tried and answered as every other request is."""
    if stored.cancelled() or stored.exception():
        request.leave_to()
    else:
        (_ACCEPTED if stored.result() else _KNOWN).send_promptly(request)


async def _refuse(send: Send, rejected: Rejected, *, told: bool = True) -> None:
    if told:  # a flood fills no log
        log.warning("event refused", extra={"code": rejected.code})
    # Of a body that is too large or too slow the rest is still under way: nobody waits for it.
    unread = {"connection": "close"} if rejected.status in (408, 413) else None
    await answer(send, rejected.status, {"error": rejected.code}, unread)
