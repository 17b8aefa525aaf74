"""HTTP with limits on how a request arrives: time and size of its head, time of its body."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from bot.http.at_once import OFFER, AtOnce

LONGEST_HEAD_S = 10.0
LONGEST_BODY_S = 20.0
"""The doors that read a body are done with it sooner; this is for what nobody reads."""
LARGEST_HEAD = 64 * 1024
LAST_WORDS_S = 1.0
REST_OF_REST_S = 0.3
"""What was sent over a kept connection before its sender could know that the doors close is here by then."""


class PatientProtocol(HttpToolsProtocol):
    """Lets a caller take ten seconds and 64 KiB for request line and headers, twenty seconds for the body.

    Otherwise whoever opens a thousand connections and says nothing, says one endless header, or lets a body
    drip that was answered long ago, would keep everybody else out or fill the memory; the server itself
    limits none of it.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_size = 0
        self._in_head = True
        self._phase, self._timed_phase = 0, -1
        self._longest: float | None = None
        self._hanging_up: asyncio.TimerHandle | None = None
        self._has_asked = False
        self._closes_after_this = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to count."""
        super().connection_made(transport)
        self._enter(LONGEST_HEAD_S)
        self._set_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer, which would keep the connection in memory."""
        self._stop_counting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is larger than any that is meant well.

        The timer is set by where the data ends: a request that comes in one piece never needs one.
        """
        before = self._phase
        super().data_received(data)
        self._has_read()
        if self._timed_phase != self._phase:
            self._set_timer()
        # A head that begins behind the end of another request: most of the piece is not of it.
        if self._in_head and self._phase - before < 2:
            self._head_size += len(data)
            if self._head_size > LARGEST_HEAD and not self.transport.is_closing():
                self.transport.write(
                    STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n",
                )
                self.transport.close()

    def _has_read(self) -> None:
        """Do what is to be done when everything that came is read."""

    def on_message_begin(self) -> None:
        """A further request on this connection: its head is given as much time as the first one's."""
        super().on_message_begin()
        self._begin_head()

    def _begin_head(self) -> None:
        self._in_head, self._head_size = True, 0
        if self._closes_after_this:
            self._enter(LAST_WORDS_S)
        elif self._longest is None:
            self._enter(LONGEST_HEAD_S)

    def on_headers_complete(self) -> None:
        """The head is here, and the body has its own time."""
        self._end_head()
        super().on_headers_complete()
        cycle = self._asked
        if cycle is not None and cycle.scope is self.scope:  # and no wish to speak another protocol
            offers: dict[str, Any] = {OFFER: AtOnce(cycle)}
            cycle.scope["extensions"] = offers
            cycle.keep_alive = cycle.keep_alive and not self._closes_after_this

    def _unsupported_upgrade_warning(self) -> None:
        """Answer in HTTP who wishes to go on in another language, and hang up: what follows is unreadable."""
        if self._asked is not None:
            self._asked.keep_alive = False

    def _end_head(self) -> None:
        self._in_head, self._has_asked = False, True
        self._enter(LONGEST_BODY_S)

    def shutdown(self) -> None:
        """Close after the answer that is under way; where none is, a request that is on its way is let in.

        Slack does not repeat a click, and a proxy does not send it elsewhere once it has begun with it.
        """
        asked = self._asked
        if asked is not None and not asked.response_complete:
            super().shutdown()
            return
        rests = self._has_asked and not self._in_head
        self._closes_after_this = True
        self._enter(REST_OF_REST_S if rests else LAST_WORDS_S)
        self._set_timer()

    @property
    def _asked(self) -> RequestResponseCycle | None:
        """Return the last request of this connection, if there was any."""
        return cast("RequestResponseCycle | None", self.cycle)

    def on_message_complete(self) -> None:
        """All of it is here; an answer may take as long as it does."""
        self._enter(None)
        super().on_message_complete()

    def _enter(self, longest: float | None) -> None:
        """Begin a part of a request that may take *longest* seconds."""
        self._phase, self._longest = self._phase + 1, longest

    def _set_timer(self) -> None:
        self._stop_counting()
        self._timed_phase = self._phase
        if self._longest is not None and not self.transport.is_closing():
            self._hanging_up = self.loop.call_later(self._longest, self._hang_up)

    def _stop_counting(self) -> None:
        if self._hanging_up:
            self._hanging_up.cancel()
            self._hanging_up = None

    def _hang_up(self) -> None:
        self._hanging_up = None
        if not self.transport.is_closing():
            self.transport.close()
