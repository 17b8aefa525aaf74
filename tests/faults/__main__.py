"""`python -m tests.faults [--seed N] [--steps N] [--minutes N] [--sqlite]`: break everything, then count.

Two replicas over a PostgreSQL cluster and a Redis of their own, or one process over a file, beside simulated
counterparts that live on, each at the end of a wire that can be cut. Gifts arrive, people approve, and at
each step something breaks; the seed decides what. Afterwards all is repaired, and every event in and every
effect out is counted: nothing lost, nothing done twice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from random import Random

from tests.faults.breaking import Fault, possible
from tests.faults.counting import settle_and_count
from tests.faults.servers import Missing
from tests.faults.world import PRESSABLE, TOLD_IN_PART, World, open_world

TOGETHER = 0.3
PRESSED = 3
"""So many decisions are looked at after each gift: with few approvals there is little to write twice."""


async def main(options: argparse.Namespace) -> int:
    """Run one story and return the exit code."""
    print(f"seed {options.seed}", flush=True)
    async with open_world(Random(options.seed), servers=not options.sqlite) as world:
        await _story(world, options)
        problems = await settle_and_count(world)
        if problems:
            for member in world.members:
                print(member.bot.log.read_text()[-20000:], file=sys.stderr)
    for problem in problems:
        print(f"WRONG: {problem}")
    return 1 if problems else 0


async def _story(world: World, options: argparse.Namespace) -> None:
    until = time.monotonic() + options.minutes * 60
    portfolio = (d.id for d in world.stage.crm.tables.donors if d.owner_id == "staff-olivia")
    donors = sorted(donor for donor in portfolio if donor not in TOLD_IN_PART)
    coming = _in_turn(Random(options.seed), possible(world, options.only))
    step = 0
    while step < options.steps or time.monotonic() < until:
        began = time.monotonic()
        # What people do meanwhile depends on how far they get; what breaks, and how, on the seed alone.
        random, faults = Random(f"{options.seed}, step {step}"), next(coming)
        breaking = [asyncio.create_task(fault(world, Random(random.random()))) for fault in faults]
        world.broken.update(fault.__name__ for fault in faults)
        for _ in range(world.random.randint(2, 5)):
            await _live_on(world, donors)
        await asyncio.gather(*breaking)
        await _live_on(world, donors)  # what befalls the only process may leave nobody to press anything
        step += 1
        took = time.monotonic() - began
        told = f"{step:4d}  {' and '.join(fault.__name__ for fault in faults):<40} {took:5.1f} s"
        print(f"{told}  {len(world.acknowledged)} of {len(world.sent)} in", flush=True)
    while world.waiting():
        for each in world.waiting():
            await world.deliver(each)
        await asyncio.sleep(0.05)


async def _live_on(world: World, donors: list[str]) -> None:
    """Have somebody give, the CRM tell of it, and people look at their cards."""
    world.give(world.random.choice(donors))
    for each in (*world.waiting()[:10], *world.some_again()):
        await world.deliver(each)
    for _ in range(PRESSED):
        await world.click(await _decisions(world))


def _in_turn(random: Random, wanted: list[tuple[str, Fault]]) -> Iterator[list[Fault]]:
    """Give what breaks next: one thing, or two at the same moment; each comes before any comes again."""
    while True:
        for befalls, fault in random.sample(wanted, len(wanted)):
            others = [each for other, each in wanted if other != befalls]
            beside = [random.choice(others)] if others and random.random() < TOGETHER else []
            yield [fault, *beside]


async def _decisions(world: World) -> list[object]:
    try:
        found = await world.members[0].bot.read(lambda tx: tx.escalations.newest(PRESSABLE, limit=20))
    except Exception:  # noqa: BLE001 - the database may be down just now
        return []
    return list(found)  # type: ignore[call-overload, no-any-return]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--steps", type=int, default=30, help="how many things break, at least")
    parser.add_argument("--minutes", type=float, default=0, help="go on for so long: a soak")
    parser.add_argument("--sqlite", action="store_true", help="one process over a file, without any server")
    parser.add_argument("--only", default="", help="only what has this in its name, such as clock or wire")
    try:
        sys.exit(asyncio.run(main(parser.parse_args())))
    except Missing as missing:
        print(f"{missing} is not installed here, so the fault suite cannot run.", file=sys.stderr)
        sys.exit(2)
