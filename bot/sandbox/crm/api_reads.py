"""The reading half of the REST API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .events import EventLog
from .faults import Faults
from .model import Gift, Record, Versioned, instant
from .outcomes import Problem, invalid
from .paging import FIRST_PAGE, Wanted, in_order, listed, newest_first, wire
from .search import find, near
from .store import Store
from .tables import Table

R = TypeVar("R", bound=Record)
Endpoint = Callable[[Request], Awaitable[Response]]
NAME = "Countersign sandbox CRM"
API_VERSION = "1"


def read_routes(store: Store, events: EventLog, faults: Faults) -> list[Route]:
    """All GET routes, relative to the base path."""
    reads = Reads(store, events, faults)
    tables = store.tables
    return [
        Route("/ping", reads.ping),
        Route("/donors", reads.donors),
        Route("/donors/{id}", reads.one(tables.donors)),
        Route("/donors/{id}/record", reads.record),
        Route("/donors/{id}/consents", reads.of_donor(tables.consents, lambda r: r.captured_on.isoformat())),
        Route("/donors/{id}/gifts", reads.of_donor(tables.gifts, _received)),
        Route("/donors/{id}/soft-credits", reads.soft_credits),
        Route("/donors/{id}/pledges", reads.of_donor(tables.pledges, lambda r: r.pledged_on.isoformat())),
        Route(
            "/donors/{id}/recurring-gifts",
            reads.of_donor(tables.recurring_gifts, lambda r: r.started_on.isoformat()),
        ),
        Route("/donors/{id}/interactions", reads.of_donor(tables.interactions, lambda r: _moment(r.at))),
        Route("/donors/{id}/notes", reads.notes),
        Route("/donors/{id}/tasks", reads.of_donor(tables.tasks, lambda r: _moment(r.created_at))),
        Route("/households/{id}", reads.one(tables.households)),
        Route("/gifts/{id}", reads.one(tables.gifts)),
        Route("/pledges/{id}", reads.one(tables.pledges)),
        Route("/interactions", reads.interactions),
        Route("/interactions/{id}", reads.one(tables.interactions)),
        Route("/notes/{id}", reads.note),
        Route("/tasks/{id}", reads.one(tables.tasks)),
        Route("/campaigns", reads.every(tables.campaigns)),
        Route("/campaigns/{id}", reads.one(tables.campaigns)),
        Route("/staff", reads.every(tables.staff)),
        Route("/staff/{id}", reads.one(tables.staff)),
        Route("/changes", reads.changes),
        Route("/events", reads.events),
    ]


def answer(record: Record, status: int = 200) -> Response:
    """A single record, with its version as ETag where it has one."""
    headers = {"ETag": f'"{record.version}"'} if isinstance(record, Versioned) else {}
    return JSONResponse(record.model_dump(mode="json"), status, headers)


def _received(gift: Gift) -> str:
    return gift.received_on.isoformat()


def _moment(at: datetime) -> str:
    """A text that sorts as time does."""
    return at.isoformat(timespec="microseconds")


def _instant(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        at = None
    if text and (at is None or at.tzinfo is None):
        raise invalid("from and until: write a moment with its offset, such as 2026-11-22T09:00:00+00:00.")
    return at


class Reads:
    """The endpoints that read; lists come newest first, donors best first."""

    def __init__(self, store: Store, events: EventLog, faults: Faults) -> None:
        self._store = store
        self._tables = store.tables
        self._events = events
        self._faults = faults

    async def ping(self, _request: Request) -> Response:
        """Who answers, how many donors the caller may see, and the CRM's clock."""
        donors = 0 if self._faults.now.empty_reads else len(self._tables.donors)
        now = instant(self._store.clock())
        return JSONResponse({"name": NAME, "version": API_VERSION, "donors": donors, "now": now})

    async def donors(self, request: Request) -> Response:
        """Donors that match *search*, or have names *near* it, optionally of one owner."""
        query = request.query_params
        everyone = [d for d in self._tables.donors if d.merged_into is None or query.get("search") == d.id]
        if query.get("owner_id"):
            everyone = [donor for donor in everyone if donor.owner_id == query["owner_id"]]
        if "near" in query:
            everyone = near(everyone, query["near"])
        elif "search" in query:
            everyone = find(everyone, query["search"])
        return self._list(in_order(everyone, Wanted.by(request)))

    async def interactions(self, request: Request) -> Response:
        """Interactions of every donor, of one *status*, *from* a moment *until* before another."""
        query = request.query_params
        found = [i for i in self._tables.interactions if query.get("status") in (None, i.status)]
        start, end = (_instant(query.get(name)) for name in ("from", "until"))
        found = [i for i in found if (start is None or start <= i.at) and (end is None or i.at < end)]
        return self._list(newest_first(found, lambda r: _moment(r.at), Wanted.by(request)))

    async def record(self, request: Request) -> Response:
        """A donor with the household and the first page of each list, in one answer."""
        tables, donor_id = self._tables, request.path_params["id"]
        donor = self._store.require(tables.donors, donor_id)
        household = tables.households.get(donor.household_id or "")
        may_see_notes = not self._faults.now.partial_permission
        return JSONResponse(
            {
                "donor": wire(donor),
                "household": wire(household) if household else None,
                "gifts": self._first(tables.gifts.of(donor_id), _received),
                "soft-credits": self._first(self._soft_credited(donor_id), _received),
                "pledges": self._first(tables.pledges.of(donor_id), lambda r: r.pledged_on.isoformat()),
                "recurring-gifts": self._first(
                    tables.recurring_gifts.of(donor_id), lambda r: r.started_on.isoformat()
                ),
                "interactions": self._first(tables.interactions.of(donor_id), lambda r: _moment(r.at)),
                "notes": self._first(tables.notes.of(donor_id), lambda r: _moment(r.written_at))
                if may_see_notes
                else None,
                "tasks": self._first(tables.tasks.of(donor_id), lambda r: _moment(r.created_at)),
                "consents": self._first(tables.consents.of(donor_id), lambda r: r.captured_on.isoformat()),
            }
        )

    def _first(self, rows: Sequence[R], key: Callable[[R], str]) -> dict[str, JsonValue]:
        return listed([], None) if self._faults.now.empty_reads else newest_first(rows, key, FIRST_PAGE)

    async def soft_credits(self, request: Request) -> Response:
        """Gifts of others in which this donor has soft credit."""
        donor_id = request.path_params["id"]
        self._store.require(self._tables.donors, donor_id)
        return self._list(newest_first(self._soft_credited(donor_id), _received, Wanted.by(request)))

    def _soft_credited(self, donor_id: str) -> list[Gift]:
        return [
            gift
            for gift in self._tables.gifts
            if gift.soft_credits and any(credit.donor_id == donor_id for credit in gift.soft_credits)
        ]

    async def notes(self, request: Request) -> Response:
        """A donor's notes, unless the caller may not see notes."""
        self._permit_notes()
        return await self.of_donor(self._tables.notes, lambda r: _moment(r.written_at))(request)

    async def note(self, request: Request) -> Response:
        """One note, unless the caller may not see notes."""
        self._permit_notes()
        return await self.one(self._tables.notes)(request)

    async def changes(self, request: Request) -> Response:
        """The change history of a donor, or of one change key, newest first."""
        query = request.query_params
        rows = list(self._tables.changes)
        if "donor_id" in query:
            rows = list(self._tables.changes.of(query["donor_id"]))
        if "change_key" in query:
            rows = [row for row in rows if row.external_key == query["change_key"]]
        return self._list(newest_first(rows, lambda r: _moment(r.at), Wanted.by(request)))

    async def events(self, request: Request) -> Response:
        """The events after a cursor, oldest first; *cursor* says where to go on later."""
        after = request.query_params.get("after") or request.query_params.get("cursor")
        page, following, seen = self._events.after(after, Wanted.by(request).limit)
        if self._faults.now.empty_reads:
            return JSONResponse({"items": [], "next": None, "cursor": after})
        items: list[JsonValue] = [event.wire() for event in page]
        return JSONResponse({"items": items, "next": following, "cursor": seen})

    def one(self, table: Table[R]) -> Endpoint:
        """An endpoint for single records of *table*."""

        async def read(request: Request) -> Response:
            return answer(self._store.require(table, request.path_params["id"]))

        return read

    def every(self, table: Table[R]) -> Endpoint:
        """An endpoint for all records of *table*."""

        async def read(request: Request) -> Response:
            return self._list(in_order(tuple(table), Wanted.by(request)))

        return read

    def of_donor(self, table: Table[R], key: Callable[[R], str]) -> Endpoint:
        """An endpoint for the records of *table* that belong to a donor."""

        async def read(request: Request) -> Response:
            donor_id = request.path_params["id"]
            self._store.require(self._tables.donors, donor_id)
            return self._list(newest_first(table.of(donor_id), key, Wanted.by(request)))

        return read

    def _list(self, page: dict[str, JsonValue]) -> Response:
        return JSONResponse(listed([], None) if self._faults.now.empty_reads else page)

    def _permit_notes(self) -> None:
        if self._faults.now.partial_permission:
            raise Problem(403, "forbidden", "Forbidden", "This token may not read or write notes.")
