"""The writing half of the REST API: every write names who it is for, and conditional writes what they saw."""

from __future__ import annotations

from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .api_reads import answer
from .bodies import Body, ConsentBody, DonorPatch, GiftPatch, NoteBody, TaskBody, TaskPatch
from .faults import Faults
from .outcomes import Problem, missing_header, stale, version_required
from .store import Author, Store

B = TypeVar("B", bound=Body)


def write_routes(store: Store, faults: Faults) -> list[Route]:
    """All routes that write, relative to the base path."""
    writes = Writes(store, faults)
    return [
        Route("/donors/{id}", writes.change_donor, methods=["PATCH"]),
        Route("/donors/{id}/consents", writes.add_consent, methods=["POST"]),
        Route("/gifts/{id}", writes.acknowledge_gift, methods=["PATCH"]),
        Route("/tasks/{id:path}", writes.put_task, methods=["PUT"]),
        Route("/tasks/{id}", writes.change_task, methods=["PATCH"]),
        Route("/tasks/{id}", writes.delete_task, methods=["DELETE"]),
        Route("/notes/{id:path}", writes.put_note, methods=["PUT"]),
        Route("/notes/{id}", writes.delete_note, methods=["DELETE"]),
    ]


class Writes:
    """The endpoints that write."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def change_donor(self, request: Request) -> Response:
        """200 with the new record."""
        body = await _body(request, DonorPatch)
        author, donor_id = _author(request), request.path_params["id"]
        self._store.require(self._store.tables.donors, donor_id)
        return answer(self._store.change_donor(donor_id, body, self._seen(request), author))

    async def acknowledge_gift(self, request: Request) -> Response:
        """200 with the new record."""
        body = await _body(request, GiftPatch)
        author, gift_id = _author(request), request.path_params["id"]
        self._store.require(self._store.tables.gifts, gift_id)
        return answer(self._store.acknowledge_gift(gift_id, body, self._seen(request), author))

    async def add_consent(self, request: Request) -> Response:
        """201 with the new row of the ledger, 200 with the same row for a repeat of its key."""
        body = await _body(request, ConsentBody)
        author = _author(request)
        if author.change_key is None:
            raise missing_header("X-Change-Key")
        consent, created = self._store.add_consent(request.path_params["id"], body, author)
        return answer(consent, 201 if created else 200)

    async def put_task(self, request: Request) -> Response:
        """201 the first time, 200 with the existing record after that, 410 once it was deleted."""
        body = await _body(request, TaskBody)
        key = request.path_params["id"]
        task, created = self._store.put_task(key, body, _author(request, key))
        return answer(task, 201 if created else 200)

    async def change_task(self, request: Request) -> Response:
        """200 with the new record; If-Match is optional here."""
        body = await _body(request, TaskPatch)
        author = _author(request)
        seen = self._seen_if_sent(request)
        return answer(self._store.change_task(request.path_params["id"], body, seen, author))

    async def delete_task(self, request: Request) -> Response:
        """204; If-Match is optional here."""
        author, seen = _author(request), self._seen_if_sent(request)
        self._store.delete_task(request.path_params["id"], seen, author)
        return Response(status_code=204)

    async def put_note(self, request: Request) -> Response:
        """201 the first time, 200 with the existing record after that, 410 once it was deleted."""
        self._permit_notes()
        body = await _body(request, NoteBody)
        key = request.path_params["id"]
        note, created = self._store.put_note(key, body, _author(request, key))
        return answer(note, 201 if created else 200)

    async def delete_note(self, request: Request) -> Response:
        """204."""
        self._permit_notes()
        self._store.delete_note(request.path_params["id"], _author(request))
        return Response(status_code=204)

    def _seen(self, request: Request) -> str:
        """The version the caller read."""
        tag = request.headers.get("If-Match", "").strip()
        if not tag:
            raise version_required()
        if self._faults.take_stale():
            raise stale(request.path_params["id"], tag)
        return tag.removeprefix('"').removesuffix('"')

    def _seen_if_sent(self, request: Request) -> str | None:
        return self._seen(request) if "If-Match" in request.headers else None

    def _permit_notes(self) -> None:
        if self._faults.now.partial_permission:
            raise Problem(403, "forbidden", "Forbidden", "This token may not read or write notes.")


def _author(request: Request, key: str | None = None) -> Author:
    actor = request.headers.get("X-Actor", "").strip()
    if not actor:
        raise missing_header("X-Actor")
    return Author(actor, request.headers.get("X-Change-Key") or key)


async def _body(request: Request, shape: type[B]) -> B:
    return shape.model_validate_json(await request.body())
