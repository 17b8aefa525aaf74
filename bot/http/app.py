"""All HTTP addresses: the hot paths and the probes directly, everything for people through FastAPI."""

from __future__ import annotations

from secrets import token_urlsafe

from bot.http.asgi import AsgiApp, Receive, Scope, Send, hardened
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from handlers.context import Context


class Pages:
    """What people and their tools look at, in a FastAPI application that is made when first asked for.

    Loading FastAPI takes a fifth of a second of every start, and neither Slack nor the CRM ever needs it.
    """

    def __init__(self, metrics: Metrics, context: Context | None = None) -> None:
        self._metrics, self._context = metrics, context
        self._app: AsgiApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._app is None:
            from bot.http.dashboard import Dashboard  # noqa: PLC0415 - see above
            from bot.http.pages import pages  # noqa: PLC0415 - see above

            dashboard = Dashboard(self._context, token_urlsafe) if self._context else None
            self._app = pages(self._metrics, dashboard)
        await self._app(scope, receive, send)


def doors(crm_events: AsgiApp | None, slack_events: AsgiApp | None, probes: Probes, pages: Pages) -> AsgiApp:
    """Return the one application: `/crm/events`, `/slack/events`, the probes, everything else to *pages*."""
    direct: dict[str, AsgiApp] = {
        "/healthz": probes.alive,
        "/readyz": probes.ready,
    }
    if crm_events:
        direct["/crm/events"] = crm_events
    if slack_events:
        direct["/slack/events"] = slack_events

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = direct.get(scope.get("path", "")) if scope["type"] == "http" else None
        await (found or pages)(scope, receive, hardened(send))

    return app
