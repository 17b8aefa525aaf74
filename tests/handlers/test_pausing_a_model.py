"""A pause reaches a model that is writing already: nothing it says afterwards is used, and nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers.ports import AssistantUnavailable, CutShort
from handlers.rules.pausable_assistant import PausableAssistant
from handlers.rules.paused import SilentAssistant
from policy.claims import Origin
from policy.decide import CompiledPolicy
from policy.draft import Draft, ModelCall
from storage.pauses import Pause
from tests.handlers.conftest import House, house_in

CALL = ModelCall(prompt="p", prompt_version="1", instructions="i", asked="a", answers=("b",))
DRAFT = Draft(claims=(), origin=Origin(kind="model"), call=CALL)


class Slow(SilentAssistant):
    """Writes until it is told to finish."""

    def __init__(self) -> None:
        self.begun, self.finish, self.ended = asyncio.Event(), asyncio.Event(), ""

    async def answer(self, record: Any, facts: Any, question: str, hear: Any = None) -> Draft:
        self.begun.set()
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            self.ended = "stopped"
            raise CutShort(CALL, DRAFT) from None
        return DRAFT


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as made:
        yield made
        await made.database.close()


async def pause(house: House) -> None:
    stop = Pause(
        capability="draft", change_id="c", by="slack:U1", by_name="A", reason="", since=house.clock.now()
    )
    await house.database.write(lambda tx: tx.pauses.put(stop))


def writing(house: House, model: Slow) -> asyncio.Task[Draft]:
    paused = PausableAssistant(model, house.context, look_every=0.01)
    nothing: Any = None
    return asyncio.ensure_future(paused.answer(nothing, nothing, "Why?"))


async def test_what_is_written_is_used_while_nobody_pauses(house: House) -> None:
    model = Slow()
    task = writing(house, model)
    await model.begun.wait()
    model.finish.set()
    assert await task == DRAFT


async def test_a_model_that_is_writing_is_stopped(house: House) -> None:
    model = Slow()
    task = writing(house, model)
    await model.begun.wait()
    await pause(house)
    with pytest.raises(AssistantUnavailable) as stopped:
        await task
    assert (stopped.value.code, stopped.value.call, model.ended) == ("paused", CALL, "stopped")


async def test_what_came_after_the_pause_is_kept_as_evidence_and_not_used(house: House) -> None:
    model = Slow()
    model.finish.set()
    await pause(house)
    with pytest.raises(AssistantUnavailable) as stopped:
        await writing(house, model)
    assert (stopped.value.code, stopped.value.call) == ("paused", CALL)


async def test_whoever_gives_up_waiting_stops_the_model(house: House) -> None:
    model = Slow()
    task = writing(house, model)
    await model.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.ended == "stopped"
