"""All HTTP addresses: the two hot paths directly, health and metrics through FastAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Response
from pydantic import BaseModel

from bot.http.asgi import AsgiApp, Receive, Scope, Send
from bot.http.metrics import Metrics

Check = Callable[[], Awaitable[str]]
"""Returns an empty text when all is well, else what is wrong in a few words."""


class Health(BaseModel):
    """The state of the process and of what it needs; each check is "ok" or says what is wrong."""

    status: str
    checks: dict[str, str] = {}


def health_app(checks: dict[str, Check], metrics: Metrics) -> FastAPI:
    """Return the application for operations."""
    app = FastAPI(title="Countersign", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> Health:
        return Health(status="ok")

    @app.get("/readyz")
    async def readyz(response: Response) -> Health:
        found = {name: await check() or "ok" for name, check in checks.items()}
        ready = all(state == "ok" for state in found.values())
        response.status_code = 200 if ready else 503
        return Health(status="ok" if ready else "not ready", checks=found)

    @app.get("/metrics")
    async def show_metrics() -> Response:
        return Response(await metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


def doors(crm_events: AsgiApp, slack_events: AsgiApp | None, health: FastAPI) -> AsgiApp:
    """Return the one application: `/crm/events`, `/slack/events`, everything else to *health*."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if scope["type"] == "http" and path == "/crm/events":
            await crm_events(scope, receive, send)
        elif scope["type"] == "http" and path == "/slack/events" and slack_events:
            await slack_events(scope, receive, send)
        else:
            await health(scope, receive, send)

    return app
