"""The managers' digests and dashboard over a million interactions, on SQLite and PostgreSQL.

Held to the targets is processor time, this process's and that of the server's processes together, because a
shared machine makes everything wait; elapsed time stands beside it. PostgreSQL counts without parallel
workers. Pages are counted anew with every look, which the service does once a minute at most.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, make_url, text

from bot.http.dashboard_pages import figures_page
from handlers.context import Context
from handlers.digests.add_up import add_up
from handlers.digests.dashboard_view import Viewer, counted, how_it_is
from handlers.digests.figures import DAYS, digest_of_everybody
from handlers.digests.whose_figures import Whose
from handlers.outcomes import DigestShown
from handlers.ports import Colleague
from policy.digest import DigestKind
from policy.digest_periods import Period, rolling_period
from policy.organisation import Organisation, Person
from storage.database import Database
from storage.migrate import upgrade
from tests.bench.many_interactions import END, PEOPLE, fill
from tests.bench.report import Spread, cpu_seconds, heading, line, verdict
from tests.databases import administer, perform, postgres_answers

INTERACTIONS = int(os.environ.get("COUNTERSIGN_BENCH_INTERACTIONS", "1000000"))
ROUNDS = 3
SPANS = {"a week": 7, "four weeks": 28, "half a year": 182}
TARGETS = {"sqlite": 3.0, "postgresql": 2.0}
UTC = ZoneInfo("UTC")
PAGE_MS, TEAM = 300, "major"


def main() -> None:
    """Fill both databases once, and count every digest over several periods."""
    with TemporaryDirectory() as folder:
        _measure("sqlite", f"sqlite:///{Path(folder) / 'countersign.db'}")
    server = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL")
    if server and postgres_answers(server):
        name = f"bench_{secrets.token_hex(4)}"
        administer(server, f"CREATE DATABASE {name}")
        administer(server, f"ALTER DATABASE {name} SET max_parallel_workers_per_gather = 0")
        try:
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
            _measure("postgresql", url)
        finally:
            administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _measure(kind: str, url: str) -> None:
    heading(f"Digests over {INTERACTIONS:,} interactions on {kind}, a year of them, processor time")
    upgrade(url)
    perform(url, _fill)
    asyncio.run(_digests(kind, url))


def _fill(connection: Connection) -> None:
    fill(connection, INTERACTIONS)
    connection.execute(text("ANALYZE"))


async def _digests(kind: str, url: str) -> None:
    database = Database.open(url)
    try:
        await _add_up(database, url)
        for words, days in SPANS.items():
            for digest in DigestKind:
                taken = [await one_digest(database, digest, days, url) for _ in range(ROUNDS)]
                spread = Spread.of([cpu for cpu, _ in taken])
                met = verdict(reached=spread.p95 < TARGETS[kind] * 1000)
                line(
                    f"{digest.value}, {words} and the one before",
                    spread,
                    target=f"< {TARGETS[kind]:.0f} s: {met}",
                    remark=f"elapsed p50 {sorted(waited for _, waited in taken)[ROUNDS // 2]:.2f} s",
                )
        await _pages(database, url)
    finally:
        await database.close()


async def _add_up(database: Database, url: str) -> None:
    """Do what the service does in the background, a day at a time, and here for a whole year at once."""
    begun, worked = time.perf_counter(), _worked(url)
    await add_up(context_over(database))
    spent, elapsed = _worked(url) - worked, time.perf_counter() - begun
    line("adding up a year, for everybody and a team", f"{spent:.1f} s", remark=f"elapsed {elapsed:.1f} s")


async def one_digest(database: Database, kind: DigestKind, days: int, url: str) -> tuple[float, float]:
    """Return the processor time and the elapsed time of one digest, in seconds."""
    period: Period = rolling_period(days, END - timedelta(hours=1))
    begun, worked = time.perf_counter(), _worked(url)
    await digest_of_everybody(kind, period, UTC, Organisation(review_channel="C"), database)
    return _worked(url) - worked, time.perf_counter() - begun


async def look(
    database: Database, kind: DigestKind, team: str | None, days: int, url: str
) -> tuple[float, float]:
    """Return the processor time and the elapsed time of one page, counted anew, in seconds."""
    context = context_over(database)
    carmen = Colleague("U1", "Carmen", "carmen@x.example", "UTC", is_full_member=True)
    started, busy = time.perf_counter(), _worked(url)
    shown = await counted(kind, team, days, context)
    assert isinstance(shown, DigestShown)
    now = await database.read(lambda tx: how_it_is(tx, context.clock.now()))
    seer = Viewer(carmen, Whose(None))
    figures_page(shown, seer, days, [TEAM], now if kind is DigestKind.OPERATIONS else None)
    return _worked(url) - busy, time.perf_counter() - started


async def _pages(database: Database, url: str) -> None:
    """Look at every page for every span and team, each counted anew with every look."""
    for kind in DigestKind:
        taken = [
            await look(database, kind, team, days, url)
            for days in DAYS
            for team in (None, TEAM)
            for _ in range(ROUNDS)
        ]
        spread = Spread.of([cpu for cpu, _ in taken])
        waited = Spread.of([elapsed for _, elapsed in taken])
        met = verdict(reached=spread.p95 < PAGE_MS)
        line(
            f"dashboard, {kind.value}, counted with every look",
            spread,
            target=f"p95 < {PAGE_MS} ms: {met}",
            remark=f"elapsed p50 {waited.p50:.0f} p95 {waited.p95:.0f} ms",
        )


def context_over(database: Database) -> Context:
    """Return as much of a context as figures need, with a team of twenty."""
    nothing: Any = None
    people = tuple(Person(email=f"{user}@x.example", team=TEAM) for user in PEOPLE[:20])
    return Context(
        database=database,
        crm=nothing,
        chat=Directory(),  # type: ignore[arg-type]
        assistant=None,
        clock=Standing(END - timedelta(hours=1)),
        ids=Named(),  # type: ignore[arg-type]
        rules=nothing,
        stream=None,
        organisation=Organisation(review_channel="C", people=people),
    )


class Directory:
    """The people of the team, as Slack would know them."""

    async def colleague_by_email(self, email: str) -> Colleague:
        user = email.partition("@")[0]
        return Colleague(user, user, email, "UTC", is_full_member=True)


class Named:
    """What names things."""

    def new(self) -> str:
        return secrets.token_hex(8)


@dataclass(frozen=True)
class Standing:
    """A clock that stands."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


def _worked(url: str) -> float:
    """Return the processor time used so far by this process and by the server's for this database."""
    name = make_url(url).database or ""
    return time.process_time() + sum(
        map(cpu_seconds, _backends(name) if url.startswith("postgresql") else [])
    )


def _backends(name: str) -> list[int]:
    """Return the server's processes on this machine that work for a database."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                told = (folder / "cmdline").read_bytes().decode(errors="replace")
                found += [int(folder.name)] if told.startswith("postgres:") and f" {name} " in told else []
    return found


if __name__ == "__main__":
    main()
