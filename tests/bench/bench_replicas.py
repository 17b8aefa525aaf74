"""One replica and then two equal ones on PostgreSQL and Redis: how much more do two do?

What limits the work on events is mostly the wait for the CRM and for Slack. So the CRM takes its time to
answer, as real ones do, and each replica works on few events at once: then the cores do not decide, and what
keeps two replicas from doing twice the work is what they share, such as locks, claims and limits. How many
events come in a second is a matter of processor time, and is judged only where there are cores enough.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import uvloop
from sqlalchemy import Connection, make_url, text

from tests.bench import payloads
from tests.bench.databases import POSTGRESQL, fresh, kinds
from tests.bench.load import closed_loop
from tests.bench.report import cpu_seconds, found, heading, line
from tests.bench.world import World, open_world
from tests.databases import perform

REDIS = "COUNTERSIGN_TEST_REDIS_URL"
TARGET = 1.7
WORKERS = "4"
CRM_MS = 400
WORKED = 160
"""For each replica: so few that every event is about another donor, also with two. What waits about the same
donor is looked at together, and more of it would make two replicas look better than they are.
"""
INGESTED = 6_000
WARM_UP = 40
ROUNDS = 2
LONGEST_S = 240.0
# The load, two replicas and PostgreSQL's own processes, each busy.
CORES_FOR_INGEST = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """What so many replicas did a second, and the processor time they took for an event."""

    worked: float
    taken_in: float
    busy: float


def main(worked: int = WORKED) -> None:
    """Measure one replica and two in turns and print the ratios."""
    redis_url = os.environ.get(REDIS)
    if POSTGRESQL not in kinds() or redis_url is None:
        line("replicas", f"not measured: no PostgreSQL server, or {REDIS} is not set")
        return
    cores = len(os.sched_getaffinity(0))
    heading(f"Two replicas beside one, on PostgreSQL and Redis, with {cores} cores")
    rounds = [{n: _measure(n, redis_url, worked) for n in (1, 2)} for _ in range(ROUNDS)]
    for number in (1, 2):
        of = [each[number] for each in rounds]
        line(
            f"{number} of them",
            f"{median(m.worked for m in of):6.1f} worked through/s   "
            f"{median(m.taken_in for m in of):6.0f} taken in/s   "
            f"{median(m.busy for m in of):4.2f} cores busy with the work",
        )
    through = median(each[2].worked / each[1].worked for each in rounds)
    found(
        f"  worked through, CRM takes {CRM_MS} ms, {WORKERS} at once each",
        f"x {through:.2f}",
        target=f">= x {TARGET}",
        is_reached=through >= TARGET,
    )
    ingest = median(each[2].taken_in / each[1].taken_in for each in rounds)
    if cores >= CORES_FOR_INGEST:
        found("  taken in", f"x {ingest:.2f}", target=f">= x {TARGET}", is_reached=ingest >= TARGET)
    else:
        remark = f"not judged: {cores} cores, and load, replicas and PostgreSQL want {CORES_FOR_INGEST}"
        line("  taken in", f"x {ingest:.2f}", remark=remark)


def _measure(replicas: int, redis_url: str, worked: int) -> Measured:
    with TemporaryDirectory() as directory, fresh(POSTGRESQL) as url:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with open_world(Path(directory), address, redis_url, replicas=replicas, WORKERS=WORKERS) as world:
            world.switch(world.crm, "/crm/sim/faults", slow_ms=CRM_MS)
            _work_through(world, url, 0, WARM_UP * replicas)
            before, began = _cpu(world), time.perf_counter()
            per_second = _work_through(world, url, WARM_UP * replicas, worked * replicas)
            busy = (_cpu(world) - before) / (time.perf_counter() - began)
            taken_in = _take_in(world, 1_000_000, INGESTED)
        return Measured(per_second, taken_in, busy)


def _cpu(world: World) -> float:
    return sum(cpu_seconds(each.process.pid) for each in world.replicas)


def _take_in(world: World, first: int, count: int) -> float:
    """Send *count* events in turns to all replicas, as fast as they are taken; return how many a second."""
    donors = [donor["id"] for donor in world.crm_list("donors")]
    requests = [
        payloads.event(
            n, "email.opened", donors[n % len(donors)], interaction_id=f"interaction-{n % 500:05d}"
        )
        for n in range(first, first + count)
    ]
    shares = [requests[n :: len(world.replicas)] for n in range(len(world.replicas))]

    async def send() -> None:
        ports = [each.port for each in world.replicas]
        await asyncio.gather(
            *(
                closed_loop(port, share, clients=16 // len(ports), seconds=LONGEST_S)
                for port, share in zip(ports, shares, strict=True)
            )
        )

    began = time.perf_counter()
    uvloop.run(send())
    return count / (time.perf_counter() - began)


def _work_through(world: World, url: str, first: int, count: int) -> float:
    """Have *count* events worked through; return how many were in a second, from the first to the last."""
    _take_in(world, first, count)
    until = time.perf_counter() + LONGEST_S
    while time.perf_counter() < until:
        done, took = perform(url, lambda connection: _done(connection, count))
        if done == count:
            return count / took
        time.sleep(0.25)
    raise RuntimeError("the events were not worked through in time")


def _done(connection: Connection, latest: int) -> tuple[int, float]:
    """Return how many of the latest events are done, and the seconds from the first claim to the last end."""
    query = text(
        "SELECT count(*) FILTER (WHERE status IN ('done', 'dead')), "
        "extract(epoch FROM max(finished_at) - min(first_attempt_at)) FROM "
        "(SELECT * FROM inbox WHERE kind = 'crm_event' ORDER BY position DESC LIMIT :latest) AS these"
    )
    done, took = connection.execute(query, {"latest": latest}).one()
    return done, float(took or 0.0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
