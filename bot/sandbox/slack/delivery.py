"""One delivery to the app: what is sent, what came back, and the signed HTTP transport."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Json

Kind = Literal["events_api", "interactive", "slash_commands"]
Reason = Literal["http_timeout", "http_error", "connection_failed", "too_many_redirects", "unknown_error"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload for the app; *attempt* counts retries, 0 for the first delivery."""

    kind: Kind
    payload: Json
    attempt: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The app's answer: acknowledged with an optional *body*, or the *reason* why not.

    *no_retry* is the app's wish (X-Slack-No-Retry). A body that is not JSON is a string. *status* is the HTTP
    status of a refusal.
    """

    reason: Reason | None = None
    body: Json | str | None = None
    no_retry: bool = False
    status: int | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether the app accepted the delivery in time."""
        return self.reason is None


class Transport(Protocol):
    """A way to reach the app."""

    async def start(self) -> None:
        """Begin to accept deliveries."""

    async def stop(self) -> None:
        """Let go of connections."""

    async def send(self, envelope: Envelope) -> Receipt:
        """Deliver once and wait for the acknowledgement; never raises for what the app does."""


class HttpTransport:
    """Signed POST requests to the app's request URL, as in the Events API."""

    def __init__(self, config: SlackSandboxConfig, mint: Mint) -> None:
        self._config = config
        self._mint = mint
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the connection pool in the running loop."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._config.ack_seconds), trust_env=False
        )

    async def stop(self) -> None:
        """Close the connection pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, envelope: Envelope) -> Receipt:
        """POST the envelope and read the acknowledgement."""
        body, content_type = _encode(envelope)
        headers = self._signed(body) | {"Content-Type": content_type} | _retry_headers(envelope)
        try:
            return await self._post(body, headers)
        except TimeoutError:
            return Receipt(reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return Receipt(reason="too_many_redirects")
        except (aiohttp.ClientConnectionError, OSError):
            return Receipt(reason="connection_failed")
        except aiohttp.ClientError:
            return Receipt(reason="unknown_error")

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Receipt:
        if self._session is None or self._config.request_url is None:
            return Receipt(reason="connection_failed")
        request = self._session.post(self._config.request_url, data=body, headers=headers, max_redirects=3)
        async with asyncio.timeout(self._config.ack_seconds), request as response:
            text = await response.text(errors="replace")
            if not 200 <= response.status < 300:
                no_retry = response.headers.get("X-Slack-No-Retry") == "1"
                return Receipt("http_error", no_retry=no_retry, status=response.status)
            return Receipt(body=_decode(text, response.content_type))

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = str(self._mint.seconds())
        secret = self._config.signing_secret.encode()
        digest = hmac.new(secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {
            "X-Slack-Signature": f"v0={digest}",
            "X-Slack-Request-Timestamp": stamp,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Accept": "*/*",
        }


def _encode(envelope: Envelope) -> tuple[bytes, str]:
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload).encode(), "application/json"
    form = envelope.payload
    if envelope.kind == "interactive":
        form = {"payload": json.dumps(envelope.payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _decode(text: str, content_type: str) -> Json | str | None:
    if not text.strip():
        return None
    if content_type != "application/json":
        return text
    try:
        decoded = json.loads(text)
    except ValueError:
        return text
    return decoded if isinstance(decoded, dict) else text


def _retry_headers(envelope: Envelope) -> dict[str, str]:
    if envelope.attempt == 0:
        return {}
    return {
        "X-Slack-Retry-Num": str(envelope.attempt),
        "X-Slack-Retry-Reason": envelope.reason or "unknown_error",
    }
