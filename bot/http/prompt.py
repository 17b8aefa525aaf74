"""HTTP for small requests by the thousand: one that is here as a whole is answered without a task of its own.

ASGI gives each request a scope, a task and an answer piece by piece, which costs more than checking and
storing a small event. A request that arrives in one piece is shown to the application first; only what it
does not take is made into all that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bot.http.at_once import AtOnce
from bot.http.patience import PatientProtocol

if TYPE_CHECKING:
    from bot.http.asgi import AsgiApp


class Prompt:
    """One POST that is here as a whole: its *target*, *headers* with lower-case names, and *body*."""

    __slots__ = ("_cycle", "_protocol", "body", "headers", "target")

    def __init__(
        self, protocol: PromptProtocol, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> None:
        self._protocol, self.target, self.headers, self.body = protocol, target, headers, body
        self._cycle: RequestResponseCycle | None = None

    def is_made_into(self, cycle: RequestResponseCycle) -> None:
        """Be answered through *cycle* from now on."""
        self._cycle = cycle

    def answer(self, status: bytes, rest: bytes) -> bool:
        """Write a status line, and headers with their body; False when it has to go the usual way.

        That is so when the connection is to be closed, and when the caller reads too slowly.
        """
        if self._cycle:
            return AtOnce(self._cycle).answer(status, rest)
        return self._protocol.answer(status, rest)

    def leave_to(self, app: AsgiApp | None = None) -> None:
        """Have the request served as every other is, by *app* or by the application that it was for."""
        self._protocol.serve(self._cycle or self._protocol.put_in_line(self), app)


def promptly(app: object, request: Prompt) -> bool:
    """Let *app* begin to answer without a task, if it can; False, and nothing done, where it cannot.

    An application that can has a method of that name. It never answers before it has returned.
    """
    begin: Callable[[Prompt], bool] | None = getattr(app, "promptly", None)
    try:
        return begin is not None and begin(request)
    except Exception:  # noqa: BLE001 - it comes up again where the request is served, and is met there
        return False


class PromptProtocol(PatientProtocol):
    """Shows small requests to the application before it makes a scope, a cycle and a task of them.

    The usual way makes those as soon as the head is here. Here they come when something asks for them: a body
    that is still under way, a request behind this one, a connection that ends, or an application that would
    rather have a task.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._body: bytearray | None = None
        """What is here of a request of which it is not known yet whether it is here as a whole."""
        self._begun: Prompt | None = None
        """The request that the application has begun with, while it has no cycle."""
        self._always: tuple[Any, bytes] = (None, b"")
        self._starts = True
        self._rests_since: float | None = None
        self._resting: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Read on: nobody rests here any more."""
        self._rests_since = None
        super().data_received(data)

    def _has_read(self) -> None:
        """Have what has not come as a whole by now served as ever."""
        if self._body is not None:
            if self.transport.is_closing():  # it was nothing that can be read
                self._body = None
            else:
                self._make_cycle()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so to whoever would answer."""
        if self._begun:
            self.put_in_line(self._begun)
        if self._resting:
            self._resting.cancel()
            self._resting = None
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A further request: one that is still to be answered comes before it."""
        if self._begun:
            self.put_in_line(self._begun)
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._begin_head()

    def on_headers_complete(self) -> None:
        """Wait for the body of what may be answered at once."""
        if self._is_ordinary():
            self._end_head()
            self._body = bytearray()
        else:
            self._make_cycle()

    def on_body(self, body: bytes) -> None:
        """Keep it until it is known who reads it."""
        if self._body is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """All of it is here: the application may begin."""
        if self._body is not None:
            request = Prompt(self, self.url, self.headers, bytes(self._body))
            if promptly(self.app, request):
                self._body, self._begun = None, request
                self._enter(None)
                return
            self._make_cycle()
        super().on_message_complete()

    def answer(self, status: bytes, rest: bytes) -> bool:
        """Answer what the application has begun with in one go; False when it has to go the usual way."""
        if self.flow.write_paused:
            return False
        self._begun = None
        self.transport.write(b"".join((status, self._said_always(), rest)))
        self.server_state.total_requests += 1
        self._rest()
        return True

    def put_in_line(self, begun: Prompt) -> RequestResponseCycle:
        """Make a cycle of what the application has begun with, so that others may come behind it."""
        self._begun = None
        self.url, self.headers, self._body = begun.target, list(begun.headers), bytearray(begun.body)
        self._make_cycle(starts=False)
        self.cycle.more_body = False
        self._enter(None)
        begun.is_made_into(self.cycle)
        return self.cycle

    def serve(self, cycle: RequestResponseCycle, app: AsgiApp | None) -> None:
        """Have *app* answer, or the application that answers every other request."""
        served: Any = app or self.app
        super()._start_asgi_task(cycle, served)

    def shutdown(self) -> None:
        """Close after the answer that is under way, and soon where none is."""
        if self._begun:
            self.put_in_line(self._begun)
        super().shutdown()

    def _is_ordinary(self) -> bool:
        """Say whether the request may be one to answer at once: nothing is before it or special about it."""
        parser, cycle = self.parser, self._asked
        return (
            parser.get_method() == b"POST"
            and (cycle is None or cycle.response_complete)
            and parser.should_keep_alive()
            and parser.get_http_version() == "1.1"
            and not parser.should_upgrade()
            and not self._closes_after_this
            and (self.limit_concurrency is None or len(self.connections) < self.limit_concurrency)
        )

    def _make_cycle(self, *, starts: bool = True) -> None:
        """Make what every request has, and have it served if it *starts*."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        HttpToolsProtocol.on_message_begin(self)
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        body, self._body = self._body, None
        self._starts = starts
        PatientProtocol.on_headers_complete(self)
        self._starts = True
        if body is not None:
            self.cycle.body += body
            self.cycle.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self._starts:
            super()._start_asgi_task(cycle, app)

    def _said_always(self) -> bytes:
        """Return the headers that the server adds to every answer; they change once a second."""
        headers = self.server_state.default_headers
        if self._always[0] is not headers:
            lines = [part for name, value in headers for part in (name, b": ", value, b"\r\n")]
            self._always = headers, b"".join(lines)
        return self._always[1]

    def _rest(self) -> None:
        """Wait for the next request as long as the server does after any other; one timer does for many."""
        self._rests_since = self.loop.time()
        if self._resting is None:
            self._resting = self.loop.call_later(self.timeout_keep_alive, self._rested)

    def _rested(self) -> None:
        self._resting = None
        if self._rests_since is None:
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._resting = self.loop.call_later(left, self._rested)
        else:
            self.timeout_keep_alive_handler()
