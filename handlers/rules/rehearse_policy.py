"""Rehearse a version of the rules on everything that was ever decided, without deciding anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from handlers.record.recorded_decisions import pages_of_decisions
from policy.backtest import Rehearsal
from policy.backtest_report import BacktestReport
from policy.decide import CompiledPolicy
from storage.database import Database


async def backtest_report(
    database: Database,
    before: CompiledPolicy,
    after: CompiledPolicy,
    *,
    since: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> BacktestReport:
    """Replay the recorded decisions, from *since* on, through both versions; nothing is written.

    *progress* hears after each batch how many more are done. The event loop stays free meanwhile.
    """
    rehearsal = Rehearsal(before, after)
    async for page in pages_of_decisions(database, since):
        await asyncio.to_thread(lambda page=page: rehearsal.take(page.decisions()))  # type: ignore[misc]
        if progress:
            progress(len(page.entries))
    return rehearsal.report()
