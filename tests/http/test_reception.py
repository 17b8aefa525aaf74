"""While the service opens and closes: alive at once, ready only in between, and nothing half accepted."""

from __future__ import annotations

import httpx2

from bot.http.asgi import Receive, Scope, Send, answer
from bot.http.reception import Reception

ADDRESSES = ("/healthz", "/readyz", "/crm/events")


async def _answers(reception: Reception) -> list[int]:
    transport = httpx2.ASGITransport(app=reception)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bot") as http:
        return [(await http.get(address)).status_code for address in ADDRESSES]


async def _everything(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 202, {})


async def test_it_lives_opens_and_drains() -> None:
    reception = Reception()
    assert await _answers(reception) == [200, 503, 503], "it waits for its database"
    reception.open(_everything)
    assert await _answers(reception) == [202, 202, 202]
    reception.drain()
    assert await _answers(reception) == [202, 503, 202], "who comes meanwhile is still let in"
