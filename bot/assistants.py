"""From settings to an assistant, or to none."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bot.settings import AiModelSettings
from handlers.ports import Assistant


def build_assistant(settings: AiModelSettings, stack: AsyncExitStack) -> Assistant | None:
    """Return the assistant that *settings* describe; None without a model, and its library stays unloaded."""
    if not settings.is_configured:
        return None
    from bot.assistant.openai_assistant import OpenAiAssistant  # noqa: PLC0415 - costs nothing without a model
    from bot.assistant.settings import AiSettings, Endpoint  # noqa: PLC0415 - the same

    key = settings.api_key.get_secret_value() if settings.api_key else ""
    endpoints = [Endpoint(settings.model, settings.base_url, key, settings.region)]
    if settings.eu_base_url:
        endpoints.append(Endpoint(settings.model, settings.eu_base_url, key, "eu"))
    assistant = OpenAiAssistant(
        AiSettings(
            endpoints=tuple(endpoints),
            timeout_s=settings.timeout_s,
            deadline_s=settings.timeout_s * 1.5,
            send_notes=settings.send_notes,
        )
    )
    stack.push_async_callback(assistant.close)
    return assistant
