"""What models cost and which of them were rehearsed: kept in the database, so that all replicas share it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from bot.assistant.settings import AiSettings
from handlers.ports import AssistantUnavailable, Clock, Ids
from storage.database import Database
from storage.model_calls import ModelCall

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT_FOR_PEOPLE = 4
"""One part in so many of each budget is not for events."""


class Ledger(Protocol):
    """Where calls are written down, and what was promoted."""

    async def spent(self, period: timedelta) -> int:
        """Return what was spent in the *period* until now, in millionths."""
        ...

    async def note(
        self,
        *,
        use: str,
        model: str,
        prompt_version: str,
        region: str,
        code: str,
        tokens: tuple[int, int],
        cost_micros: int,
        latency_ms: int,
    ) -> None:
        """Write down one question; *tokens* are those of the question and of the answer."""
        ...

    async def promoted(self, use: str, model: str) -> str | None:
        """Return the version of the prompt that was promoted for a model; None when none was."""
        ...


class DatabaseLedger:
    """The ledger of a running service."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database, self._clock, self._ids = database, clock, ids

    async def spent(self, period: timedelta) -> int:
        """Return what all replicas spent in the *period* until now."""
        since: datetime = self._clock.now() - period
        return await self._database.read(lambda tx: tx.calls.spent(since))

    async def note(
        self,
        *,
        use: str,
        model: str,
        prompt_version: str,
        region: str,
        code: str,
        tokens: tuple[int, int],
        cost_micros: int,
        latency_ms: int,
    ) -> None:
        """Write down one question in a transaction of its own: it cost what it cost, whatever comes of it."""
        call = ModelCall(
            id=self._ids.new(),
            at=self._clock.now(),
            use=use,
            model=model,
            prompt_version=prompt_version,
            region=region,
            code=code,
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cost_micros=cost_micros,
            latency_ms=latency_ms,
        )
        await self._database.write(lambda tx: tx.calls.note(call))

    async def promoted(self, use: str, model: str) -> str | None:
        """Look at the database each time, so that a promotion is in force at once on every replica."""
        found = await self._database.read(lambda tx: tx.promotions.in_force(use, model))
        return found.prompt_version if found else None


class NoLedger:
    """Keeps nothing and knows of no promotion: for tests and for rehearsals, which count by themselves."""

    async def spent(self, period: timedelta) -> int:
        """Return zero."""
        del period
        return 0

    async def note(self, **call: object) -> None:
        """Keep nothing."""
        del call

    async def promoted(self, use: str, model: str) -> str | None:
        """Know of none."""
        del use, model
        return None


async def within_budget(settings: AiSettings, ledger: Ledger, *, for_people: bool) -> None:
    """Raise AssistantUnavailable when the last hour or the last day cost as much as it may.

    A quarter is kept for what people ask, so that a night's import leaves them something in the morning.
    """
    for budget, period in ((settings.hourly_budget_micros, HOUR), (settings.daily_budget_micros, DAY)):
        if budget is None:
            continue
        most = budget if for_people else budget - budget // KEPT_FOR_PEOPLE
        if await ledger.spent(period) >= most:
            raise AssistantUnavailable("over_budget")
