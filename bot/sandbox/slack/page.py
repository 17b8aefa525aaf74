"""The API of the page below /sim/: never part of Slack, for this machine's browser only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox.people import TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from bot.sandbox.slack.acts import Acts, Click
from bot.sandbox.slack.directory import Conversation, User
from bot.sandbox.slack.page_shapes import page_channel, page_user
from bot.sandbox.slack.shapes import Json, SlackError
from bot.sandbox.slack.submissions import Submissions
from bot.sandbox.slack.suggestions import Suggestions
from bot.sandbox.slack.world import World

Handler = Callable[[Request], Awaitable[Response]]
_HISTORY_LIMIT = 200


class PageApi:
    """What the page reads and does, always in the name of one persona."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._acts = Acts(world)
        self._submissions = Submissions(world, self._acts)
        self._suggestions = Suggestions(world, self._acts)

    def routes(self) -> list[Route]:
        """The routes below /sim/."""
        reads = {
            "boot": self._boot,
            "history": self._history,
            "thread": self._thread,
            "home": self._home,
            "stream": self._stream,
        }
        acts = {
            "act/message": self._message,
            "act/command": self._command,
            "act/block": self._block,
            "act/view_submit": self._view_submit,
            "act/view_close": self._view_close,
            "act/shortcut": self._shortcut,
            "act/suggest": self._suggest,
            "act/read": self._read,
            "faults": self._faults,
        }
        return [
            *(Route(f"/sim/{path}", self._guarded(handler)) for path, handler in reads.items()),
            *(
                Route(f"/sim/{path}", self._guarded(handler, writes=True), methods=["POST"])
                for path, handler in acts.items()
            ),
        ]

    def _guarded(self, handler: Handler, *, writes: bool = False) -> Handler:
        async def guarded(request: Request) -> Response:
            host = request.headers.get("host", "").rpartition(":")
            name = host[0] if host[2].isdigit() and host[0] else request.headers.get("host", "")
            if name not in self._world.config.page_hosts:
                return JSONResponse({"ok": False, "error": "host_not_allowed"}, status_code=403)
            if writes and request.headers.get("x-sim") != "1":
                return JSONResponse({"ok": False, "error": "missing_x_sim_header"}, status_code=403)
            try:
                return await handler(request)
            except SlackError as error:
                return JSONResponse(error.body, status_code=400)

        return guarded

    def _viewer(self, request: Request) -> User:
        return self._acts.person(request.query_params.get("as"))

    async def _boot(self, request: Request) -> Response:
        user = self._viewer(request)
        directory = self._world.directory
        channels = [self._channel(item, user) for item in directory.of_member(user.id)]
        commands = [
            {"command": item.command, "description": item.description, "usage_hint": item.usage_hint}
            for item in self._world.config.commands
        ]
        return JSONResponse(
            {
                "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN},
                "me": page_user(user),
                "people": [page_user(person) for person in directory.people()],
                "channels": channels,
                "bot": page_user(directory.bot),
                "commands": commands,
                "shortcuts": [asdict(each) for each in self._world.config.shortcuts],
                "faults": self._world.faults.shown(),
                "clock": self._world.clock().isoformat(),
                "prompts": self._world.journal.load("prompts").get(directory.direct_with_bot(user.id).id),
                "views": [view.shown() for view in self._world.views.stack(user.id)],
            }
        )

    def _channel(self, conversation: Conversation, user: User) -> Json:
        peer_id = conversation.peer_of(user.id)
        peer = self._world.directory.users[peer_id] if peer_id else None
        timeline = self._world.messages.timeline(conversation.id, user.id)
        last_ts = timeline[-1].ts if timeline else None
        return page_channel(conversation, peer, self._world.board.unread(conversation, user.id), last_ts)

    async def _history(self, request: Request) -> Response:
        user = self._viewer(request)
        conversation = self._acts.conversation(user, request.query_params.get("channel"))
        before = request.query_params.get("before")
        limit = _limit(request.query_params.get("limit"))
        timeline = self._world.messages.timeline(conversation.id, user.id)
        older = [message for message in timeline if before is None or message.ts < before]
        if conversation.is_direct and before is None:
            self._acts.open_app(user, "messages")
        shown = [self._world.board.page_object(message, user.id) for message in older[-limit:]]
        return JSONResponse({"messages": shown, "has_more": len(older) > limit})

    async def _thread(self, request: Request) -> Response:
        user = self._viewer(request)
        conversation = self._acts.conversation(user, request.query_params.get("channel"))
        thread_ts = request.query_params.get("thread_ts", "")
        parent = self._world.messages.get(conversation.id, thread_ts)
        if parent is None or parent.visible_to not in (None, user.id):
            raise SlackError("thread_not_found")
        answers = self._world.messages.replies(conversation.id, thread_ts, user.id)
        shown = [self._world.board.page_object(message, user.id) for message in (parent, *answers)]
        return JSONResponse({"messages": shown})

    async def _home(self, request: Request) -> Response:
        user = self._viewer(request)
        self._acts.open_app(user, "home")
        home = self._world.views.home(user.id)
        return JSONResponse({"view": home.shown() if home else None})

    async def _stream(self, request: Request) -> Response:
        user = self._viewer(request)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            self._world.hub.listen(user.id), media_type="text/event-stream", headers=headers
        )

    async def _message(self, request: Request) -> Response:
        body = await _body(request)
        user, conversation = self._where(body)
        text = str(body.get("text") or "")
        posted = self._acts.write(user, conversation, text, _text(body, "thread_ts"))
        return JSONResponse({"ok": True, "ts": posted.ts})

    async def _command(self, request: Request) -> Response:
        body = await _body(request)
        user, conversation = self._where(body)
        command, text = str(body.get("command")), str(body.get("text") or "")
        self._acts.run_command(user, conversation, command, text, _text(body, "thread_ts"))
        return JSONResponse({"ok": True}, status_code=202)

    async def _block(self, request: Request) -> Response:
        body = await _body(request)
        user = self._acts.person(_text(body, "as"))
        self._acts.click(user, _click(body))
        return JSONResponse({"ok": True}, status_code=202)

    async def _view_submit(self, request: Request) -> Response:
        body = await _body(request)
        user = self._acts.person(_text(body, "as"))
        outcome = await self._submissions.submit(user, str(body.get("view_id")), _values(body) or {})
        return JSONResponse(outcome.shown())

    async def _view_close(self, request: Request) -> Response:
        body = await _body(request)
        self._submissions.dismiss(self._acts.person(_text(body, "as")), str(body.get("view_id")))
        return JSONResponse({"ok": True})

    async def _shortcut(self, request: Request) -> Response:
        body = await _body(request)
        user = self._acts.person(_text(body, "as"))
        callback_id = str(body.get("callback_id"))
        self._acts.use_shortcut(user, callback_id, _text(body, "channel"), _text(body, "message_ts"))
        return JSONResponse({"ok": True}, status_code=202)

    async def _suggest(self, request: Request) -> Response:
        body = await _body(request)
        user = self._acts.person(_text(body, "as"))
        wanted = str(body.get("value") or "")
        return JSONResponse(await self._suggestions.suggest(user, _click(body), wanted))

    async def _read(self, request: Request) -> Response:
        user, conversation = self._where(await _body(request))
        self._world.board.mark_read(conversation, user.id)
        return JSONResponse({"ok": True})

    async def _faults(self, request: Request) -> Response:
        wanted = await _body(request)
        wanted.pop("as", None)
        self._world.faults.change(wanted)
        shown = self._world.faults.shown()
        self._world.hub.publish("faults", lambda _: shown)
        if self._world.faults.settings.down:
            await self._world.sockets.cut()
        return JSONResponse(shown)

    def _where(self, body: Json) -> tuple[User, Conversation]:
        user = self._acts.person(_text(body, "as"))
        return user, self._acts.conversation(user, _text(body, "channel"))


async def _body(request: Request) -> Json:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body


def _text(body: Json, name: str) -> str | None:
    value = body.get(name)
    return str(value) if value else None


def _object(body: Json, name: str) -> Json:
    value = body.get(name)
    if not isinstance(value, dict):
        raise SlackError("invalid_arguments")
    return value


def _values(body: Json) -> Json | None:
    state = body.get("state")
    values = state.get("values") if isinstance(state, dict) else None
    return values if isinstance(values, dict) else None


def _click(body: Json) -> Click:
    return Click(
        action=_object(body, "action"),
        channel=_text(body, "channel"),
        message_ts=_text(body, "message_ts"),
        view_id=_text(body, "view_id"),
        values=_values(body),
    )


def _limit(value: str | None) -> int:
    try:
        return max(1, min(int(value or 50), _HISTORY_LIMIT))
    except ValueError:
        return 50
