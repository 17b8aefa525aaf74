"""Replicas, their servers, the wires between all of them, and what was done to it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from bot.cli.running import listen
from bot.cli.stage import MODEL
from policy.escalation import EscalationState
from storage.migrate import upgrade
from tests.crash.conftest import Bot
from tests.crash.test_killed_while_accepting import signed_event
from tests.faults.disk import Disk, own_disk
from tests.faults.network import Wire, wire_to
from tests.faults.servers import Bell, Postgres, own_postgres, own_redis
from tests.faults.signing import Secrets
from tests.forked import Nursery, nursery_process
from tests.loop.staging import OLIVIA, Staging, open_staging, organisation_file, origin_of

TOLD_IN_PART = frozenset({"donor-0013"})
"""Donors of whom the CRM does not show everything: an event about what it hides waits for long."""
ANSWERS = {
    EscalationState.OPEN: ("approve:", "approve:", "approve:", "approve:", "defer:tomorrow:"),
    EscalationState.DEFERRED: ("bring_back:", ""),
    EscalationState.EXECUTED: ("undo:", "", "", ""),
}
"""What people press, as the action's name and what stands before the decision's id; nothing now and then."""
PRESSABLE = tuple(ANSWERS)
AT_ONCE = 0.2
ANSWERS_WITHIN_S = 5.0
"""So long do the CRM and Slack wait before they take it that nobody is there."""
REPLICAS = 2


@dataclass
class Member:
    """One replica with the wires that lead from it, and the file that says how far its clock is off."""

    bot: Bot
    slack: Wire
    crm: Wire
    model: Wire
    clock: Path
    database: Wire | None = None
    redis: Wire | None = None

    @property
    def wires(self) -> tuple[Wire, ...]:
        """What can be cut: with a database in a file there are only the ways outside."""
        of_servers = (self.database, self.redis)
        return (*(wire for wire in of_servers if wire), self.slack, self.crm, self.model)

    def mend(self) -> None:
        """Make everything around it whole."""
        for wire in self.wires:
            wire.mend()
        self.clock.write_text("0")


@dataclass
class World:
    """Everything that runs, and what was done to it."""

    random: Random
    stage: Staging
    members: tuple[Member, ...]
    database_url: str
    disk: Disk
    secrets: Secrets = field(default_factory=Secrets)
    servers: tuple[Postgres, Bell] | None = None
    tasks_before: frozenset[str] = frozenset()
    sent: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    clicked: Counter[str] = field(default_factory=Counter)
    thanked: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    deliveries: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    @property
    def postgres(self) -> Postgres:
        """The database server, where there is one."""
        assert self.servers
        return self.servers[0]

    @property
    def bell(self) -> Bell:
        """The Redis, where there is one."""
        assert self.servers
        return self.servers[1]

    def make_room(self) -> None:
        """Free the disk, and start the database server again if it has given up on a full one."""
        self.disk.make_room()
        if self.servers:
            self.postgres.keep_running()

    def someone(self) -> Member:
        """Return a replica that runs, if any does."""
        alive = [each for each in self.members if each.bot.pid is not None]
        return self.random.choice(alive or list(self.members))

    def give(self, donor: str) -> None:
        """Put a gift into the CRM without its telling anybody: we deliver the event ourselves."""
        gift = f"gift-fault-{len(self.sent):05d}"
        tables, store = self.stage.crm.tables, self.stage.crm.store
        like = next(iter(tables.gifts))
        minor = 100_000 + 100 * len(self.sent)
        unthanked = like.acknowledgement.model_copy(update={"status": "needed", "sent_on": None})
        changes = {
            "id": gift,
            "donor_id": donor,
            "amount": like.amount.model_copy(update={"minor": minor}),
            "received_on": datetime.now(UTC).date(),
            "version": "v1",
            "acknowledgement": unthanked,
        }
        store.commit(like.model_copy(update=changes))
        self.sent[f"event:{gift}"] = donor

    def waiting(self) -> list[str]:
        """Return the events that nobody has acknowledged yet, in any order."""
        waiting = [each for each in self.sent if each not in self.acknowledged]
        self.random.shuffle(waiting)
        return waiting

    def some_again(self) -> list[str]:
        """Return an event now and then that was acknowledged long ago: its sender never heard of that."""
        there = sorted(self.acknowledged)
        return [self.random.choice(there)] if there and self.random.random() < AT_ONCE else []

    async def deliver(self, event_id: str) -> None:
        """Deliver an event to either replica, perhaps twice or to both at once.

        What is not acknowledged comes again later.
        """
        donor = self.sent[event_id]
        data = {"donor_id": donor, "gift_id": event_id.partition(":")[2]}
        body, headers = signed_event(event_id, "donation.received", donor, data, self.secrets.crm)
        together = self.random.random() < AT_ONCE
        doors = [self.someone().bot.origin for _ in range(self.random.choice((1, 1, 1, 2)))]
        if together:
            doors = [member.bot.origin for member in self.members] * 2
        arriving = [self._deliver(event_id, door, body, headers) for door in doors]
        if together:
            await asyncio.gather(*arriving)
            return
        for each in arriving:
            await each

    async def _deliver(self, event_id: str, door: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            answer = await self.stage.http.post(
                f"{door}/crm/events", content=body, headers=headers, timeout=3
            )
        except httpx2.TransportError:
            self.deliveries["no answer"] += 1
            return
        self.deliveries[str(answer.status_code)] += 1
        if answer.status_code == 202:
            self.acknowledged.add(event_id)

    async def click(self, pressable: list[Any]) -> None:
        """Approve a decision, put it off, bring it back or undo it, perhaps often and at both replicas."""
        if not pressable:
            return
        chosen = self.random.choice(pressable)
        answer = self.random.choice(ANSWERS[chosen.state])
        if not answer:
            return
        await asyncio.gather(
            *(self._press(chosen.id, answer) for _ in range(self.random.choice((1, 2, 3)))),
        )

    async def _press(self, decision: str, what: str) -> None:
        self.clicked[decision] += 1
        nonce = f"{decision}-{self.clicked[decision]}"
        action, _, choice = what.partition(":")
        door = self.someone().bot.origin
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                answer = await self.stage.signed_click(
                    OLIVIA,
                    f"cs:{action}",
                    f"{choice}{decision}",
                    nonce=nonce,
                    origin=door,
                    secret=self.secrets.slack,
                )
        except (httpx2.TransportError, TimeoutError):
            return
        if answer.status_code == 200:
            self.thanked.add(f"click:T0HARBOUR:1.1:{nonce}:{OLIVIA}")
            if action == "undo":
                self.taken_back.add(decision)


@asynccontextmanager
async def open_world(random: Random, *, servers: bool = True) -> AsyncIterator[World]:
    """Start replicas over servers, else one over a file; raises Missing where a server is not installed."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="faults-")))
        disk = stack.enter_context(own_disk(folder / "disk"))
        own: tuple[Postgres, Bell] | None = None
        if servers:
            postgres = stack.enter_context(own_postgres(disk.folder / "postgres"))
            own = postgres, await stack.enter_async_context(own_redis())
        url = own[0].url if own else f"sqlite:///{disk.folder / 'countersign.db'}"
        upgrade(url)
        nursery = Nursery(stack.enter_context(nursery_process()))
        doors = [listen("127.0.0.1", 0) for _ in range(REPLICAS if own else 1)]
        origins = [origin_of(each) for each in doors]
        for each in doors:
            each.close()
        stage = await stack.enter_async_context(open_staging(origins[0]))
        organisation = organisation_file(folder, stage.origin, cards_per_day=500)
        members = []
        for number, origin in enumerate(origins):
            bot = Bot(nursery, stage, url, organisation, folder / f"bot-{number}.log", origin=origin)
            members.append(await _member(stack, bot, folder / f"clock-{number}", own))
        try:
            for member in members:
                await member.bot.start()
            before = frozenset(task.id for task in stage.crm.tables.tasks)
            yield World(random, stage, tuple(members), url, disk, servers=own, tasks_before=before)
        finally:
            for member in members:
                if member.bot.pid is not None:
                    await member.bot.kill()


async def _member(stack: AsyncExitStack, bot: Bot, clock: Path, own: tuple[Postgres, Bell] | None) -> Member:
    """Lay wires from *bot* to everything that it speaks to."""
    outside = int(bot.stage.origin.rpartition(":")[2])
    slack, crm, model = [await stack.enter_async_context(wire_to(outside)) for _ in range(3)]
    clock.write_text("0")
    bot.extra = {
        "COUNTERSIGN_SLACK__BASE_URL": f"http://127.0.0.1:{slack.listening}/slack-sim/api/",
        "COUNTERSIGN_CRM__BASE_URL": f"http://127.0.0.1:{crm.listening}/crm/api/v1/",
        "COUNTERSIGN_AI__BASE_URL": f"http://127.0.0.1:{model.listening}/model/v1",
        "COUNTERSIGN_AI__MODEL": MODEL,
        "COUNTERSIGN_AI__TIMEOUT_S": "4",
        "COUNTERSIGN_LOG_LEVEL": "warning",
        "FAULTS_CLOCK": str(clock),
    }
    member = Member(bot, slack, crm, model, clock)
    if own is None:
        return member
    postgres, bell = own
    database = await stack.enter_async_context(wire_to(postgres.port))
    redis = await stack.enter_async_context(wire_to(bell.port))
    bot.extra |= {
        "COUNTERSIGN_DATABASE_URL": postgres.at(database.listening),
        "COUNTERSIGN_REDIS_URL": f"redis://127.0.0.1:{redis.listening}/0",
    }
    return replace(member, database=database, redis=redis)
