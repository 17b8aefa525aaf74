"""Talking to the CRM over HTTP: one place that turns its answers into ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx2

from bot.failpoints import hit
from handlers.ports import DonorUnknown, OutcomeUnknown, Refused, StaleRecord, Unavailable
from storage.limits import Limits, LocalLimits

CRM: Final = "crm"
_PAGE_SIZE = 500
_MOST_PAGES = 200
_QUOTA = "quota_exceeded"
UNREADABLE: Final = "unreadable_answer"


class NotPermitted(Exception):
    """The CRM does not let Countersign see this kind of record."""


class Wire:
    """HTTP requests against the CRM's REST API; *client* carries base URL, token and timeouts.

    While the CRM has asked any replica to wait it is not asked at all.
    """

    def __init__(self, client: httpx2.AsyncClient, limits: Limits | None = None) -> None:
        self._client = client
        self._limits = limits or LocalLimits()

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Read one document; raises DonorUnknown (404), NotPermitted, Unavailable."""
        document = _document(await self._read(path, query))
        if document is None:
            raise Unavailable(CRM, UNREADABLE)
        return document

    async def every(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """Read all pages of a list; what is on two pages, because something moved, counts once."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = await self.get(path, limit=_PAGE_SIZE, **query, **cursor)
            items += items_of(page)
            if not page.get("next"):
                break
            cursor = {"cursor": page["next"]}
        return _each_once(items)

    async def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        actor: str,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        """Send one write exactly once.

        Raises StaleRecord, OutcomeUnknown, Unavailable, DonorUnknown (the record is gone), Refused.
        """
        sent_headers = {"X-Actor": actor, **headers}
        await self._admitted()
        hit("crm.sending")
        try:
            response = await self._client.request(
                method, path, json=dict(body) if body is not None else None, headers=sent_headers
            )
            hit("crm.answered")
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
            raise Unavailable(CRM, "no_connection") from None
        except httpx2.TransportError:
            raise OutcomeUnknown(CRM) from None
        if response.status_code in (412, 409):
            raise StaleRecord(path)
        if response.status_code >= 500:
            raise OutcomeUnknown(CRM)
        await self._refuse_waiting(response)
        if response.status_code == 404:
            raise DonorUnknown(path)
        if response.is_error:
            raise Refused(CRM, f"http_{response.status_code}")
        document = _document(response) if response.content else {}
        if document is None:  # it was done, or something in between answers in the CRM's place
            raise OutcomeUnknown(CRM)
        return document

    async def _read(self, path: str, query: Mapping[str, str | int]) -> httpx2.Response:
        await self._admitted()
        try:
            response = await self._client.get(path, params=dict(query))
        except httpx2.TransportError:
            raise Unavailable(CRM, "no_answer") from None
        await self._refuse_waiting(response)
        if response.status_code == 404:
            raise DonorUnknown(path)
        if response.status_code == 403:
            raise NotPermitted(path)
        if response.is_error:
            raise Unavailable(CRM, f"http_{response.status_code}")
        return response

    async def _admitted(self) -> None:
        """Raise Unavailable while the CRM is to be left alone."""
        wait = await self._limits.held(CRM)
        if wait > 0:
            raise Unavailable(CRM, "rate_limited", timedelta(seconds=wait))

    async def _refuse_waiting(self, response: httpx2.Response) -> None:
        """Raise Unavailable where the CRM asks to wait: too many requests, or the day's quota is used up."""
        too_many = response.status_code == 429
        used_up = response.status_code == 403 and _QUOTA in response.text
        if not too_many and not used_up:
            return
        wait = _retry_after(response)
        if wait:
            await self._limits.hold(CRM, wait.total_seconds())
        raise Unavailable(CRM, "rate_limited" if too_many else _QUOTA, wait)


def items_of(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a page of a list holds; raises Unavailable where it is no such page."""
    items = page.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unavailable(CRM, UNREADABLE)
    return items


def _document(response: httpx2.Response) -> dict[str, Any] | None:
    """Return the object that was answered; None for one that broke off, or a page of something in between."""
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _each_once(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    latest = {str(item["id"]): item for item in items if "id" in item}
    return [*latest.values(), *(item for item in items if "id" not in item)]


def _retry_after(response: httpx2.Response) -> timedelta | None:
    seconds = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdigit() else None
