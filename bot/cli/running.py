"""Starting and stopping an HTTP server, with clear words when it cannot start."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from bot.http.asgi import AsgiApp
from bot.http.prompt import PromptProtocol

MOST_CONNECTIONS = 1000
# Longer than the callers and proxies in front keep a connection (a minute is common): whoever closes first
# must be the one who sends, or a request meets a door that shuts in the same instant.
IDLE_CONNECTION_S = 75


class PortTaken(Exception):
    """Another program listens on the port."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is spelled out because asyncio turns Nagle's algorithm off only where it is; with it on,
    # answers to kept-alive connections wait 40 ms for an acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise PortTaken(
            f"Port {port} on {host} is not free. Stop the program that uses it, or choose another port."
        ) from None
    listening.set_inheritable(True)
    return listening


def server_for(app: AsgiApp, *, websockets: bool = True) -> QuietServer:
    """Return a server without access log; its application starts and stops elsewhere.

    Without *websockets* a wish for one is overheard: who says no more after it would never be hung up on.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # the application knows whom it trusts
        timeout_graceful_shutdown=5,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_CONNECTION_S,
        http=PromptProtocol,
        ws="websockets-sansio" if websockets else "none",
    )
    return QuietServer(config)


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the command that runs it, and says when it listens or stops."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._closing = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, say so, and let what is being answered finish.

        Who has connected already and was not looked after yet is let in first: the system would reset that
        connection with the door, and a proxy must not send the request again elsewhere.
        """
        self._closing.set()
        knocked = [each for listening in sockets or () for each in _knocking(listening)]
        for server in self.servers:
            server.close()
        for each in knocked:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, each)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = kind(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    async def close_doors(self) -> None:
        """Begin to stop; when this returns nobody can come in any more."""
        self.should_exit = True
        await self._closing.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _knocking(listening: socket.socket) -> Iterator[socket.socket]:
    """Accept whoever waits to be let in at this moment."""
    with contextlib.suppress(OSError):  # nobody any more, or it is closed already
        while True:
            connection, _ = listening.accept()
            connection.settimeout(0)
            yield connection


@contextlib.contextmanager
def stop_on_signal(stop: asyncio.Event) -> Iterator[None]:
    """Set *stop* on SIGINT and SIGTERM."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, stop.set)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)
