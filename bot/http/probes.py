"""What an orchestrator asks: does the process live, and is it ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.http.asgi import Receive, Scope, Send, answer

PATIENCE_S = 3.0

Check = Callable[[], Awaitable[str]]
"""Returns an empty text when all is well, else what is wrong in a few words."""


class Probes:
    """`GET /healthz` and `GET /readyz`; each check is "ok" or says what is wrong."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks

    async def alive(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """The process answers, so it lives."""
        await answer(send, 200, {"status": "ok", "checks": {}})

    async def ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Ready when every check holds, else 503 with what does not."""
        found = {name: await _asked(check) or "ok" for name, check in self._checks.items()}
        ready = all(state == "ok" for state in found.values())
        await answer(send, 200 if ready else 503, {"status": "ok" if ready else "not ready", "checks": found})


async def _asked(check: Check) -> str:
    """Ask with a limit: whoever asks for readiness waits for no answer that comes too late to be of use."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except TimeoutError:
        return "no answer in time"
