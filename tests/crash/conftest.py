"""A bot that is killed and started again, beside counterparts that live on."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import Connection, update

from bot.cli.running import listen
from bot.cli.stage import CRM_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, WEBHOOK_SECRET
from policy.escalation import EscalationState
from storage.database import Database
from storage.keys import KeyRing
from storage.schema import INBOX, OUTBOX
from storage.transaction import Transaction
from tests.databases import fresh_sqlite, perform
from tests.forked import Nursery, is_running
from tests.loop.databases import copied_postgres
from tests.loop.staging import (
    JANE,
    Staging,
    open_staging,
    organisation_file,
    origin_of,
    until,
)

MASTER_KEY = "6b" * 32
KEYS = KeyRing(bytes.fromhex(MASTER_KEY))
T = TypeVar("T")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Bot:
    """`countersign serve` with one database, in whichever process it runs at the moment."""

    nursery: Nursery
    stage: Staging
    database_url: str
    organisation: Path
    log: Path
    origin: str = ""
    pid: int | None = None
    ended: dict[str, int | None] | None = None
    extra: dict[str, str] = field(default_factory=dict)

    async def start(self, failpoint: str = "", *, to_die: bool = False) -> None:
        """Start and wait until it answers, unless it is *to_die* before it may come to that."""
        assert self.pid is None
        self.origin = self.origin or self.stage.bot_origin
        port = self.origin.rpartition(":")[2]
        environment = {
            "COUNTERSIGN_DATABASE_URL": self.database_url,
            "COUNTERSIGN_MASTER_KEY": MASTER_KEY,
            "COUNTERSIGN_PORT": port,
            "COUNTERSIGN_ORGANISATION_FILE": str(self.organisation),
            "COUNTERSIGN_SLACK__BOT_TOKEN": SLACK_BOT_TOKEN.get_secret_value(),
            "COUNTERSIGN_SLACK__SIGNING_SECRET": SLACK_SIGNING_SECRET.get_secret_value(),
            "COUNTERSIGN_SLACK__BASE_URL": f"{self.stage.origin}/slack-sim/api/",
            "COUNTERSIGN_CRM__BASE_URL": f"{self.stage.origin}/crm/api/v1/",
            "COUNTERSIGN_CRM__TOKEN": CRM_TOKEN.get_secret_value(),
            "COUNTERSIGN_CRM__WEBHOOK_SECRET": WEBHOOK_SECRET.get_secret_value(),
            "COUNTERSIGN_POLICY_FILE": str(Path(__file__).parent / "policy.yaml"),
            "COUNTERSIGN_FAILPOINT": failpoint,
        } | self.extra
        self.pid = await self.nursery.start(environment, self.log)
        if not to_die:
            await until(lambda: self._answers(failpoint), "the bot answers")

    async def _answers(self, failpoint: str) -> bool:
        try:
            return (await self.stage.http.get(f"{self.origin}/readyz")).status_code == 200
        except httpx2.TransportError:
            # What was left over may bring it to its point before it is ready.
            assert self.is_running() or failpoint, f"the bot ended: {self.log.read_text()}"
            return not self.is_running()

    def is_running(self) -> bool:
        return self.pid is not None and is_running(self.pid)

    def is_frozen(self) -> bool:
        """Whether the process stands still until it is let go on."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    async def awake(self) -> None:
        """Wait until it answers, after it has stood still."""
        await until(lambda: self._answers("frozen"), "the bot answers again")

    async def kill(self) -> None:
        """Pull the plug."""
        assert self.pid
        os.kill(self.pid, signal.SIGKILL)
        await self.bury()

    async def terminate(self) -> int | None:
        """Ask it to stop; return its exit code."""
        assert self.pid
        os.kill(self.pid, signal.SIGTERM)
        return (await self.bury())["code"]

    async def bury(self) -> dict[str, int | None]:
        """Wait for the end of the process and return how it came."""
        assert self.pid
        self.ended = await self.nursery.end_of(self.pid)
        self.pid = None
        return self.ended

    def let_leases_run_out(self) -> None:
        """The minute passes in which what the dead process held is still reserved for it."""

        def backdate(connection: Connection) -> None:
            for table in (INBOX, OUTBOX):
                held = update(table).where(table.c.status == "in_flight")
                connection.execute(held.values(lease_until=LONG_AGO))

        perform(self.database_url, backdate)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        database = Database.open(self.database_url, keys=KEYS)
        try:
            return await database.read(work)
        finally:
            await database.close()

    async def left_of(self, about: str) -> tuple[EscalationState, list[str]]:
        """Return where a decision about Jane stands and the kinds of its entries; all else has to be well."""

        def look(tx: Transaction) -> tuple[EscalationState, list[str]]:
            escalation, report = tx.escalations.get(about), tx.audit.verify()
            assert escalation is not None
            assert report.ok, report.first_bad
            assert (tx.inbox.list_dead(1), tx.outbox.list_dead(1)) == ([], [])
            entries = [
                e for e in tx.audit.trace(JANE) if e.payload and e.payload.get("escalation_id") == about
            ]
            return escalation.state, [each.kind for each in entries]

        return await self.read(look)

    async def settled(self) -> None:
        """Wait until every event is delivered and nothing is due or being worked on."""
        database = Database.open(self.database_url, keys=KEYS)

        async def quiet() -> bool:
            now = datetime.now(UTC)
            return self.stage.delivered() and await database.read(
                lambda tx: all(
                    queue.counts()["in_flight"] == 0 and queue.standing(now).waiting_since is None
                    for queue in (tx.inbox, tx.outbox)
                )
            )

        try:
            await until(quiet, "everything is worked off")
        finally:
            await database.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery(forking: subprocess.Popen[bytes]) -> Nursery:
    return Nursery(forking)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Staging]:
    """Counterparts that survive every death of the bot, whose port nobody else gets meanwhile."""
    with closing(listen("127.0.0.1", 0)) as reserved:
        async with open_staging(origin_of(reserved)) as opened:
            yield opened


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fresh_sqlite(tmp_path_factory.mktemp("sqlite") / "countersign.db")


@pytest.fixture(scope="module")
def postgres_url(template_of_postgres: tuple[str, str]) -> Iterator[str]:
    with copied_postgres(*template_of_postgres) as url:
        yield url


@asynccontextmanager
async def _bot(nursery: Nursery, stage: Staging, url: str, folder: Path) -> AsyncIterator[Bot]:
    bot = Bot(nursery, stage, url, organisation_file(folder, stage.origin), folder / "bot.log")
    try:
        yield bot
    finally:
        if bot.pid is not None:
            await bot.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def bot(nursery: Nursery, stage: Staging, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Bot]:
    async with _bot(nursery, stage, sqlite_url, tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def postgres_bot(
    nursery: Nursery, stage: Staging, postgres_url: str, tmp_path: Path
) -> AsyncIterator[Bot]:
    async with _bot(nursery, stage, postgres_url, tmp_path) as opened:
        yield opened
