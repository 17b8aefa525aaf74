"""All HTTP addresses: the hot paths and the probes directly, everything for people through FastAPI."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_urlsafe

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.http.asgi import AsgiApp, Receive, Scope, Send, hardened
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from bot.http.strangers import Strangers, limited
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


PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
SIGNED = frozenset({"/crm/events", "/slack/events"})


def guarded(app: AsgiApp, per_minute: int, trusted_proxies: str, refused: Callable[[str], None]) -> AsgiApp:
    """Return *app* with patience for *per_minute* requests of an address that prove nothing; 0 for any.

    What *trusted_proxies* say of where a request came from is believed, and nobody else.
    """
    if not per_minute:
        return app
    limiting = limited(app, Strangers(per_minute), signed=SIGNED, exempt=PROBES, refused=refused)
    return ProxyHeadersMiddleware(limiting, trusted_hosts=trusted_proxies)  # type: ignore[arg-type,return-value]


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
