"""What an orchestrator asks: does the process live, and is it ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.http.asgi import Receive, Scope, Send, answer
from bot.http.shared import Shared

PATIENCE_S = 3.0
FOUND_FOR_S = 0.2
"""For so long one look serves everybody who asks: each takes connections to the database of its own."""

Check = Callable[[], Awaitable[str]]
"""Returns an empty text when all is well, else what is wrong in a few words."""


class Probes:
    """`GET /healthz` and `GET /readyz`; each check is "ok" or says what is wrong."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._found = Shared(self._look, FOUND_FOR_S)

    async def alive(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """The process answers, so it lives."""
        await answer(send, 200, {"status": "ok", "checks": {}})

    async def ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Ready when every check holds, else 503 with what does not."""
        found = await self._found.get()
        ready = all(state == "ok" for state in found.values())
        await answer(send, 200 if ready else 503, {"status": "ok" if ready else "not ready", "checks": found})

    async def _look(self) -> dict[str, str]:
        # At the same time: whoever asks waits for the slowest and not for all of them in turn.
        told = await asyncio.gather(*map(_asked, self._checks.values()))
        return {name: each or "ok" for name, each in zip(self._checks, told, strict=True)}


async def _asked(check: Check) -> str:
    """Ask with a limit: whoever asks for readiness waits for no answer that comes too late to be of use."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except TimeoutError:
        return "no answer in time"
    except Exception as error:  # noqa: BLE001 - what cannot be known does not hold, whatever stands in the way
        return f"not known ({type(error).__name__})"
