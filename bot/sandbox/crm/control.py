"""The API behind the CRM's own page, below /crm/sim: not part of any CRM, loopback only.

GET  /state         {name, now, today, stories, faults, counts, deliveries, webhook, campaigns, staff, ...}
GET  /donors        ?search=&filter=<id of a filter>&cursor=&limit=  {items: [row], next, total}
GET  /donors/{id}   {donor, story, owner, household, household_members, gifts, soft_credits, pledges, ...}
POST /happen        a `Wish`; answers a `Happened`
POST /faults        any of the switches of `FaultSettings`; answers all of them
GET  /stream        Server-Sent Events: change, event_sent, event_delivered, fault
"""

from __future__ import annotations

from collections import Counter

from pydantic import JsonValue, TypeAdapter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .api_reads import NAME
from .days import day_of
from .faults import Faults
from .happenings import Happenings, Wish
from .listing import document, filters, listed_donors, row
from .model import Record, instant
from .outcomes import Problem
from .paging import Wanted, in_order
from .store import Store
from .stream import Feed

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_SWITCHES: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class LoopbackOnly:
    """ASGI middleware: refuses other hosts, and writes without the header a foreign page cannot send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = _refusal(scope["method"], Headers(scope=scope))
            if refusal is not None:
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refusal(method: str, headers: Headers) -> Problem | None:
    host = headers.get("Host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in _LOOPBACK:
        return Problem(403, "not_loopback", "Forbidden", "The page answers on the loopback address only.")
    if method not in ("GET", "HEAD") and headers.get("X-Sim") != "1":
        return Problem(403, "header_missing", "Forbidden", "Writes carry the header X-Sim: 1.")
    return None


def control_routes(store: Store, faults: Faults, feed: Feed, *, webhook: bool) -> list[Route]:
    """All routes of the page's API, relative to /crm/sim."""
    control = Control(store, faults, feed, webhook=webhook)
    return [
        Route("/state", control.state),
        Route("/donors", control.donors),
        Route("/donors/{id}", control.donor),
        Route("/happen", control.happen, methods=["POST"]),
        Route("/faults", control.switch, methods=["POST"]),
        Route("/stream", control.stream),
    ]


class Control:
    """The endpoints of the page's API."""

    def __init__(self, store: Store, faults: Faults, feed: Feed, *, webhook: bool) -> None:
        self._store = store
        self._faults = faults
        self._feed = feed
        self._webhook = webhook
        self._happenings = Happenings(store)

    async def state(self, _request: Request) -> Response:
        """What the control strip needs to draw itself."""
        tables, now = self._store.tables, self._store.clock()
        counted = {
            name: len(getattr(tables, name))
            for name in ("donors", "gifts", "pledges", "recurring_gifts", "interactions", "notes", "tasks")
        }
        return JSONResponse(
            {
                "name": NAME,
                "now": instant(now),
                "today": day_of(now).isoformat(),
                "stories": [self._story(story) for story in tables.stories],
                "faults": self._faults.now.model_dump(mode="json"),
                "counts": counted,
                "deliveries": Counter(delivery.status for delivery in tables.deliveries),
                "webhook": {"configured": self._webhook},
                "campaigns": [c.model_dump(mode="json") for c in tables.campaigns],
                "staff": [s.model_dump(mode="json") for s in tables.staff],
                "filters": filters(self._store),
            }
        )

    async def donors(self, request: Request) -> Response:
        """Rows of the list."""
        query = request.query_params
        found = listed_donors(self._store, query.get("search", ""), query.get("filter", ""))
        page = in_order(found, Wanted.by(request), lambda donor: row(self._store, donor))
        return JSONResponse(page | {"total": len(found)})

    async def donor(self, request: Request) -> Response:
        """Everything about one donor."""
        donor = self._store.require(self._store.tables.donors, request.path_params["id"])
        return JSONResponse(document(self._store, donor))

    async def happen(self, request: Request) -> Response:
        """Make something happen."""
        wish = Wish.model_validate_json(await request.body())
        return JSONResponse(self._happenings.happen(wish).model_dump(mode="json"))

    async def switch(self, request: Request) -> Response:
        """Move the named switches."""
        changes = _SWITCHES.validate_json(await request.body())
        return JSONResponse(self._faults.switch(changes).model_dump(mode="json"))

    async def stream(self, _request: Request) -> Response:
        """What happens from now on."""
        return self._feed.response()

    def _story(self, story: Record) -> JsonValue:
        shown: dict[str, JsonValue] = story.model_dump(mode="json")
        donor = self._store.tables.donors.get(str(shown["donor_id"]))
        if donor is not None:
            shown |= {"donor_name": donor.name, "owner_id": donor.owner_id}
        return shown
