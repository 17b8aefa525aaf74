"""Writing down how the service was set up when it started, and each time that is different."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bot.settings import Settings
from handlers.context import Arrived, Context
from handlers.record.evidence import record as write_down
from policy.canonical import digest
from storage.transaction import Transaction

LAST = "configuration"


async def record_configuration(settings: Settings, context: Context, arrived: Arrived) -> None:
    """Append "configuration.changed" with everything but the secrets, unless it is as it was the last time.

    A replica that starts with the settings of the others adds nothing.
    """
    organisation = context.organisation.model_dump_json()
    set_up: dict[str, Any] = {
        "program": _program(),
        "settings": _plain(settings),
        "organisation": organisation,
    }
    now = digest(set_up)

    def write(tx: Transaction) -> None:
        if tx.settings.get(LAST) != now:
            tx.settings.put(LAST, now, arrived.now)
            write_down(tx, arrived, "configuration.changed", subject=None, digest=now, **set_up)

    await context.database.write(write)


def _program() -> str:
    try:
        return version("countersign")
    except PackageNotFoundError:
        return "not installed"


def _plain(settings: Settings) -> dict[str, Any]:
    """Return the settings without secrets and passwords."""
    ai, slack = settings.ai, settings.slack
    return {
        "database": settings.database_url.partition(":")[0],
        "redis": settings.redis_url is not None,
        "policy_file": str(settings.policy_file or ""),
        "organisation_file": str(settings.organisation_file or ""),
        "practice_file": str(settings.practice_file or ""),
        "checkpoint_paths": settings.checkpoint_paths,
        "workers": settings.workers,
        "slack": {"base_url": slack.base_url, "transport": slack.transport},
        "crm": {"kind": settings.crm.kind, "base_url": settings.crm.base_url},
        "ai": {
            "model": ai.model,
            "base_url": ai.base_url or "",
            "region": ai.region,
            "eu_base_url": ai.eu_base_url or "",
            "send_notes": ai.send_notes,
            "endpoints": [
                {"model": each.model, "base_url": each.base_url or "", "region": each.region}
                for each in ai.endpoints
            ],
            "prices": {
                model: [str(price.input_per_million), str(price.output_per_million)]
                for model, price in ai.prices.items()
            },
            "hourly_budget": None if ai.hourly_budget is None else str(ai.hourly_budget),
            "daily_budget": None if ai.daily_budget is None else str(ai.daily_budget),
            "only_rehearsed": ai.only_rehearsed,
        },
    }
