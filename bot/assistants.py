"""From settings to an assistant, or to none."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bot.settings import AiModelSettings
from handlers.ports import Assistant, Clock


async def build_assistant(settings: AiModelSettings, clock: Clock, stack: AsyncExitStack) -> Assistant | None:
    return None
