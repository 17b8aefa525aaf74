"""POST and GET <prefix>/api/<method>: reads a call, checks token, scopes and limits, runs it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.sandbox.slack.api import assistant, basics, chat, conversations, sharing, streams, users, views
from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.limiter import RateLimited
from bot.sandbox.slack.shapes import Json, SlackError
from bot.sandbox.slack.world import World

FAMILIES = (basics, chat, streams, conversations, users, views, assistant, sharing)
METHODS: dict[str, Method] = {name: method for family in FAMILIES for name, method in family.METHODS.items()}
_FAULT_RETRY_SECONDS = 5
_TRIGGERED = ("views.open", "views.push")


class ApiEndpoint:
    """Answers every Web API call of the app."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, request: Request) -> Response:
        """Run one call; refusals have status 200 and ok false, as in Slack."""
        broken = self._broken()
        if broken is not None:
            return broken
        name = request.path_params["method"]
        # A trigger_id counts from its arrival, however long Slack then takes to answer.
        answered_late = name in _TRIGGERED
        if not answered_late:
            await self._world.faults.slow_down()
        response = await self._answer(name, request)
        if answered_late:
            await self._world.faults.slow_down()
        return response

    async def _answer(self, name: str, request: Request) -> Response:
        try:
            body = self._run(name, await _arguments(request), request.headers.get("authorization"))
        except RateLimited as limited:
            return self._limited(limited.retry_after)
        except SlackError as error:
            body = error.body
        if self._world.faults.settings.lost_replies:
            return PlainTextResponse("upstream connect error", status_code=502)
        return JSONResponse(body, headers=self._headers(name))

    def _run(self, name: str, arguments: Json, authorization: str | None) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        token = arguments.pop("token", None) or (authorization or "").removeprefix("Bearer ").strip()
        self._check_token(method, str(token))
        call = Call(name, arguments, self._world)
        if method.scopes and method.caller == "bot":
            call.needs(*method.scopes)
        if method.tier is not None:
            self._world.limiter.spend_tier(name, method.tier)
        with self._world.journal.transaction():
            return {"ok": True} | method.handler(call)

    def _check_token(self, method: Method, token: str) -> None:
        config = self._world.config
        if method.caller == "anybody":
            return
        if not token:
            raise SlackError("not_authed")
        expected, other = config.bot_token, config.app_token
        if method.caller == "app":
            expected, other = other, expected
        if token == other:
            raise SlackError("not_allowed_token_type")
        if token != expected:
            raise SlackError("invalid_auth")

    def _broken(self) -> Response | None:
        faults = self._world.faults.settings
        if faults.down:
            return PlainTextResponse("Service Unavailable", status_code=503)
        if faults.http_500:
            return PlainTextResponse("Internal Server Error", status_code=500)
        return self._limited(_FAULT_RETRY_SECONDS) if faults.rate_limited else None

    def _limited(self, retry_after: int) -> Response:
        headers = {"Retry-After": str(retry_after)}
        return JSONResponse({"ok": False, "error": "ratelimited"}, status_code=429, headers=headers)

    def _headers(self, name: str) -> dict[str, str]:
        method = METHODS.get(name)
        return {
            "X-OAuth-Scopes": ",".join(self._world.config.bot_scopes),
            "X-Accepted-OAuth-Scopes": ",".join(method.scopes if method else ()),
            "X-Slack-Req-Id": self._world.mint.token(),
            "Cache-Control": "private, no-cache, no-store, must-revalidate",
        }


async def _arguments(request: Request) -> Json:
    arguments: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if not body:
        return arguments
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if content_type == "application/json":
        return arguments | _json_object(body)
    if content_type == "application/x-www-form-urlencoded":
        return arguments | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    raise SlackError("invalid_post_type" if content_type else "missing_post_type")


def _json_object(body: bytes) -> Json:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(parsed, dict):
        raise SlackError("json_not_object")
    return parsed
