"""What breaks around the replicas, each for a moment, and which of all faults may come together."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
from sqlalchemy import make_url

from tests.faults import replicas
from tests.faults.network import Wire
from tests.faults.replicas import LONGER_THAN_A_LEASE
from tests.faults.world import World

WELL: dict[str, dict[str, Any]] = {
    "crm": {
        "api_down": False,
        "slow_ms": 0,
        "rate_limit": False,
        "lost_write_replies": False,
        "failed_writes_done": False,
        "cut_answers": False,
        "empty_promises": False,
        "repeated_items": False,
        "stale_412": 0,
    },
    "slack": {
        "down": False,
        "http_500": False,
        "rate_limited": False,
        "lost_replies": False,
        "slow_api_ms": 0,
        "stale_history_s": 0,
    },
    "model": {"down": False, "slow_ms": 0, "garbage": False, "ignore_schema": False, "truncate": False},
}
HOUR, DAY = 3600, 86400
LEAPS = (-7 * DAY, -DAY, -HOUR, -300, 300, HOUR, DAY, 7 * DAY)
FOR_S = (0.5, 2.0, 12.0)
ITS_TURN_S = 30.0


async def fill_the_disk(world: World, random: Random) -> None:
    """Leave the database next to no room, for a moment or until its server gives up."""
    if world.disk.is_small:
        await asyncio.to_thread(world.disk.fill, random.choice((0, 50_000, 2_000_000)))
        await asyncio.sleep(random.uniform(1, 5))
        world.make_room()
    elif not world.servers:
        await _forbid_growth(world, random)


async def _forbid_growth(world: World, random: Random) -> None:
    """Keep the file from growing, which whoever is not root can have in the place of a full disk."""
    path = Path(str(make_url(world.database_url).database))
    written = path.with_name(f"{path.name}-wal")
    pid = world.members[0].bot.pid
    if pid is None:
        return
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    held = max(each.stat().st_size for each in (path, written) if each.exists())
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (held + random.choice((0, 20_000)), hard))
    await asyncio.sleep(random.uniform(1, 5))
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


async def hold_a_lock(world: World, random: Random) -> None:
    """Have somebody else hold what is written to, for a moment or for longer than a lease lasts."""
    for_s = random.choice((0.5, 4.0, random.uniform(*LONGER_THAN_A_LEASE)))
    if not world.servers:
        await _hold_the_file(Path(str(make_url(world.database_url).database)), for_s)
        return
    table = random.choice(("inbox", "outbox", "escalations", "audit_log"))
    somebody = await asyncpg.connect(world.postgres.url.replace("+asyncpg", ""))
    try:
        async with somebody.transaction():
            await somebody.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(for_s)
    finally:
        await somebody.close()


async def _hold_the_file(path: Path, for_s: float) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as somebody:
        async with asyncio.timeout(ITS_TURN_S):
            while True:
                try:
                    somebody.execute("BEGIN IMMEDIATE")
                    break
                except sqlite3.OperationalError:  # it is being written just now
                    await asyncio.sleep(0.01)
        await asyncio.sleep(for_s)


async def flush_redis(world: World, _: Random) -> None:
    world.bell.flush()


async def keep_flushing_redis(world: World, random: Random) -> None:
    """Have next to no wake-up outlive the moment between the ring and the claim."""
    for _ in range(random.randint(20, 200)):
        world.bell.flush()
        await asyncio.sleep(0.01)


async def take_redis_away(world: World, random: Random) -> None:
    world.bell.kill()
    await asyncio.sleep(random.uniform(0.5, 2))
    await world.bell.start()


async def kill_postgres(world: World, random: Random) -> None:
    await _restart_postgres(world, random, "immediate")


async def restart_postgres(world: World, random: Random) -> None:
    await _restart_postgres(world, random, "fast")


async def _restart_postgres(world: World, random: Random, mode: str) -> None:
    await asyncio.to_thread(world.postgres.stop, mode)
    await asyncio.sleep(random.uniform(0, 1.5))
    await asyncio.to_thread(world.postgres.start)


async def cut_a_wire(world: World, random: Random) -> None:
    """Cut one replica off from the database, Redis, Slack, the CRM or the model, in one of several ways."""
    member = random.choice(world.members)
    await _cut(world, random, random.choice(member.wires))


async def cut_everything(world: World, random: Random) -> None:
    """Cut one replica off from everything at once, and at once connect it again."""
    member = random.choice(world.members)
    await asyncio.gather(*(_cut(world, random, wire) for wire in member.wires))


async def _cut(world: World, random: Random, wire: Wire) -> None:
    ways = (wire.stall, wire.refuse, wire.reset, wire.close_halves, wire.lose_answers, wire.lose_requests)
    how = random.choice(ways)
    world.broken[f"  wire: {how.__name__}"] += 1
    how()
    await asyncio.sleep(random.uniform(0.2, 4))
    if random.random() < 0.5:
        wire.reset()
    wire.mend()


async def stall_for_long(world: World, random: Random) -> None:
    """Let one of all parts fall silent for one replica alone, for longer than a lease lasts."""
    wire = random.choice(random.choice(world.members).wires)
    wire.stall()
    await asyncio.sleep(random.uniform(*LONGER_THAN_A_LEASE))
    wire.mend()


async def confirm_after_the_cut(world: World, random: Random) -> None:
    """Have the CRM do what it was asked long after whoever asked was cut off, perhaps for a lease's time."""
    await world.stage.break_crm(slow_ms=random.choice((500, 3_000, 12_000, 20_000)))
    for _ in range(random.randint(1, 5)):
        await asyncio.sleep(random.uniform(0.1, 1.5))
        for member in world.members:
            member.crm.reset()
    await world.stage.break_crm(**WELL["crm"])


async def set_a_clock(world: World, random: Random) -> None:
    """Set one machine's clock wrong by minutes to a week, for a moment or for longer than is doubted.

    An hour forwards or back is what daylight saving does to a machine that keeps local time.
    """
    member = random.choice(world.members)
    member.clock.write_text(str(random.choice(LEAPS)))
    await asyncio.sleep(random.choice(FOR_S))
    member.clock.write_text("0")


async def set_the_clock_of_all(world: World, random: Random) -> None:
    """Set the clock wrong that all replicas go by, the database server's, while Slack's goes right."""
    world.postgres.set_clock(random.choice(LEAPS))
    await asyncio.sleep(random.choice(FOR_S))
    world.postgres.set_clock(0)


async def cut_slack_off(world: World, random: Random) -> None:
    fault = random.choice(("down", "http_500", "rate_limited", "lost_replies"))
    await world.stage.break_slack(**{fault: True})
    await asyncio.sleep(random.uniform(0.5, 3))
    await world.stage.break_slack(**WELL["slack"])


async def have_twins_posted(world: World, random: Random) -> None:
    """Lose Slack's answers, and have its history show nothing of what it took: it is posted again."""
    await world.stage.break_slack(lost_replies=True, stale_history_s=HOUR)
    await asyncio.sleep(random.uniform(1, 6))
    await world.stage.break_slack(lost_replies=False)
    await asyncio.sleep(random.uniform(1, 4))
    await world.stage.break_slack(**WELL["slack"])


async def let_the_crm_lie(world: World, random: Random) -> None:
    faults: tuple[dict[str, Any], ...] = (
        {"api_down": True},
        {"slow_ms": 1500},
        {"rate_limit": True, "retry_after_s": 1},
        {"empty_promises": True},
        {"repeated_items": True},
        {"stale_412": 3},
        {"api_down": False, "repeated_items": True, "slow_ms": 400, "lost_write_replies": True},
    )
    await world.stage.break_crm(**random.choice(faults))
    await asyncio.sleep(random.uniform(0.5, 3))
    await world.stage.break_crm(**WELL["crm"])


async def write_without_saying_so(world: World, random: Random) -> None:
    """Have the CRM write, and its answer say nothing, half of it, or that it failed."""
    how = random.choice(("lost_write_replies", "failed_writes_done", "cut_answers"))
    world.broken[f"  the CRM's answer: {how}"] += 1
    await world.stage.break_crm(**{how: True})
    await asyncio.sleep(random.uniform(2, 5))
    await world.stage.break_crm(**WELL["crm"])


async def stall_the_model(world: World, random: Random) -> None:
    faults: tuple[dict[str, Any], ...] = (
        {"slow_ms": 60_000},
        {"down": True},
        {"garbage": True},
        {"truncate": True},
    )
    await world.stage.break_model(**random.choice(faults))
    await asyncio.sleep(random.uniform(1, 6))
    await world.stage.break_model(**WELL["model"])


Fault = Callable[[World, Random], Awaitable[None]]
FAULTS: dict[str, tuple[Fault, ...]] = {
    "a replica": (
        replicas.kill_a_replica,
        replicas.kill_a_replica,
        replicas.kill_all_replicas,
        replicas.kill_at_a_failpoint,
        replicas.kill_at_a_failpoint,
        replicas.kill_while_it_starts,
        replicas.kill_while_it_stops,
        replicas.restart_a_replica,
        replicas.replace_the_secrets,
        replicas.freeze_a_replica,
        replicas.freeze_at_a_failpoint,
    ),
    "a server": (
        fill_the_disk,
        hold_a_lock,
        flush_redis,
        keep_flushing_redis,
        take_redis_away,
        kill_postgres,
        restart_postgres,
    ),
    "the network": (cut_a_wire, cut_a_wire, cut_everything, stall_for_long),
    "a clock": (set_a_clock, set_the_clock_of_all),
    "the world": (
        cut_slack_off,
        have_twins_posted,
        let_the_crm_lie,
        write_without_saying_so,
        confirm_after_the_cut,
        stall_the_model,
    ),
}
"""By what they befall: two of different kinds may come at the same moment."""
OF_SERVERS: frozenset[Fault] = frozenset(
    {
        flush_redis,
        keep_flushing_redis,
        take_redis_away,
        kill_postgres,
        restart_postgres,
        set_the_clock_of_all,
    }
)
"""What can only break where there are servers."""


def possible(world: World, only: str) -> list[tuple[str, Fault]]:
    """Return what can break in this *world*, with what it befalls; *only* what has that in its name."""
    return [
        (befalls, fault)
        for befalls, faults in FAULTS.items()
        for fault in faults
        if (world.servers or fault not in OF_SERVERS) and only in fault.__name__
    ]
