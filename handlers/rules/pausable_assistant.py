"""The model while it may be paused: a pause stops what is being written anywhere, within half a second."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from handlers.context import Context
from handlers.ports import Assistant, AssistantUnavailable, Hear
from handlers.rules.paused import PAUSED, SilentAssistant, pause_of
from policy.donor import DonorRecord
from policy.draft import Draft
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.recommender import Proposal

LOOK_EVERY_SECONDS = 0.5
"""A model may take half a minute; whoever pauses it does not wait for that, and neither does the donor."""


async def assistant_unless_paused(context: Context) -> Assistant | None:
    """Return the model to write with; while drafting is paused, one that says so and writes nothing."""
    if context.assistant is None:
        return None
    paused = await _is_paused(context)
    return SilentAssistant() if paused else PausableAssistant(context.assistant, context)


class PausableAssistant:
    """Asks the model, and the database every so often whether it may still write."""

    def __init__(self, model: Assistant, context: Context, look_every: float = LOOK_EVERY_SECONDS) -> None:
        self._model, self._context, self._look_every = model, context, look_every

    async def summarise(self, record: DonorRecord, facts: DonorFacts, hear: Hear | None = None) -> Draft:
        """Draft a summary; raises AssistantUnavailable, also when drafting is paused meanwhile."""
        return await self._unless_paused(self._model.summarise(record, facts, hear))

    async def recommend(
        self, record: DonorRecord, facts: DonorFacts, event: CrmEvent | None, proposal: Proposal
    ) -> Draft:
        """Draft the reasons for *proposal*; raises AssistantUnavailable."""
        return await self._unless_paused(self._model.recommend(record, facts, event, proposal))

    async def triage(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        event: CrmEvent | None,
        proposal: Proposal,
        message: str = "",
    ) -> Draft:
        """Draft what whoever deals with it should know; raises AssistantUnavailable."""
        return await self._unless_paused(self._model.triage(record, facts, event, proposal, message))

    async def answer(
        self, record: DonorRecord, facts: DonorFacts, question: str, hear: Hear | None = None
    ) -> Draft:
        """Draft an answer to *question*; raises AssistantUnavailable."""
        return await self._unless_paused(self._model.answer(record, facts, question, hear))

    async def _unless_paused(self, writing: Coroutine[Any, Any, Draft]) -> Draft:
        task = asyncio.ensure_future(writing)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=self._look_every)
                if await _is_paused(self._context):
                    came_late = task.result().call if task.done() and not task.exception() else None
                    raise AssistantUnavailable(PAUSED, came_late)
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _is_paused(context: Context) -> bool:
    now = context.clock.now()
    return await context.database.read(lambda tx: pause_of(tx, now, "draft")) is not None
