"""The FastAPI application: what people and their tools look at."""

from __future__ import annotations

from fastapi import FastAPI, Response

from bot.http.dashboard import Dashboard, add_dashboard
from bot.http.metrics import Metrics
from bot.http.shared import Shared

MEASURED_FOR_S = 1.0
"""For so long one measurement serves everybody: whoever reaches the port may ask, and each takes a look at
every queue."""


def pages(metrics: Metrics, dashboard: Dashboard | None = None) -> FastAPI:
    """Return the application: `/metrics`, and `/dashboard` where there is one."""
    app = FastAPI(title="Countersign", docs_url=None, redoc_url=None, openapi_url=None)

    measured = Shared(metrics.text, MEASURED_FOR_S)

    @app.get("/metrics")
    async def show_metrics() -> Response:
        return Response(await measured.get(), media_type="text/plain; version=0.0.4; charset=utf-8")

    if dashboard:
        add_dashboard(app, dashboard)
    return app
