"""The simulated Slack workspace as one Starlette application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from bot.sandbox.slack.api.endpoint import ApiEndpoint
from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.page import PageApi
from bot.sandbox.slack.shapes import Clock, Json, SlackError
from bot.sandbox.slack.world import World, build_world

STATIC = Path(__file__).resolve().parent.parent / "static" / "slack"
_GONE = ("expired_url", "used_url", "invalid_url")


def build_slack(config: SlackSandboxConfig, clock: Clock) -> Starlette:
    """Build the workspace; its lifespan starts and stops deliveries.

    Mounted below another application the lifespan does not run: the parent awaits `app.state.slack.start()`
    and `app.state.slack.stop()` instead, and serves this app at the root of its origin.
    """
    world = build_world(config, clock)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await world.start()
        yield
        await world.stop()

    app = Starlette(routes=_routes(world), lifespan=lifespan)
    app.state.slack = world
    return app


def _routes(world: World) -> list[BaseRoute]:
    api, prefix = ApiEndpoint(world), world.config.prefix

    async def call_api(request: Request) -> Response:
        return await api(request)

    async def serve_socket(socket: WebSocket) -> None:
        await world.sockets.serve(socket)

    return [
        Route(f"{prefix}/api/{{method:path}}", call_api, methods=["GET", "POST"]),
        WebSocketRoute(f"{prefix}/socket/{{ticket}}", serve_socket),
        Route(f"{prefix}/response/{{token}}", _respond(world), methods=["POST"]),
        Route(f"{prefix}/upload/{{token}}", _upload(world), methods=["POST"]),
        Route(f"{prefix}/files/{{id}}/{{name}}", _download(world)),
        *PageApi(world).routes(),
        Route("/", _index),
        Mount("/static/slack", StaticFiles(directory=STATIC, check_dir=False)),
    ]


def _respond(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        await world.faults.slow_down()
        if world.faults.settings.down or world.faults.settings.http_500:
            return PlainTextResponse("Service Unavailable", status_code=503)
        body = await _json_object(request)
        if body is None:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, status_code=400)
        try:
            with world.journal.transaction():
                world.response_urls.respond(request.path_params["token"], body)
        except SlackError as error:
            return JSONResponse(error.body, status_code=404 if error.code in _GONE else 400)
        return PlainTextResponse("ok")

    return respond


async def _json_object(request: Request) -> Json | None:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _upload(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def upload(request: Request) -> Response:
        data = await request.body()
        file = world.files.receive(request.path_params["token"], data)
        if file is None:
            return PlainTextResponse("the address or the length is wrong", status_code=400)
        return PlainTextResponse(f"OK - {len(data)}")

    return upload


def _download(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def download(request: Request) -> Response:
        file = world.files.get(request.path_params["id"])
        if file is None or not file.shared or file.name != request.path_params["name"]:
            return PlainTextResponse("not found", status_code=404)
        disposition = f'attachment; filename="{file.id}"'
        return Response(file.data, media_type=file.mimetype, headers={"Content-Disposition": disposition})

    return download


async def _index(_request: Request) -> Response:
    page = STATIC / "index.html"
    if not page.is_file():
        return PlainTextResponse("The page is not installed.", status_code=404)
    return FileResponse(page, headers={"Cache-Control": "no-cache"})
