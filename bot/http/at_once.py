"""What our server offers beyond ASGI: a body that is here already, and an answer that goes out as it is.

ASGI gives each request a task, hands it over and takes an answer piece by piece, which costs more than
checking and storing a small event. An application that is served by something else finds no such offer and
does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

OFFER = "countersign.at_once"


class AtOnce:
    """One request and its answer, in one go each."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def body(self) -> bytes | None:
        """Take the whole body; None when some of it is still under way or nobody waits for the answer."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        return body

    def answer(self, status: bytes, rest: bytes) -> bool:
        """Write a status line, and headers with their body; False when it has to go the usual way.

        That is so when the connection is to be closed, when the caller reads too slowly, and for HEAD.
        """
        cycle = self._cycle
        if not cycle.keep_alive or cycle.flow.write_paused or cycle.disconnected or cycle.response_started:
            return False
        if cycle.scope["method"] == "HEAD":
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        always = [part for name, value in cycle.default_headers for part in (name, b": ", value, b"\r\n")]
        cycle.transport.write(b"".join((status, *always, rest)))
        cycle.message_event.set()
        cycle.on_response()
        return True


def offered(scope: Mapping[str, Any]) -> AtOnce | None:
    """Return what the server offers for this request, if it does."""
    found = scope.get("extensions", {}).get(OFFER)
    return found if isinstance(found, AtOnce) else None
