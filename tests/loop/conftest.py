"""The whole product in one event loop: the counterparts on one port, the bot on another."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, select

from bot.cli.running import listen
from bot.wiring import Runtime, build
from policy.escalation import EscalationState
from storage.audit_records import AuditRecord
from storage.schema import INBOX, OUTBOX
from storage.transaction import Transaction
from tests.databases import fresh_sqlite, perform
from tests.loop.cases import cards, strays
from tests.loop.databases import absent, copied_postgres, redis_server
from tests.loop.shown import Json, escalation_of, has, text_of
from tests.loop.staging import (
    OLIVIA,
    OLIVIAS,
    HandClock,
    Staging,
    bot_settings,
    open_staging,
    organisation_file,
    origin_of,
    serving,
    until,
)


@dataclass
class Loop:
    """A running bot and the world around it."""

    stage: Staging
    runtime: Runtime
    clock: HandClock
    database_url: str
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def card(
        self, donor_id: str = "donor-0001", what: str = "gift", *, beside: bool = False, **fields: Any
    ) -> Json:
        """Let something happen to a donor of Olivia's, and wait for her card.

        What waits about the donor is taken off the table, unless it is to happen *beside* that.
        """
        if what == "gift":
            # An amount of its own: the same thank-you is not proposed twice.
            fields = {"amount_minor": 100_000 + 100 * next(self.numbers)} | fields
        if not beside:
            await self.cleared(donor_id)
        before = {m["ts"] for m in await self.stage.history(OLIVIA, OLIVIAS)}
        await self.stage.happen(what, donor_id, **fields)

        async def look() -> Json | None:
            cards = await self.stage.history(OLIVIA, OLIVIAS)
            return next((m for m in cards if m["ts"] not in before and m["blocks"]), None)

        return await until(look, f"a card about {donor_id}")

    async def cleared(self, donor_id: str) -> None:
        """Take what waits about a donor off the table, so that nothing folds into it."""
        now = self.clock.now()

        def clear(tx: Transaction) -> None:
            for each in tx.escalations.open_for_donor(donor_id):
                tx.escalations.move(each.id, (each.state,), EscalationState.EXPIRED, now)

        await self.runtime.context.database.write(clear)

    async def now_shows(self, card: Json, *words: str, channel: str = OLIVIAS, user: str = OLIVIA) -> Json:
        """Wait until *card* reads so."""

        async def look() -> Json | None:
            messages = await self.stage.history(user, channel)
            current = next((m for m in messages if m["ts"] == card["ts"]), None)
            return current if current and has(current, *words) else None

        try:
            return await until(look)
        except AssertionError:
            messages = await self.stage.history(user, channel)
            current = next(m for m in messages if m["ts"] == card["ts"])
            raise AssertionError(f"the card never said {words} but: {text_of(current)}") from None

    async def verified(self) -> None:
        """The audit chain is whole once nothing waits to be sealed; PostgreSQL's is sealed now and then."""

        async def sealed() -> bool:
            return (await self.runtime.context.database.read(lambda tx: tx.audit.sizes()))[1] == 0

        await until(sealed, "everything is sealed")
        report = await self.runtime.context.database.read(lambda tx: tx.audit.verify())
        assert (report.ok, report.first_bad) == (True, None)
        assert report.entries > 0

    async def counts(self) -> dict[str, dict[str, int]]:
        return await self.runtime.context.database.read(
            lambda tx: {"inbox": tx.inbox.counts(), "outbox": tx.outbox.counts()}
        )

    async def dead(self) -> list[tuple[str, str | None]]:
        """What was set aside, with the reason."""
        letters = await self.runtime.context.database.read(
            lambda tx: [*tx.inbox.list_dead(100), *tx.outbox.list_dead(100)]
        )
        return [(letter.kind, letter.last_error) for letter in letters]

    async def settled(self) -> None:
        """Wait until every event is delivered and nothing is due or being worked on."""

        async def quiet() -> bool:
            if not self.stage.delivered():
                return False
            now = self.clock.now()
            return await self.runtime.context.database.read(
                lambda tx: all(
                    queue.counts()["in_flight"] == 0 and queue.standing(now).waiting_since is None
                    for queue in (tx.inbox, tx.outbox)
                )
            )

        await until(quiet, "everything is worked off")

    async def failed_once(self, kind: str) -> None:
        """Wait until working on such an item was tried and put off."""

        async def tried() -> bool:
            def look(connection: Connection) -> bool:
                queries = (
                    select(table.c.id).where(table.c.kind == kind, table.c.last_error.is_not(None))
                    for table in (INBOX, OUTBOX)
                )
                return any(connection.execute(query).first() for query in queries)

            return await asyncio.to_thread(perform, self.database_url, look)

        await until(tried, f"{kind} was tried in vain")

    async def later(self, **amount: float) -> None:
        """Time passes, so that what was put off is tried again, and the workers are told."""
        await self.later_at(self.clock.now() + timedelta(**(amount or {"minutes": 2})))

    async def later_at(self, moment: datetime) -> None:
        """It is that moment, unless it is over."""
        self.clock.move_to(moment)
        for worker in self.runtime.workers:
            worker._bell.ring(worker._lane.name)

    async def shares_ids(self) -> None:
        """Whatever was done: entries and cards of a case bear the id that the case began with."""
        entries = await self.entries()

        def look(connection: Connection) -> tuple[list[tuple[str, str]], dict[tuple[str, str], str]]:
            return strays(connection, entries), cards(connection)

        apart, shown = await asyncio.to_thread(perform, self.database_url, look)
        assert apart == []
        for (channel, ts), case in shown.items():
            message = self.stage.slack.messages.get(channel, ts)
            if message is not None and message.metadata:
                assert message.metadata["event_payload"].get("correlation_id") == case

    async def kinds(self) -> list[str]:
        """The kinds of all audit entries, oldest first, without what the start records: rules, settings."""
        start = ("policy.activated", "configuration.changed")
        return [entry.kind for entry in await self.entries() if entry.kind not in start]

    async def entries(self) -> list[AuditRecord]:
        start, end = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        return await self.runtime.context.database.read(lambda tx: tx.audit.between(start, end))

    async def state(self, card: Json) -> str:
        about = escalation_of(card)
        found = await self.runtime.context.database.read(lambda tx: tx.escalations.get(about))
        assert found is not None
        return found.state.value


Open = Callable[..., Awaitable[Loop]]


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return fresh_sqlite(tmp_path / "countersign.db")


@pytest.fixture
def postgres_url(template_of_postgres: tuple[str, str]) -> Iterator[str]:
    with copied_postgres(*template_of_postgres) as url:
        yield url


@pytest.fixture
def redis_url() -> str:
    url = redis_server()
    if url is None:
        absent("Redis server")
    assert url is not None
    return url


@asynccontextmanager
async def running_loop(database_url: str, folder: Path, **options: Any) -> AsyncIterator[Loop]:
    """The stage, then the bot beside it; *options* go to settings, organisation and stage as they belong."""
    socket_mode = options.pop("socket_mode", False)
    organisation = options.pop("organisation", {})
    poll_s = options.pop("poll_s", 3600)
    listening = listen("127.0.0.1", 0)
    clock = HandClock()
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(
            open_staging(origin_of(listening), socket_mode=socket_mode, clock=clock)
        )
        settings = bot_settings(
            stage,
            database_url,
            organisation_file(folder, stage.origin, **organisation),
            socket_mode=socket_mode,
            **options,
        )
        runtime = await stack.enter_async_context(build(settings, clock=clock, poll_s=poll_s))
        await stack.enter_async_context(serving(runtime.http, listening))
        async with asyncio.TaskGroup() as tasks:
            await runtime.start(tasks)
            try:
                yield Loop(stage, runtime, clock, database_url)
            finally:
                runtime.stop.set()


@pytest.fixture
async def open_loop(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens the whole product with options of its own; it is closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_it(database_url: str = sqlite_url, **options: Any) -> Loop:
            return await stack.enter_async_context(running_loop(database_url, tmp_path, **options))

        yield open_it


@pytest.fixture
async def loop(open_loop: Open) -> Loop:
    """The whole product on SQLite, over HTTP, with a model."""
    return await open_loop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Loop]:
    """One running product for all tests of a module that mark themselves with its event loop."""
    folder = tmp_path_factory.mktemp("shared")
    async with running_loop(fresh_sqlite(folder / "countersign.db"), folder) as loop:
        yield loop
        await loop.shares_ids()
