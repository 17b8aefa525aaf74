"""What a process says of itself: whether it is ready, and what holds at the moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bot.clock import AgreedClock
from bot.heartbeat import Conditions, LeftAlone
from bot.http.probes import Check
from bot.occurrences import INSTALLED_AT
from bot.refusals import Refusals
from bot.settings import AiModelSettings
from bot.slack.socket import SocketRunner
from bot.storing import Storing
from bot.worker import Worker
from storage.bell import Bell
from storage.database import Database
from storage.limits import Limits
from storage.migrate import is_newer, version_in
from storage.schema import HEAD

MOST_OFF_S = 120.0
"""With a clock further off than this, Slack's and the CRM's signatures soon look too old or too new."""
UNREADABLE_S = 5.0
"""What one claim could not do, the next one mostly can."""
LATELY_S = 15.0
"""A pause of a second or two, asked for again and again, is over whenever a heartbeat happens to look."""


def conditions_of(
    bell: Bell,
    limits: Limits,
    socket: SocketRunner | None,
    assistant: object,
    agreed: AgreedClock | None,
    ai: AiModelSettings,
    storing: Storing,
    refusals: Mapping[str, Refusals],
) -> Conditions:
    """Return what this process reports about itself: what holds at the moment, and what models may cost.

    *refusals* are those of its doors, by "slack" and "crm".
    """
    budgets: dict[str, JsonValue] = {
        f"{name}_micros": int(limit * 1_000_000)
        for name, limit in (("hourly_budget", ai.hourly_budget), ("daily_budget", ai.daily_budget))
        if ai.is_configured and limit is not None
    }

    async def look() -> dict[str, JsonValue]:
        await bell.look()
        return {
            "cannot_store": bool(await storing.refused_with()),
            "slack_cut_off": bool(socket and not await socket.is_connected()),
            "redis_down": bell.is_down,
            "slack_held": limits.is_held("slack", LATELY_S),
            "crm_held": limits.is_held("crm", LATELY_S),
            "clock_off": _is_off(agreed),
            "database_clock_off": _is_servers_off(agreed),
            "time_doubtful": agreed is not None and agreed.is_doubtful,
            "model_open": isinstance(assistant, LeftAlone) and assistant.is_left_alone,
            **{f"{sender}_refused": each.is_everything for sender, each in refusals.items()},
            **budgets,
        }

    return look


def _is_off(agreed: AgreedClock | None) -> bool:
    return agreed is not None and abs(agreed.machine_is_off_s) > MOST_OFF_S


def _is_servers_off(agreed: AgreedClock | None) -> bool:
    """Say whether it is the clock of the database's server that is wrong, and not the machine's."""
    return agreed is not None and abs(agreed.reference_is_off_s) > MOST_OFF_S and not _is_off(agreed)


def readiness_checks(
    database: Database,
    socket: SocketRunner | None,
    agreed: AgreedClock | None,
    storing: Storing,
    workers: Sequence[Worker] = (),
) -> dict[str, Check]:
    """Return what has to hold before this process takes work; a check says what is wrong, or nothing.

    *workers* are those of a process that has no doors: with doors it takes in what its queues cannot give.
    """

    async def reaches_database() -> str:
        try:
            await database.read(lambda tx: tx.settings.get(INSTALLED_AT))
        except Exception as error:  # noqa: BLE001 - whatever it is, the service is not ready
            return f"not answering ({type(error).__name__})"
        return ""

    async def stores() -> str:
        code = await storing.refused_with()
        return f"what arrives cannot be stored ({code})" if code else ""

    async def has_schema() -> str:
        # Over what is connected: a server that lets nobody else in may serve us all the same.
        found = await database.read(lambda tx: version_in(tx.basis.connection))
        if found == HEAD:
            return ""
        return (
            "of a newer release: upgrade this process" if is_newer(found) else "run: countersign db upgrade"
        )

    async def reaches_slack() -> str:
        return "" if socket is None or await socket.is_connected() else "Socket Mode is not connected"

    async def has_the_time() -> str:
        return "this machine's clock is wrong: switch on time synchronisation" if _is_off(agreed) else ""

    async def reads_queues() -> str:
        lasts = max((each.unreadable_s for each in workers), default=0.0)
        return f"not readable for {lasts:.0f} s" if lasts > UNREADABLE_S else ""

    queues: dict[str, Check] = {"queues": reads_queues} if workers else {}
    return {
        "database": reaches_database,
        "storing": stores,
        "schema": has_schema,
        "slack": reaches_slack,
        "clock": has_the_time,
        **queues,
    }
