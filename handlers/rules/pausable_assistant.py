"""The model while it may be interrupted, by a pause or by whoever reads along: within half a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from handlers.context import Context
from handlers.ports import Assistant, AssistantUnavailable, CutShort, Hear
from handlers.rules.paused import PAUSED, SilentAssistant, pause_of
from policy.donor import DonorRecord
from policy.draft import Draft, ModelCall
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.recommender import Proposal

LOOK_EVERY_SECONDS = 0.5
"""A model may take half a minute; whoever pauses it does not wait for that, and neither does the donor."""


AskWhetherStopped = Callable[[], Awaitable[bool]]
"""Says whether whoever reads along wants no more of it."""


class Stopped(Exception):
    """Whoever asked does not want the answer any more; *call* and *left* are what had come by then."""

    def __init__(self, call: ModelCall | None = None, left: Draft | None = None) -> None:
        super().__init__()
        self.call, self.left = call, left


async def assistant_unless_paused(
    context: Context, is_stopped: AskWhetherStopped | None = None
) -> Assistant | None:
    """Return the model to write with; while drafting is paused, one that says so and writes nothing.

    Where *is_stopped* comes to say so while it writes, what was asked of it raises Stopped.
    """
    if context.assistant is None:
        return None
    if await _is_paused(context):
        return SilentAssistant()
    return PausableAssistant(context.assistant, context, LOOK_EVERY_SECONDS, is_stopped)


class PausableAssistant:
    """Asks the model, and every so often whether it may still write and anybody still wants to read it."""

    def __init__(
        self,
        model: Assistant,
        context: Context,
        look_every: float = LOOK_EVERY_SECONDS,
        is_stopped: AskWhetherStopped | None = None,
    ) -> None:
        self._model, self._context, self._look_every = model, context, look_every
        self._is_stopped = is_stopped

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
        work = _Work(writing)
        try:
            while not work.task.done():
                await asyncio.wait({work.task}, timeout=self._look_every)
                if await _is_paused(self._context):
                    call, _ = await work.stop()
                    raise AssistantUnavailable(PAUSED, call)
                if self._is_stopped and await self._is_stopped():
                    raise Stopped(*await work.stop())
            return work.task.result()
        finally:
            await work.stop()


class _Work:
    """A model's work, of which nothing is lost as evidence when it is not wanted any more."""

    def __init__(self, writing: Coroutine[Any, Any, Draft]) -> None:
        self._call: ModelCall | None = None
        self._left: Draft | None = None
        self.task = asyncio.ensure_future(self._until_cut_short(writing))

    async def stop(self) -> tuple[ModelCall | None, Draft | None]:
        """End it, and return what came of it."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        return self._call, self._left

    async def _until_cut_short(self, writing: Coroutine[Any, Any, Draft]) -> Draft:
        try:
            draft = await writing
        except (CutShort, AssistantUnavailable) as cut:
            self._call, self._left = cut.call, cut.left
            raise
        self._call, self._left = draft.call, draft
        return draft


async def _is_paused(context: Context) -> bool:
    now = context.clock.now()
    return await context.database.read(lambda tx: pause_of(tx, now, "draft")) is not None
