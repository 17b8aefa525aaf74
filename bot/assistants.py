"""From settings to an assistant, or to none."""

from __future__ import annotations

from contextlib import AsyncExitStack
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.settings import AiModelSettings
from handlers.ports import Assistant, Clock, Ids
from storage.database import Database
from storage.limits import Limits

if TYPE_CHECKING:
    from bot.assistant.settings import AiSettings

_MICROS = 1_000_000


def build_assistant(
    settings: AiModelSettings,
    stack: AsyncExitStack,
    database: Database,
    clock: Clock,
    ids: Ids,
    limits: Limits,
) -> Assistant | None:
    """Return the assistant that *settings* describe; None without a model, and its library stays unloaded."""
    if not settings.is_configured:
        return None
    from bot.assistant.ledger import DatabaseLedger  # noqa: PLC0415 - costs nothing without a model
    from bot.assistant.openai_assistant import OpenAiAssistant  # noqa: PLC0415 - the same

    ledger = DatabaseLedger(database, clock, ids)
    assistant = OpenAiAssistant(ai_settings(settings), ledger=ledger, limits=limits)
    stack.push_async_callback(assistant.close)
    return assistant


def ships_prompt(prompt: str, version: str) -> bool:
    """Say whether this release comes with a prompt of that name in that version, with its hash."""
    from bot.assistant.prompt import prompt_in_version  # noqa: PLC0415 - the same

    return prompt_in_version(prompt, version) is not None


def ai_settings(settings: AiModelSettings) -> AiSettings:
    """Return the endpoints, limits, prices and budgets that *settings* describe."""
    from bot.assistant.settings import AiSettings, Endpoint, Price  # noqa: PLC0415 - the same

    key = settings.api_key.get_secret_value() if settings.api_key else ""
    endpoints = [Endpoint(settings.model, settings.base_url, key, settings.region)]
    if settings.eu_base_url:
        endpoints.append(Endpoint(settings.model, settings.eu_base_url, key, "eu"))
    endpoints += [
        Endpoint(
            each.model or settings.model,
            each.base_url or settings.base_url,
            each.api_key.get_secret_value() if each.api_key else key,
            each.region,
        )
        for each in settings.endpoints
    ]
    return AiSettings(
        endpoints=tuple(endpoints),
        timeout_s=settings.timeout_s,
        deadline_s=settings.timeout_s * 1.5,
        send_notes=settings.send_notes,
        prices={
            model: Price(price.input_per_million, price.output_per_million)
            for model, price in settings.prices.items()
        },
        hourly_budget_micros=_micros(settings.hourly_budget),
        daily_budget_micros=_micros(settings.daily_budget),
        only_rehearsed=settings.only_rehearsed,
    )


def _micros(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * _MICROS)
