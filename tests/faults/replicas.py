"""What befalls replicas: they are killed, at rest or where it hurts, asked to stop, or stand still."""

from __future__ import annotations

import asyncio
import os
import signal
from random import Random

from tests.crash.conftest import Bot
from tests.crash.test_killed_anywhere import POINTS as EVERY_POINT
from tests.crash.test_killed_step_by_step import EDITED, UNDONE
from tests.faults.world import World

SENDING = ("slack.sending.chat.postMessage", "slack.sending.chat.update", "crm.sending")
POINTS = tuple(sorted({point.partition("#")[0] for point in (*EVERY_POINT, *EDITED, *UNDONE, *SENDING)}))
LONGER_THAN_A_LEASE = (16.0, 22.0)


async def kill_a_replica(world: World, random: Random) -> None:
    bot = random.choice(world.members).bot
    if bot.pid is not None:
        await bot.kill()
    await asyncio.sleep(random.uniform(0, 0.5))
    await bot.start()


async def kill_all_replicas(world: World, _: Random) -> None:
    """As when the power goes: nobody is left to take anything over."""
    bots = [member.bot for member in world.members]
    for bot in bots:
        if bot.pid is not None:
            os.kill(bot.pid, signal.SIGKILL)
    for bot in bots:
        if bot.pid is not None:
            await bot.bury()
    await asyncio.gather(*(bot.start() for bot in bots))


async def kill_at_a_failpoint(world: World, random: Random) -> None:
    """Have a replica die where it hurts, at the first or a later time that it comes by there."""
    bot, point = await _started_with(world, random, "")
    for _ in range(random.randint(10, 80)):
        if not bot.is_running():
            world.broken[f"  died at: {point}"] += 1
            break
        await asyncio.sleep(0.1)
    await bot.kill()
    await bot.start()


async def kill_while_it_starts(world: World, random: Random) -> None:
    """Kill a replica again and again before it is ready, or just when it is."""
    bot = random.choice(world.members).bot
    if bot.pid is not None:
        await bot.kill()
    for _ in range(random.randint(1, 4)):
        await bot.start(to_die=True)
        await asyncio.sleep(random.uniform(0, 1.2))
        await bot.kill()
    await bot.start()


async def kill_while_it_stops(world: World, random: Random) -> None:
    """Ask a replica to stop, and pull the plug before it has done so."""
    bot = random.choice(world.members).bot
    if bot.pid is not None:
        os.kill(bot.pid, signal.SIGTERM)
        await asyncio.sleep(random.uniform(0, 1.5))
        await bot.kill()
    await bot.start()


async def restart_a_replica(world: World, random: Random) -> None:
    """As in a rolling restart: it is asked to stop, and has to end well."""
    bot = random.choice(world.members).bot
    if bot.pid is not None:
        code = await bot.terminate()
        assert code == 0, f"it ended with {code}"
    await bot.start()


async def replace_the_secrets(world: World, random: Random) -> None:
    """Replace what is signed with as the README says: one replica after the other, and then whoever signs."""
    former, new = world.secrets, world.secrets.next_ones(random)
    for member in world.members:
        member.bot.extra |= new.beside(former)
        if member.bot.pid is not None:
            await member.bot.terminate()
        await member.bot.start()
    world.secrets = new


async def freeze_a_replica(world: World, random: Random) -> None:
    """Have a replica stand still wherever it is, for a moment or until others have taken its work over."""
    bot = random.choice(world.members).bot
    if bot.pid is None:
        await bot.start()
    assert bot.pid
    os.kill(bot.pid, signal.SIGSTOP)
    await asyncio.sleep(random.choice((0.5, 4.0, random.uniform(*LONGER_THAN_A_LEASE))))
    os.kill(bot.pid, signal.SIGCONT)
    await bot.awake()


async def freeze_at_a_failpoint(world: World, random: Random) -> None:
    """Have a replica stand still where it hurts until others have taken its work over, and then go on."""
    bot, point = await _started_with(world, random, "freeze ")
    for _ in range(random.randint(30, 80)):
        if bot.is_frozen():
            world.broken[f"  stood still at: {point}"] += 1
            await asyncio.sleep(random.uniform(*LONGER_THAN_A_LEASE))
            assert bot.pid
            os.kill(bot.pid, signal.SIGCONT)
            await bot.awake()
            return
        await asyncio.sleep(0.1)
    await bot.kill()
    await bot.start()


async def _started_with(world: World, random: Random, how: str) -> tuple[Bot, str]:
    """Start a replica that comes to its end, or to a halt, at a point that the seed decides; return both."""
    bot = random.choice(world.members).bot
    point = random.choice(POINTS)
    if bot.pid is not None:
        await bot.kill()
    await bot.start(f"{how}{point}#{random.choice((1, 1, 2, 3))}", to_die=True)
    return bot, point
