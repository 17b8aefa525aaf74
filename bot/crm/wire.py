"""Talking to the CRM over HTTP: one place that turns its answers into ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiohttp

from bot.failpoints import hit
from bot.lease_keeper import check_it_is_held
from bot.retry_after import wait_asked_for
from handlers.ports import DonorUnknown, OutcomeUnknown, Refused, StaleRecord, Unavailable
from storage.limits import Limits, LocalLimits

CRM: Final = "crm"
_PAGE_SIZE = 500
_MOST_PAGES = 200
_QUOTA = b"quota_exceeded"
_MOST_CONNECTIONS = 40
UNREADABLE: Final = "unreadable_answer"
NO_ANSWER: Final = "no_answer"


class NotPermitted(Exception):
    """The CRM does not let Countersign see this kind of record."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back, read to its end."""

    status: int
    content: bytes
    wait: timedelta | None
    """How long it asks us to wait, if it does."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def document(self) -> dict[str, Any] | None:
        """Return the object; None for one that broke off, or a page of something in between."""
        try:
            read = json.loads(self.content)
        except ValueError:
            return None
        return read if isinstance(read, dict) else None


def crm_session(base_url: str, token: str, timeout_s: float) -> aiohttp.ClientSession:
    """Return what `Wire` asks with: no redirects are followed and no proxies taken from the environment.

    Reading a donor takes a dozen requests, so what one of them costs counts.
    """
    return aiohttp.ClientSession(
        base_url=base_url if base_url.endswith("/") else f"{base_url}/",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=None, connect=timeout_s, sock_connect=timeout_s, sock_read=timeout_s
        ),
    )


class Wire:
    """HTTP requests against the CRM's REST API; *session* carries base URL, token and timeouts.

    While the CRM has asked any replica to wait it is not asked at all.
    """

    def __init__(self, session: aiohttp.ClientSession, limits: Limits | None = None) -> None:
        self._session = session
        self._limits = limits or LocalLimits()

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Read one document; raises DonorUnknown (404), NotPermitted, Unavailable."""
        document = (await self._read(path, query)).document()
        if document is None:
            raise Unavailable(CRM, UNREADABLE)
        return document

    async def every(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """Read all pages of a list; what is on two pages, because something moved, counts once."""
        return await self.onwards(path, await self.get(path, limit=_PAGE_SIZE, **query), **query)

    async def onwards(self, path: str, page: Mapping[str, Any], **query: str | int) -> list[dict[str, Any]]:
        """Read the pages of a list after the first *page*, and return what is on all of them."""
        items, followed = [*items_of(page)], set[str]()
        while cursor := page.get("next"):
            # Of a list that ends nowhere nobody knows what it lacks: half of a record must not pass for all.
            if str(cursor) in followed or len(followed) >= _MOST_PAGES:
                raise Unavailable(CRM, UNREADABLE)
            followed.add(str(cursor))
            page = await self.get(path, limit=_PAGE_SIZE, **query, cursor=str(cursor))
            items += items_of(page)
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

        Raises StaleRecord, OutcomeUnknown, Unavailable, DonorUnknown (the record is gone), Refused, and
        LeaseLostError before anything is sent.
        """
        await self._admitted()
        hit("crm.sending")
        check_it_is_held()
        try:
            answer = await self._ask(
                method,
                path,
                json=dict(body) if body is not None else None,
                headers={"X-Actor": actor, **headers},
                middlewares=(_sent_once,),
            )
            hit("crm.answered")
        except (aiohttp.ClientError, TimeoutError):
            raise OutcomeUnknown(CRM) from None
        if answer.status in (412, 409):
            raise StaleRecord(path)
        if answer.status >= 500:
            raise OutcomeUnknown(CRM)
        await self._refuse_waiting(answer)
        if answer.status == 404:
            raise DonorUnknown(path)
        if not answer.is_success:
            raise Refused(CRM, f"http_{answer.status}")
        document = answer.document() if answer.content else {}
        if document is None:  # it was done, or something in between answers in the CRM's place
            raise OutcomeUnknown(CRM)
        return document

    async def _read(self, path: str, query: Mapping[str, str | int]) -> _Answer:
        await self._admitted()
        try:
            answer = await self._ask("GET", path, params=query)
        except aiohttp.ClientConnectorCertificateError:
            raise Unavailable(CRM, "certificate_refused") from None
        except (aiohttp.ClientError, TimeoutError):
            raise Unavailable(CRM, NO_ANSWER) from None
        await self._refuse_waiting(answer)
        if answer.status == 404:
            raise DonorUnknown(path)
        if answer.status == 403:
            raise NotPermitted(path)
        if not answer.is_success:
            raise Unavailable(CRM, f"http_{answer.status}")
        return answer

    async def _ask(self, method: str, path: str, **request: Any) -> _Answer:
        async with self._session.request(method, path, allow_redirects=False, **request) as response:
            content = await response.read()
            seconds = wait_asked_for(response.headers)
            wait = timedelta(seconds=seconds) if seconds else None
            return _Answer(response.status, content, wait)

    async def _admitted(self) -> None:
        """Raise Unavailable while the CRM is to be left alone."""
        wait = await self._limits.held(CRM)
        if wait > 0:
            raise Unavailable(CRM, "rate_limited", timedelta(seconds=wait))

    async def _refuse_waiting(self, answer: _Answer) -> None:
        """Raise Unavailable where the CRM asks to wait: too many requests, or the day's quota is used up."""
        too_many = answer.status == 429
        used_up = answer.status == 403 and _QUOTA in answer.content
        if not too_many and not used_up:
            return
        if answer.wait:
            await self._limits.hold(CRM, answer.wait.total_seconds())
        raise Unavailable(CRM, "rate_limited" if too_many else _QUOTA.decode(), answer.wait)


async def _sent_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a write once: the library would repeat a PUT or a DELETE when its connection breaks."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise Unavailable(CRM, "no_connection") from None
    except aiohttp.ClientConnectionError:
        raise OutcomeUnknown(CRM) from None


def items_of(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a page of a list holds; raises Unavailable where it is no such page."""
    items = page.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unavailable(CRM, UNREADABLE)
    return items


def _each_once(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    latest = {str(item["id"]): item for item in items if "id" in item}
    return [*latest.values(), *(item for item in items if "id" not in item)]
