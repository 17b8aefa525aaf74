"""The HTTP door for Slack: what cannot be a request of Slack is turned away before anything reads it."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Sequence
from http import HTTPStatus

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.http.asgi import BodyTooLarge, Disconnected, TooSlow, read_body
from bot.http.strangers import STRAINED
from bot.refusals import Refusals

PATH = "/slack/events"
LARGEST_BODY = 1024 * 1024

MALFORMED = (LookupError, TypeError, AttributeError, ValueError, AssertionError)
"""What the Slack library raises for signed payloads of a shape that it does not expect."""

log = logging.getLogger("countersign.slack")

OBJECTS = ("event", "user", "team", "channel", "view", "container", "message")

_TIMESTAMP = re.compile(r"\d{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class SlackEndpoint:
    """An ASGI application for one address; serve it at `PATH`, as in `Route(PATH, SlackEndpoint(app))`.

    *secrets* are those a request may be signed with, the one the app checks with first: while Slack's secret
    is being replaced there are two.
    """

    def __init__(self, app: AsyncApp, secrets: Sequence[str] = (), refusals: Refusals | None = None) -> None:
        self._app = app
        self._refusals = refusals or Refusals()
        self._verifiers = [SignatureVerifier(secret) for secret in secrets]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await self._answer(Request(scope), receive)
        except Disconnected:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, receive: Receive) -> Response:
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        if not _looks_signed(request):
            return _refused("no_signature")
        try:
            body = await read_body(request.scope, receive, LARGEST_BODY)
        except TooSlow:
            return Response("too slow", status_code=408, headers={"Connection": "close"})
        except BodyTooLarge:
            return Response("too large", status_code=413, headers={"Connection": "close"})
        # Before anything is parsed: parsing costs a hundred times as much as a signature.
        if self._verifiers and STRAINED in request.scope and not _is_signed(self._verifiers, request, body):
            self._refusals.refused()
            return Response("not signed", status_code=401)  # a flood fills no log
        understood = _read(body, self._headers(request, body))
        if understood is None:
            return Response("not understood", status_code=400)
        try:
            answered = _response(await self._app.async_dispatch(understood))
        except MALFORMED as error:
            log.warning("slack request malformed", extra={"error": type(error).__name__})
            return Response("not understood", status_code=400)
        if answered.status_code == HTTPStatus.UNAUTHORIZED:
            self._refusals.refused()
            return _refused("wrong_signature")
        self._refusals.fits()
        return answered

    def _headers(self, request: Request, body: bytes) -> dict[str, str | Sequence[str]]:
        """Return the headers; what the previous secret has signed is signed with the present one."""
        headers: dict[str, str | Sequence[str]] = dict(request.headers)
        if _is_signed(self._verifiers[1:], request, body):
            timestamp = request.headers["x-slack-request-timestamp"]
            renewed = self._verifiers[0].generate_signature(timestamp=timestamp, body=body)
            headers["x-slack-signature"] = renewed or ""
        return headers


def _refused(code: str) -> Response:
    """Refuse what Slack did not sign, and say so: with a wrong signing secret that is everything."""
    log.warning("request refused", extra={"code": code})
    return Response("not signed", status_code=401)


def _is_signed(verifiers: Sequence[SignatureVerifier], request: Request, body: bytes) -> bool:
    timestamp, signature = (request.headers[f"x-slack-{name}"] for name in ("request-timestamp", "signature"))
    with contextlib.suppress(UnicodeDecodeError):  # which is refused as not understood
        return any(each.is_valid(body, timestamp, signature) for each in verifiers)
    return False


def _looks_signed(request: Request) -> bool:
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    return bool(_TIMESTAMP.fullmatch(timestamp) and timestamp.isascii() and _SIGNATURE.fullmatch(signature))


def _read(body: bytes, headers: dict[str, str | Sequence[str]]) -> AsyncBoltRequest | None:
    try:
        understood = AsyncBoltRequest(body=body.decode("utf-8"), headers=headers)
    except (ValueError, RecursionError, AttributeError, TypeError):
        return None
    return understood if _well_formed(understood.body) else None


def _well_formed(body: object) -> bool:
    if not isinstance(body, dict):
        return False
    objects = [body[key] for key in OBJECTS if body.get(key) is not None]
    actions = body["actions"] if isinstance(body.get("actions"), list) else []
    objects += actions
    if body.get("type") == "block_actions" and not all(_has_name(action) for action in actions):
        return False
    event = body.get("event")
    named = "event" not in body or (isinstance(event, dict) and isinstance(event.get("type"), str))
    return named and all(isinstance(item, dict) for item in objects)


def _has_name(action: object) -> bool:
    return isinstance(action, dict) and isinstance(action.get("action_id"), str)


def _response(answer: BoltResponse) -> Response:
    return Response(
        content=answer.body, status_code=answer.status, headers=answer.first_headers_without_set_cookie()
    )
