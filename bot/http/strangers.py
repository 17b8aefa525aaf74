"""Patience with callers who prove nothing: a bucket of tokens per address, one gone with each refusal.

Only what is refused costs a token, and at the doors for what is signed an empty bucket stops nothing: the
signature is looked at all the same, so Slack and the CRM come through behind whatever proxy they share.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, MutableMapping
from typing import Any

from bot.http.asgi import AsgiApp, Receive, Scope, Send, answer

MOST_ADDRESSES = 4096
STRAINED = "countersign.strained"
"""Set in the scope of a request whose caller has no token left: refuse it as cheaply as can be."""

_TOO_MANY = 429
_PROVED_NOTHING = frozenset({400, 401, 403, 404, 405, 408, 413})
_NOBODY = "unknown"


class Strangers:
    """Buckets of *per_minute* tokens, full at first, for the addresses that were refused something lately.

    The *most* of them that were refused last are kept; whoever is forgotten has a full bucket again.
    """

    def __init__(
        self, per_minute: int, *, clock: Callable[[], float] = time.monotonic, most: int = MOST_ADDRESSES
    ) -> None:
        self._size, self._rate = float(per_minute), per_minute / 60
        self._clock, self._most = clock, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait_s(self, address: str) -> int:
        """Return in how many seconds *address* may be refused something again; 0 when it may now."""
        left = self._left(address)
        return 0 if left >= 1 else max(1, math.ceil((1 - left) / self._rate))

    def refused(self, address: str) -> None:
        """Take a token from *address*."""
        left = max(self._left(address) - 1, 0.0)
        self._buckets[address] = (left, self._clock())
        self._buckets.move_to_end(address)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)

    def _left(self, address: str) -> float:
        left, at = self._buckets.get(address, (self._size, self._clock()))
        return min(self._size, left + (self._clock() - at) * self._rate)


def address_of(scope: Scope) -> str:
    """Return whose bucket a request draws on: an IPv4 address, or the network an IPv6 address lies in."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return _NOBODY
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(address), 64), strict=False))
        address = address.ipv4_mapped
    return str(address)


def limited(
    app: AsgiApp,
    strangers: Strangers,
    *,
    signed: Collection[str],
    exempt: Collection[str],
    refused: Callable[[str], None],
) -> AsgiApp:
    """Return *app* with 429 for whoever has proved nothing too often.

    At the paths *signed* it stands in for 401 alone; *exempt* paths are never refused. *refused* hears of
    each refusal, with "signed" or "other".
    """

    async def limiting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in exempt:
            await app(scope, receive, send)
            return
        address, is_signed = address_of(scope), scope["path"] in signed
        wait_s = strangers.wait_s(address)
        if wait_s and not is_signed:
            refused("other")
            await answer(send, _TOO_MANY, {"error": "too_many_requests"}, {"retry-after": str(wait_s)})
            return
        if wait_s:
            scope[STRAINED] = True

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] in _PROVED_NOTHING:
                strangers.refused(address)
                if wait_s and message["status"] == 401:
                    refused("signed")
                    message["status"] = _TOO_MANY
                    message["headers"] = [*message["headers"], (b"retry-after", str(wait_s).encode())]
            await send(message)

        await app(scope, receive, sending)

    return limiting
