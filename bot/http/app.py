"""All HTTP addresses: the hot paths and the probes directly, everything for people through FastAPI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.http.asgi import AsgiApp, Receive, Scope, Send, hardened
from bot.http.crm_events import CrmEvents
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from bot.http.prompt import Prompt
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


CRM_EVENTS = "/crm/events"
_EVENTS = CRM_EVENTS.encode()
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
SIGNED = frozenset({CRM_EVENTS, "/slack/events"})


def doors(crm_events: AsgiApp | None, slack_events: AsgiApp | None, probes: Probes, pages: Pages) -> AsgiApp:
    """Return the one application: `/crm/events`, `/slack/events`, the probes, everything else to *pages*."""
    direct: dict[str, AsgiApp] = {
        "/healthz": probes.alive,
        "/readyz": probes.ready,
    }
    if crm_events:
        direct[CRM_EVENTS] = crm_events
    if slack_events:
        direct["/slack/events"] = slack_events

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = direct.get(scope.get("path", "")) if scope["type"] == "http" else None
        await (found or pages)(scope, receive, hardened(send))

    return app


@dataclass(frozen=True, slots=True)
class Limit:
    """Patience with callers who prove nothing: *per_minute* requests of an address, 0 for any number.

    What *trusted_proxies* say of where a request came from is believed, and nobody else. *refused* hears of
    each refusal, with "signed" or "other".
    """

    per_minute: int
    trusted_proxies: str
    refused: Callable[[str], None]


class Front:
    """The doors behind their limit; the CRM's events need no task of their own."""

    def __init__(
        self,
        crm_events: CrmEvents | None,
        slack_events: AsgiApp | None,
        probes: Probes,
        pages: Pages,
        limit: Limit,
    ) -> None:
        self._crm_events = crm_events
        self._app = _limited(doors(crm_events, slack_events, probes, pages), limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    def promptly(self, request: Prompt) -> bool:
        """Take in an event of the CRM: who signs rightly is never limited, whatever the address."""
        if self._crm_events is None or request.target != _EVENTS:
            return False
        return self._crm_events.promptly(request)


def _limited(app: AsgiApp, limit: Limit) -> AsgiApp:
    if not limit.per_minute:
        return app
    limiting = limited(app, Strangers(limit.per_minute), signed=SIGNED, exempt=PROBES, refused=limit.refused)
    return ProxyHeadersMiddleware(limiting, trusted_hosts=limit.trusted_proxies)  # type: ignore[arg-type,return-value]
