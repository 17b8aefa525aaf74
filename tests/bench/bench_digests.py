"""The managers' digests, counted over a million interactions on SQLite and, where one answers, PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, make_url, text

from handlers.digests.figures import digest_of_everybody
from policy.digest import DigestKind
from policy.digest_periods import Period, rolling_period
from policy.organisation import Organisation
from storage.database import Database
from storage.migrate import upgrade
from tests.bench.many_interactions import END, fill
from tests.bench.report import Spread, heading, line, verdict
from tests.databases import administer, perform, postgres_answers

INTERACTIONS = int(os.environ.get("COUNTERSIGN_BENCH_INTERACTIONS", "1000000"))
ROUNDS = 3
SPANS = {"a week": 7, "four weeks": 28, "half a year": 182}
TARGETS = {"sqlite": 3.0, "postgresql": 2.0}
UTC = ZoneInfo("UTC")
CLOCKS = {"sqlite": time.process_time, "postgresql": time.perf_counter}
"""SQLite works in this process; what PostgreSQL does can only be waited for."""


def main() -> None:
    """Fill both databases once, and count every digest over several periods."""
    with TemporaryDirectory() as folder:
        _measure("sqlite", f"sqlite:///{Path(folder) / 'countersign.db'}")
    server = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL")
    if server and postgres_answers(server):
        name = f"bench_{secrets.token_hex(4)}"
        administer(server, f"CREATE DATABASE {name}")
        try:
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
            _measure("postgresql", url)
        finally:
            administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _measure(kind: str, url: str) -> None:
    timed = "processor time" if kind == "sqlite" else "elapsed"
    heading(f"Digests over {INTERACTIONS:,} interactions on {kind}, a year of them, {timed}")
    upgrade(url)
    perform(url, _fill)
    asyncio.run(_digests(kind, url))


def _fill(connection: Connection) -> None:
    fill(connection, INTERACTIONS)
    connection.execute(text("ANALYZE"))


async def _digests(kind: str, url: str) -> None:
    database = Database.open(url)
    try:
        for words, days in SPANS.items():
            for digest in DigestKind:
                spread = Spread.of([await _one(database, digest, days, CLOCKS[kind]) for _ in range(ROUNDS)])
                met = verdict(reached=spread.p95 < TARGETS[kind] * 1000)
                line(
                    f"{digest.value}, {words} and the one before",
                    spread,
                    target=f"< {TARGETS[kind]:.0f} s: {met}",
                )
    finally:
        await database.close()


async def _one(database: Database, kind: DigestKind, days: int, clock: Callable[[], float]) -> float:
    period: Period = rolling_period(days, END - timedelta(hours=1))
    begun = clock()
    await digest_of_everybody(kind, period, UTC, Organisation(review_channel="C"), database)
    return clock() - begun
