"""Socket Mode: single-use tickets, up to ten connections, each envelope to one of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.sandbox.people import APP_ID
from bot.sandbox.slack.background import Background
from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.delivery import Envelope, Receipt
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Clock, Json
from bot.sandbox.slack.tally import Tally

CONNECTION_LIMIT = 10
TICKET_SECONDS = 30.0
_RETRY_REASONS = {"http_timeout": "timeout"}


@dataclass(eq=False, slots=True)
class _Connection:
    socket: WebSocket
    acknowledgements: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)

    async def say(self, message: Json) -> None:
        await self.socket.send_text(json.dumps(message))


class SocketTransport:
    """Accepts the app's WebSockets and hands each envelope to one of them in turn."""

    def __init__(
        self,
        config: SlackSandboxConfig,
        mint: Mint,
        clock: Clock,
        background: Background,
        faults: Faults,
    ) -> None:
        self._config = config
        self._mint = mint
        self._clock = clock
        self._background = background
        self._faults = faults
        self._tickets: dict[str, float] = {}
        self._connections: list[_Connection] = []
        self.connected = Tally()

    async def start(self) -> None:
        """Nothing to open: the app connects."""

    async def stop(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            await self._close(connection)

    @property
    def connection_count(self) -> int:
        """How many WebSockets the app holds."""
        return len(self._connections)

    def issue_ticket(self) -> str:
        """The WebSocket URL for one connection, to be opened within half a minute."""
        ticket = self._mint.token()
        self._tickets[ticket] = self._clock().timestamp()
        scheme, _, rest = self._config.address(f"/socket/{ticket}").partition("://")
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}?app_id={APP_ID}"

    async def serve(self, socket: WebSocket) -> None:
        """Speak with one WebSocket of the app until either side leaves."""
        issued = self._tickets.pop(socket.path_params["ticket"], None)
        late = issued is not None and self._clock().timestamp() - issued > TICKET_SECONDS
        if issued is None or late or self._faults.settings.down:
            await socket.close(code=1008)
            return
        await socket.accept()
        connection = _Connection(socket)
        if len(self._connections) >= CONNECTION_LIMIT:
            await connection.say({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await socket.close()
            return
        self._connections.append(connection)
        try:
            await self._greet(connection)
            self.connected.add()
            await self._listen(connection)
        finally:
            self._forget(connection)

    async def send(self, envelope: Envelope) -> Receipt:
        """Hand the envelope to one connection and wait for its acknowledgement."""
        if not self._connections:
            return Receipt(reason="connection_failed")
        connection = self._connections.pop(0)
        self._connections.append(connection)
        envelope_id = self._mint.token()
        acknowledged = asyncio.get_running_loop().create_future()
        connection.acknowledgements[envelope_id] = acknowledged
        try:
            async with asyncio.timeout(self._config.ack_seconds):
                await connection.say(_framed(envelope, envelope_id))
                return Receipt(body=await acknowledged)
        except TimeoutError:
            return Receipt(reason="http_timeout")
        except (WebSocketDisconnect, RuntimeError, ConnectionError):
            return Receipt(reason="connection_failed")
        finally:
            connection.acknowledgements.pop(envelope_id, None)

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to come back on a new ticket, then close it."""
        for connection in list(self._connections):
            await self._send_away(connection, reason)

    async def _send_away(self, connection: _Connection, reason: str) -> None:
        debug_info = {"host": "applink-sandbox"}
        await connection.say({"type": "disconnect", "reason": reason, "debug_info": debug_info})
        await self._close(connection)

    async def cut(self) -> None:
        """Drop every connection without a word, as a broken network does."""
        for connection in list(self._connections):
            await self._close(connection)

    async def _greet(self, connection: _Connection) -> None:
        refresh = self._config.socket_refresh_seconds
        await connection.say(
            {
                "type": "hello",
                "num_connections": len(self._connections),
                "connection_info": {"app_id": APP_ID},
                "debug_info": {
                    "host": "applink-sandbox",
                    "build_number": 1,
                    "approximate_connection_time": int(refresh or 18060),
                },
            }
        )
        if refresh is not None:
            self._background.spawn(self._refresh_later(connection, refresh))

    async def _refresh_later(self, connection: _Connection, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if connection in self._connections:
            await self._send_away(connection, "refresh_requested")

    async def _listen(self, connection: _Connection) -> None:
        while True:
            try:
                text = await connection.socket.receive_text()
            except (WebSocketDisconnect, RuntimeError):
                return
            message = _parsed(text)
            waiting = connection.acknowledgements.get(str(message.get("envelope_id")))
            if waiting is not None and not waiting.done():
                payload = message.get("payload")
                waiting.set_result(payload if isinstance(payload, dict) else None)

    async def _close(self, connection: _Connection) -> None:
        self._forget(connection)
        if connection.socket.application_state is not WebSocketState.DISCONNECTED:
            try:
                await connection.socket.close()
            except RuntimeError:
                return

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        for waiting in connection.acknowledgements.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the socket is gone"))


def _framed(envelope: Envelope, envelope_id: str) -> Json:
    frame: Json = {
        "envelope_id": envelope_id,
        "type": envelope.kind,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.kind != "events_api",
    }
    if envelope.kind == "events_api":
        reason = envelope.reason or ""
        frame |= {"retry_attempt": envelope.attempt, "retry_reason": _RETRY_REASONS.get(reason, reason)}
    return frame


def _parsed(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
