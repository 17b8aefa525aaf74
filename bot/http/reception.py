"""What answers while the service opens and closes: alive from the first moment, ready only in between."""

from __future__ import annotations

from bot.http.asgi import AsgiApp, Receive, Scope, Send, answer
from bot.http.prompt import Prompt, promptly

OPENING, DRAINING = "waiting for the database", "stopping"
RETRY = {"retry-after": "5"}


class Reception:
    """Hands requests to the application once there is one; until then nothing is accepted."""

    def __init__(self) -> None:
        self._app: AsgiApp | None = None
        self._draining = False

    def open(self, app: AsgiApp) -> None:
        """Let everybody in."""
        self._app = app

    def drain(self) -> None:
        """Say that we are not ready, so that balancers send others elsewhere; who comes is still let in."""
        self._draining = True

    def promptly(self, request: Prompt) -> bool:
        """Let the application begin with a request that needs no task."""
        return promptly(self._app, request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if scope["type"] == "http" and (self._app is None or (self._draining and path == "/readyz")):
            await self._answer(path, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    async def _answer(self, path: str, send: Send) -> None:
        if path == "/healthz":
            await answer(send, 200, {"status": "ok", "checks": {}})
            return
        state = DRAINING if self._draining else OPENING
        await answer(send, 503, {"status": "not ready", "checks": {"service": state}}, RETRY)
