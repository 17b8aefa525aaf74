"""A second Slack, written from Slack's public documentation alone: plain, strict, and broken when asked."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, WSMsgType, web

from tests.independent_slack.block_rules import faults_in
from tests.independent_slack.payloads import event_callback
from tests.independent_slack.workspace import (
    ACK_S,
    APP,
    APP_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    BOT_USER,
    FORM_ONLY,
    SECRET,
    TEAM,
    Ack,
    Channel,
    Fault,
    Json,
    SlackError,
)
from tests.patience import PATIENCE_S

REPETITIONS = 3
ADDRESS_LIVES_S = 1800
"""So long a response_url can be used, five times at most."""


class PlainSlack:
    """One workspace with one app installed; it delivers over HTTP to *bot_url*, or else to the sockets."""

    def __init__(self, users: dict[str, Json], channels: list[Channel], *, socket_mode: bool) -> None:
        self.users, self.channels = users, {channel.id: channel for channel in channels}
        self.socket_mode, self.bot_url, self.origin = socket_mode, "", ""
        self.secret, self.bot_token, self.shut_out, self.ahead_s = SECRET, BOT_TOKEN, "", 0
        self.messages: dict[str, list[Json]] = {}
        self.lists_until = float("inf")
        self.private: list[Json] = []
        self.homes: dict[str, Json] = {}
        self.views: dict[str, Json] = {}
        self.calls: list[tuple[str, Json]] = []
        self.refused: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.sockets: list[web.WebSocketResponse] = []
        self._wires: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self.tickets: dict[str, str] = {}
        self.dead_tickets = 0
        self._triggers: dict[str, float] = {}
        self._response_urls: dict[str, Json] = {}
        self._acks: dict[str, asyncio.Future[Json]] = {}
        self._sent_over: dict[str, web.WebSocketResponse] = {}
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()
        self._echoes: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None

    # Starting, stopping, waiting

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/respond/{token}", self._respond)
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        for fault in self.faults:
            fault.go_on.set()
        for echo in self._echoes:
            echo.cancel()
        await asyncio.gather(*self._echoes, return_exceptions=True)
        for socket in self.sockets:
            await socket.close()
        assert self._runner is not None
        await self._runner.cleanup()

    async def until(self, probe: Callable[[], Any], what: str, within: float = PATIENCE_S) -> Any:
        """Return what *probe* finds, asked again whenever something changed here."""
        try:
            async with asyncio.timeout(within):
                while not (found := probe()):
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"never happened: {what}") from None
        return found

    def _touch(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def fresh(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):06d}"

    def stamp(self) -> str:
        return f"{int(time.time())}.{next(self._numbers):06d}"

    def channel(self, channel_id: str) -> Channel:
        return self.channels[channel_id]

    def break_next(self, method: str, kind: str, times: int = 1, **more: Any) -> Fault:
        fault = Fault(method, kind, times, **more)
        self.faults.append(fault)
        return fault

    def called(self, method: str) -> list[Json]:
        return [args for name, args in self.calls if name == method]

    # The Web API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args, token = await _arguments(request, method)
        self.calls.append((method, args))
        fault = self._due(method, args)
        kind, _, detail = fault.kind.partition(":") if fault else ("", "", "")
        if kind == "drop":
            return _cut(request)
        if kind == "slow":
            await asyncio.sleep(float(detail))  # a slow Slack is the subject here
        if kind == "held" and fault:
            await fault.go_on.wait()
        if kind in ("429", "500", "html", "html200", "elsewhere"):
            return _broken(kind, detail)
        try:
            answer = {"ok": True} | self._call(method, args, token, detail if kind == "error" else "")
        except SlackError as error:
            self.refused.append((method, str(error)))
            answer = {"ok": False, "error": str(error)}
        finally:
            self._touch()
        if kind == "lost":
            return _cut(request)
        if kind in ("bare", "after"):
            answer = {"ok": True} if kind == "bare" else {"ok": False, "error": detail}
        if kind in ("truncated", "reset"):
            return await _cut_short(request, json.dumps(answer), breaks=kind == "reset")
        return web.json_response(answer, headers={"x-slack-req-id": self.fresh("req")})

    def _due(self, method: str, args: Json) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.hits < fault.times and fault.only(args):
                fault.hits += 1
                return fault
        return None

    def _call(self, method: str, args: Json, token: str, refusal: str) -> Json:
        if refusal or self.shut_out:
            raise SlackError(refusal or self.shut_out)
        name = "_" + method.replace(".", "_")
        if not hasattr(self, name):
            raise SlackError("unknown_method")
        if token != (APP_TOKEN if method == "apps.connections.open" else self.bot_token):
            raise SlackError("invalid_auth" if token else "not_authed")
        result: Json = getattr(self, name)(args)
        return result

    def _auth_test(self, _args: Json) -> Json:
        return {"url": self.origin, "team": "North", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID}

    def _apps_connections_open(self, _args: Json) -> Json:
        ticket = self.fresh("ticket")
        self.tickets[ticket] = "dead" if self.dead_tickets > 0 else "fresh"
        self.dead_tickets -= 1
        return {"url": f"{self.origin.replace('http', 'ws')}/link?ticket={ticket}&app_id={APP}"}

    def _users_info(self, args: Json) -> Json:
        if args.get("user") not in self.users:
            raise SlackError("user_not_found")
        return {"user": self.users[args["user"]]}

    def _users_list(self, _args: Json) -> Json:
        return {"members": list(self.users.values()), "response_metadata": {"next_cursor": ""}}

    def _users_lookupByEmail(self, args: Json) -> Json:
        wanted = str(args.get("email", "")).casefold()
        for user in self.users.values():
            if user["profile"].get("email", "").casefold() == wanted != "":
                return {"user": user}
        raise SlackError("users_not_found")

    def _seen(self, args: Json, *, to_post: bool = False) -> Channel:
        """The channel as far as the bot may see it, or write in it."""
        channel = self.channels.get(str(args.get("channel", "")))
        if channel is None or (channel.kind != "public" and BOT_USER not in channel.members):
            raise SlackError("channel_not_found")
        if to_post and BOT_USER not in channel.members:
            raise SlackError("not_in_channel")
        if to_post and channel.archived:
            raise SlackError("is_archived")
        return channel

    def _conversations_info(self, args: Json) -> Json:
        return {"channel": self._seen(args).wire()}

    def _conversations_members(self, args: Json) -> Json:
        return {"members": sorted(self._seen(args).members)}

    def _conversations_list(self, args: Json) -> Json:
        """One channel a page, and an empty page before them: Slack promises neither full nor filled ones."""
        listed = [
            channel.wire()
            for channel in self.channels.values()
            if channel.kind == "public" or (channel.kind == "private" and BOT_USER in channel.members)
            if not (channel.archived and args.get("exclude_archived") == "true")
        ]
        at = int(args.get("cursor") or 0)
        cursor = str(at + 1) if at < len(listed) else ""
        return {"channels": listed[at - 1 : at] if at else [], "response_metadata": {"next_cursor": cursor}}

    def _conversations_open(self, args: Json) -> Json:
        user = str(args.get("users", ""))
        if user not in self.users:
            raise SlackError("user_not_found")
        return {"channel": {"id": self.direct(user)}, "no_op": True}

    def direct(self, user: str) -> str:
        """The direct messages of somebody with the bot."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.members == {user, BOT_USER}:
                return channel.id
        made = Channel(self.fresh("D7"), "", {user, BOT_USER}, "im")
        self.channels[made.id] = made
        return made.id

    def _conversations_history(self, args: Json) -> Json:
        channel = self._seen(args, to_post=True)
        roots = [m for m in self.messages.get(channel.id, []) if m.get("thread_ts", m["ts"]) == m["ts"]]
        return self._page(roots, args)

    def _conversations_replies(self, args: Json) -> Json:
        channel = self._seen(args, to_post=True)
        thread = [
            m for m in self.messages.get(channel.id, []) if args.get("ts") in (m["ts"], m.get("thread_ts"))
        ]
        if not thread:
            raise SlackError("thread_not_found")
        return self._page(thread, args)

    def _page(self, messages: list[Json], args: Json) -> Json:
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
        latest = min(latest, self.lists_until)
        found = [dict(m) for m in messages if oldest <= float(m["ts"]) <= latest]
        answered = [m["thread_ts"] for m in self.messages.get(args["channel"], []) if m.get("thread_ts")]
        for message in found:
            if message["ts"] in answered and message.get("thread_ts", message["ts"]) == message["ts"]:
                message["reply_count"] = answered.count(message["ts"])
        if str(args.get("include_all_metadata", "")).lower() not in ("true", "1"):
            found = [{key: value for key, value in m.items() if key != "metadata"} for m in found]
        return {"messages": found[::-1], "has_more": False}

    def _chat_postMessage(self, args: Json) -> Json:
        if args.get("channel") in self.users:
            args = args | {"channel": self.direct(args["channel"])}
        channel = self._seen(args, to_post=True)
        posted = _content(args) | {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "app_id": APP,
            "ts": self.stamp(),
        }
        posted |= {key: args[key] for key in ("thread_ts", "metadata") if args.get(key)}
        there = self.messages.setdefault(channel.id, [])
        if not any(posted.get("thread_ts") in (m["ts"], m.get("thread_ts")) for m in there):
            posted.pop(
                "thread_ts", None
            )  # of a message that is gone Slack makes no thread, and does not say so
        there.append(posted)
        if channel.kind == "im":
            self._echo(posted | {"channel": channel.id, "channel_type": "im"})
        return {"channel": channel.id, "ts": posted["ts"], "message": posted}

    def _chat_update(self, args: Json) -> Json:
        channel = self._seen(args)
        if channel.archived:
            raise SlackError("is_inactive")
        ours = [m for m in self.messages.get(channel.id, []) if m["ts"] == args.get("ts")]
        if not ours:
            raise SlackError("message_not_found")
        ours[0] |= {"metadata": args["metadata"]} if args.get("metadata") else {}
        ours[0] |= _content(args) | {"edited": {"user": BOT_USER, "ts": self.stamp()}}
        if channel.kind == "im":
            changed = {"type": "message", "subtype": "message_changed", "channel": channel.id}
            changed |= {"message": ours[0], "ts": self.stamp(), "hidden": True, "channel_type": "im"}
            self._echo(changed)
        return {"channel": channel.id, "ts": ours[0]["ts"], "text": ours[0]["text"]}

    def _chat_delete(self, args: Json) -> Json:
        channel = self._seen(args)
        ours = [m for m in self.messages.get(channel.id, []) if m["ts"] == args.get("ts")]
        if not ours:
            raise SlackError("message_not_found")
        if ours[0].get("user") != BOT_USER:
            raise SlackError("cant_delete_message")
        self.messages[channel.id].remove(ours[0])
        return {"channel": channel.id, "ts": args["ts"]}

    def _chat_postEphemeral(self, args: Json) -> Json:
        channel = self._seen(args, to_post=True)
        if args.get("user") not in channel.members:
            raise SlackError("user_not_in_channel")
        thread = args.get("thread_ts")
        # "Ephemeral messages in threads are only shown if there is already an active thread."
        active = not thread or any(m.get("thread_ts") == thread for m in self.messages.get(channel.id, []))
        content = _content(args)
        if active:
            self._whisper(args["user"], channel.id, content, thread)
        return {"message_ts": self.stamp()}

    def _whisper(self, user: str, channel: str, content: Json, thread: str | None = None) -> None:
        private = content | {"user_id": user, "channel": channel, "ts": self.stamp(), "thread_ts": thread}
        self.private.append(private | {"is_ephemeral": True})

    def _views_open(self, args: Json) -> Json:
        self._spend(str(args.get("trigger_id", "")))
        return {"view": self._keep(self.fresh("V7"), args)}

    def _views_update(self, args: Json) -> Json:
        if args.get("view_id") not in self.views:
            raise SlackError("not_found")
        return {"view": self._keep(args["view_id"], args)}

    def _views_publish(self, args: Json) -> Json:
        view = _object(args.get("view"))
        if args.get("user_id") not in self.users:
            raise SlackError("user_not_found")
        _check(view.get("blocks", []), "home", view)
        self.homes[args["user_id"]] = view | {"id": f"V7HOME{args['user_id']}", "hash": self.stamp()}
        return {"view": self.homes[args["user_id"]]}

    def _keep(self, view_id: str, args: Json) -> Json:
        view = _object(args.get("view"))
        _check(view.get("blocks", []), "modal", view)
        self.views[view_id] = view | {"id": view_id, "hash": self.stamp(), "state": {"values": {}}}
        return self.views[view_id]

    def _spend(self, trigger: str) -> None:
        born = self._triggers.get(trigger)
        if born is None:
            raise SlackError("invalid_trigger_id")
        if born == 0.0:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - born > ACK_S:
            raise SlackError("expired_trigger_id")
        self._triggers[trigger] = 0.0

    # response_url

    async def _respond(self, request: web.Request) -> web.Response:
        issued, body = self._response_urls.get(request.match_info["token"]), await request.json()
        fault = self._due("response_url", (issued or {}) | body)
        if fault and fault.kind != "lost":
            return _broken(*fault.kind.partition(":")[::2])
        if issued is not None and time.monotonic() + self.ahead_s - issued["at"] > ADDRESS_LIVES_S:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if issued is None or issued["uses"] >= 5:
            return web.Response(status=404, text="used_url")
        if not body.get("delete_original") and not (body.get("text") or body.get("blocks")):
            return web.Response(status=400, text="no_text")
        if fault and fault.kind == "lost":
            self._answered(body, issued)
            return _cut(request)
        if found := faults_in(body.get("blocks") or [], "message"):
            self.refused.append(("response_url", str(found)))
            return web.Response(status=400, text="invalid_blocks")
        issued["uses"] += 1
        self._answered(body, issued)
        self._touch()
        return web.json_response({"ok": True})

    def _answered(self, body: Json, issued: Json) -> None:
        """A slash command's answer never replaces anything: only a pressed message can be replaced."""
        content = {"text": body.get("text", ""), "blocks": body.get("blocks", []), "via": issued["via"]}
        original = issued.get("message")
        if original is not None and body.get("replace_original"):
            original.pop("blocks", None)
            original |= content | {"replaced": True}
        elif body.get("response_type", "ephemeral") == "ephemeral":
            self._whisper(issued["user"], issued["channel"], content, body.get("thread_ts"))
        else:
            self.messages.setdefault(issued["channel"], []).append(content | {"ts": self.stamp()})

    def response_url(self, user: str, channel: str, via: str, message: Json | None = None) -> str:
        token = self.fresh("r")
        issued: Json = {"user": user, "channel": channel, "via": via, "uses": 0, "message": message}
        issued["at"] = time.monotonic() + self.ahead_s
        self._response_urls[token] = issued
        return f"{self.origin}/respond/{token}"

    def trigger(self) -> str:
        trigger = self.fresh("13345224609.738474920.")
        self._triggers[trigger] = time.monotonic()
        return trigger

    # Delivery

    @property
    def delivering(self) -> bool:
        """Something was sent over a socket and is not acknowledged yet."""
        return any(not ack.done() for ack in self._acks.values())

    def _echo(self, event: Json) -> None:
        """Slack reports the bot's own direct messages to the bot."""
        task = asyncio.create_task(self.deliver("events_api", event_callback(self, event)))
        self._echoes.add(task)
        task.add_done_callback(self._echoes.discard)

    async def deliver(self, kind: str, payload: Json, retry: tuple[int, str] | None = None) -> Ack:
        """Deliver a slash_commands, interactive or events_api payload; *retry* is (number, reason)."""
        if self.socket_mode:
            return await self._deliver_by_socket(kind, payload, retry)
        content = "application/x-www-form-urlencoded"
        match kind:
            case "slash_commands":
                body = urlencode(payload)
            case "interactive":
                body = urlencode({"payload": json.dumps(payload)})
            case _:
                body, content = json.dumps(payload), "application/json"
        headers = {"Content-Type": content}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        return await self.send_signed(body.encode(), headers)

    async def send_signed(self, body: bytes, headers: Json, *, age_s: int = 0, secret: str = "") -> Ack:
        """Sign as the documentation describes and send; an *age_s* or another *secret* spoils it."""
        at = str(int(time.time()) - age_s)
        digest = hmac.new(
            (secret or self.secret).encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256
        ).hexdigest()
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
        return await self.send(body, signed | {"User-Agent": "Slackbot 1.0"} | headers)

    async def send(self, body: bytes, headers: Json, method: str = "POST") -> Ack:
        for _ in range(REPETITIONS):
            try:
                return await self._send(body, headers, method)
            except ClientConnectionError:
                continue  # it did not arrive, or nobody knows: Slack delivers again
        return await self._send(body, headers, method)

    async def _send(self, body: bytes, headers: Json, method: str) -> Ack:
        began = time.monotonic()
        # A connection for each request: none is closed by the other side just as it is used again.
        async with (
            ClientSession(timeout=ClientTimeout(total=PATIENCE_S)) as http,
            http.request(method, self.bot_url, data=BytesIO(body), headers=headers) as response,
        ):
            text = await response.text()
            kind = response.content_type
            answer = json.loads(text) if text and kind == "application/json" else text
            return Ack(response.status, answer, time.monotonic() - began, dict(response.headers))

    async def _deliver_by_socket(self, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        await self.until(lambda: any(not socket.closed for socket in self.sockets), "a connection")
        envelope: Json = {"envelope_id": self.fresh("envelope-"), "type": kind, "payload": payload}
        envelope |= {"accepts_response_payload": kind != "events_api"}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        waiting = self._acks[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        try:
            socket = next(s for s in reversed(self.sockets) if not s.closed)
            self._sent_over[envelope["envelope_id"]] = socket
            await socket.send_json(envelope)
        except ConnectionResetError:
            # The service let go of this connection at the same moment; Slack reports that as a failure too.
            return Ack(0, "", time.monotonic() - began)
        self._touch()
        try:
            answer = await asyncio.wait_for(waiting, ACK_S)
        except (TimeoutError, ConnectionResetError):
            self._acks.pop(envelope["envelope_id"], None)
            return Ack(0, "", time.monotonic() - began)
        return Ack(200, answer.get("payload") or "", time.monotonic() - began)

    def cut(self, socket: web.WebSocketResponse) -> None:
        """End a connection without a word."""
        wire = self._wires[socket]
        assert wire is not None
        wire.abort()

    async def _link(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket; its ticket is good for one attempt, also for one that failed."""
        state = self.tickets.pop(request.query.get("ticket", ""), None)
        if state != "fresh":
            return web.Response(status=500 if state else 408)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        info = {"app_id": APP}
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": info, "new": {}})
        self.sockets.append(socket)
        self._wires[socket] = request.transport
        self._touch()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                ack = json.loads(message.data)
                waiting = self._acks.pop(ack["envelope_id"], None)
                if waiting and not waiting.done():
                    waiting.set_result(ack)
        self.sockets.remove(socket)
        self._give_up(socket)
        self._touch()
        return socket

    def _give_up(self, socket: web.WebSocketResponse) -> None:
        """What was sent over a connection that has ended will not be acknowledged."""
        for envelope_id in [sent for sent, over in self._sent_over.items() if over is socket]:
            del self._sent_over[envelope_id]
            waiting = self._acks.pop(envelope_id, None)
            if waiting and not waiting.done():
                waiting.set_exception(ConnectionResetError())


async def _arguments(request: web.Request, method: str) -> tuple[Json, str]:
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        if method not in FORM_ONLY:
            args |= await request.json()
    else:
        args |= {key: str(value) for key, value in (await request.post()).items()}
    header = request.headers.get("Authorization", "")
    return args, str(args.pop("token", "")) or header.removeprefix("Bearer ")


def _content(args: Json) -> Json:
    blocks = _object(args.get("blocks") or [])
    _check(blocks, "message", {})
    if not blocks and not args.get("text"):
        raise SlackError("no_text")
    return {"text": args.get("text", ""), "blocks": blocks}


def _object(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _check(blocks: list[Json], surface: str, view: Json) -> None:
    if found := faults_in(blocks, surface, view):
        raise SlackError(f"invalid_blocks {found}")


def _broken(kind: str, detail: str) -> web.Response:
    if kind == "429":
        asked = {} if detail == "unsaid" else {"Retry-After": detail or "1"}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=asked)
    if kind in ("500", "gone", "used"):
        status = {"500": 500, "gone": 404, "used": 410}[kind]
        return web.Response(status=status, text="used_url" if kind == "used" else "")
    if kind == "expired":
        return web.json_response({"ok": False, "error": "expired_url"})
    if kind == "elsewhere":
        return web.Response(status=307, headers={"Location": "/respond/somebody-else"})
    page = "<html><body><h1>Something is broken</h1></body></html>"
    return web.Response(status=200 if kind == "html200" else 503, text=page, content_type="text/html")


async def _cut_short(request: web.Request, answer: str, *, breaks: bool) -> web.StreamResponse:
    """Send half of an *answer*: as all there is, or until the connection breaks."""
    half = answer.encode()[: len(answer) // 2]
    if not breaks:
        return web.Response(body=half, content_type="application/json")
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(answer)
    await response.prepare(request)
    await response.write(half)
    return _cut(request)


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
