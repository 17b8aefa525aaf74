"""What breaks around the replicas, each for a moment, and which of all faults may come together."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from tests.faults import replicas
from tests.faults.network import Wire
from tests.faults.world import World

WELL: dict[str, dict[str, Any]] = {
    "crm": {
        "api_down": False,
        "slow_ms": 0,
        "rate_limit": False,
        "lost_write_replies": False,
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
    },
    "model": {"down": False, "slow_ms": 0, "garbage": False, "ignore_schema": False, "truncate": False},
}
HOUR, DAY = 3600, 86400
LEAPS = (-7 * DAY, -DAY, -HOUR, -300, 300, HOUR, DAY, 7 * DAY)


async def fill_the_disk(world: World) -> None:
    """Leave the database next to no room, for a moment or until its server gives up."""
    if world.servers:
        if world.postgres.is_small:
            await asyncio.to_thread(world.postgres.fill, world.random.choice((0, 50_000, 2_000_000)))
            await asyncio.sleep(world.random.uniform(1, 5))
            await asyncio.to_thread(world.postgres.make_room)
        return
    path = Path(str(make_url(world.database_url).database))
    written = path.with_name(f"{path.name}-wal")
    pid = world.members[0].bot.pid
    if pid is None:
        return
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    held = max(each.stat().st_size for each in (path, written) if each.exists())
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (held + world.random.choice((0, 20_000)), hard))
    await asyncio.sleep(world.random.uniform(1, 5))
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


async def flush_redis(world: World) -> None:
    world.bell.flush()


async def keep_flushing_redis(world: World) -> None:
    """Have next to no wake-up outlive the moment between the ring and the claim."""
    for _ in range(world.random.randint(20, 200)):
        world.bell.flush()
        await asyncio.sleep(0.01)


async def take_redis_away(world: World) -> None:
    world.bell.kill()
    await asyncio.sleep(world.random.uniform(0.5, 2))
    await world.bell.start()


async def kill_postgres(world: World) -> None:
    await _restart_postgres(world, "immediate")


async def restart_postgres(world: World) -> None:
    await _restart_postgres(world, "fast")


async def _restart_postgres(world: World, mode: str) -> None:
    await asyncio.to_thread(world.postgres.stop, mode)
    await asyncio.sleep(world.random.uniform(0, 1.5))
    await asyncio.to_thread(world.postgres.start)


async def cut_a_wire(world: World) -> None:
    """Cut one replica off from the database, Redis, or Slack, CRM and model, in one of several ways."""
    member = world.random.choice(world.members)
    await _cut(world, world.random.choice(member.wires))


async def cut_everything(world: World) -> None:
    """Cut one replica off from everything at once, and at once connect it again."""
    member = world.random.choice(world.members)
    await asyncio.gather(*(_cut(world, wire) for wire in member.wires))


async def _cut(world: World, wire: Wire) -> None:
    ways = (wire.stall, wire.refuse, wire.reset, wire.close_halves, wire.lose_answers, wire.lose_requests)
    how = world.random.choice(ways)
    world.broken[f"  wire: {how.__name__}"] += 1
    how()
    await asyncio.sleep(world.random.uniform(0.2, 4))
    if world.random.random() < 0.5:
        wire.reset()
    wire.mend()


async def stall_for_long(world: World) -> None:
    """Let the database, else the world, fall silent for longer than a lease lasts, as when a switch dies."""
    wire = world.random.choice(world.members).wires[0]
    wire.stall()
    await asyncio.sleep(world.random.uniform(16, 25))
    wire.mend()


async def confirm_after_the_cut(world: World) -> None:
    """Have the CRM do what it was asked long after whoever asked was cut off, perhaps for a lease's time."""
    await world.stage.break_crm(slow_ms=world.random.choice((500, 3_000, 12_000, 20_000)))
    for _ in range(world.random.randint(1, 5)):
        await asyncio.sleep(world.random.uniform(0.1, 1.5))
        for member in world.members:
            member.outside.reset()
    await world.stage.break_crm(**WELL["crm"])


async def set_a_clock(world: World) -> None:
    """Set one machine's clock wrong by minutes to a week, for a moment or for longer than is doubted.

    An hour forwards or back is what daylight saving does to a machine that keeps local time.
    """
    member = world.random.choice(world.members)
    member.clock.write_text(str(world.random.choice(LEAPS)))
    await asyncio.sleep(world.random.choice((0.5, 2.0, 12.0)))
    member.clock.write_text("0")


async def cut_slack_off(world: World) -> None:
    fault = world.random.choice(("down", "http_500", "rate_limited", "lost_replies"))
    await world.stage.break_slack(**{fault: True})
    await asyncio.sleep(world.random.uniform(0.5, 3))
    await world.stage.break_slack(**WELL["slack"])


async def let_the_crm_lie(world: World) -> None:
    faults: tuple[dict[str, Any], ...] = (
        {"api_down": True},
        {"lost_write_replies": True},
        {"slow_ms": 1500},
        {"rate_limit": True, "retry_after_s": 1},
        {"cut_answers": True},
        {"empty_promises": True},
        {"repeated_items": True},
        {"stale_412": 3},
        {"api_down": False, "repeated_items": True, "slow_ms": 400, "lost_write_replies": True},
    )
    await world.stage.break_crm(**world.random.choice(faults))
    await asyncio.sleep(world.random.uniform(0.5, 3))
    await world.stage.break_crm(**WELL["crm"])


async def stall_the_model(world: World) -> None:
    faults: tuple[dict[str, Any], ...] = (
        {"slow_ms": 60_000},
        {"down": True},
        {"garbage": True},
        {"truncate": True},
    )
    await world.stage.break_model(**world.random.choice(faults))
    await asyncio.sleep(world.random.uniform(1, 6))
    await world.stage.break_model(**WELL["model"])


Fault = Callable[[World], Awaitable[None]]
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
        replicas.freeze_a_replica,
        replicas.freeze_at_a_failpoint,
    ),
    "a server": (
        fill_the_disk,
        flush_redis,
        keep_flushing_redis,
        take_redis_away,
        kill_postgres,
        restart_postgres,
    ),
    "the network": (cut_a_wire, cut_a_wire, cut_everything, stall_for_long),
    "a clock": (set_a_clock,),
    "the world": (cut_slack_off, let_the_crm_lie, confirm_after_the_cut, stall_the_model),
}
"""By what they befall: two of different kinds may come at the same moment."""
OF_SERVERS = frozenset({flush_redis, keep_flushing_redis, take_redis_away, kill_postgres, restart_postgres})
"""What can only break where there are servers."""


def possible(world: World, only: str) -> list[tuple[str, Fault]]:
    """Return what can break in this *world*, with what it befalls; *only* what has that in its name."""
    return [
        (befalls, fault)
        for befalls, faults in FAULTS.items()
        for fault in faults
        if (world.servers or fault not in OF_SERVERS) and only in fault.__name__
    ]
