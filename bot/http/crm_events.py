"""`POST /crm/events`: signature, shape, durable row, 202; the work happens afterwards."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from bot.crm.signature import Signatures
from bot.crm.webhook import LARGEST_BODY, Rejected, receive
from bot.doorstep import Arrival, Doorstep
from bot.http.asgi import (
    AsgiApp,
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
from bot.http.strangers import STRAINED
from storage.errors import StorageError

log = logging.getLogger(__name__)

_ACCEPTED = MadeAnswer(202, {"status": "accepted"})
_KNOWN = MadeAnswer(202, {"status": "already_accepted"})


def crm_events(doorstep: Doorstep, secrets: Sequence[str]) -> AsgiApp:
    """Return the application that accepts the CRM's events."""
    signatures = Signatures(secrets, time.time)

    async def app(scope: Scope, receive_: Receive, send: Send) -> None:
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
        outcome = receive(headers_of(scope), body, signatures)
        if isinstance(outcome, Rejected):
            await _refuse(send, outcome, told=STRAINED not in scope)
            return
        arrival = Arrival(source=outcome.source, dedupe_key=outcome.dedupe_key, order=outcome.order)
        try:
            fresh = await doorstep.accept(outcome.command, arrival)
        except StorageError as error:
            log.warning("event not stored", extra={"code": error.code})
            await answer(send, 503, {"error": "not_stored"}, {"retry-after": "5"})
            return
        if outcome.status == 202:
            await (_ACCEPTED if fresh else _KNOWN).send(scope, send)
        else:
            await answer(send, outcome.status, {"status": "kept_unreadable"})

    return app


async def _refuse(send: Send, rejected: Rejected, *, told: bool = True) -> None:
    if told:  # a flood fills no log
        log.warning("event refused", extra={"code": rejected.code})
    # Of a body that is too large or too slow the rest is still under way: nobody waits for it.
    unread = {"connection": "close"} if rejected.status in (408, 413) else None
    await answer(send, rejected.status, {"error": rejected.code}, unread)
