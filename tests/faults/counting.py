"""Everything repaired, everything settled, and then every event in and every effect out is counted."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from policy.escalation import EscalationState
from storage.schema import INBOX, OUTBOX
from storage.transaction import Transaction
from tests.databases import perform
from tests.faults.breaking import WELL
from tests.faults.told import miscounted
from tests.faults.world import World
from tests.loop.shown import escalation_of, has
from tests.loop.staging import OLIVIA, OLIVIAS

SETTLING_S = 150.0
TELLING_S = 20.0


async def settle_and_count(world: World) -> list[str]:
    """Return what is wrong, in words; nothing lost and nothing doubled is an empty list."""
    began = told_at = time.monotonic()
    await _repair(world)
    while not await _quiet(world):
        took = time.monotonic() - began
        if took > SETTLING_S:
            await _have_it_said(world)
            return [f"not settled after {SETTLING_S:.0f} s: {each}" for each in _open(world)]
        if time.monotonic() - told_at > TELLING_S:
            told_at = time.monotonic()
            print(f"after {took:.0f} s still open:", *_open(world), sep="\n  ", flush=True)
        await asyncio.sleep(0.3)
    lost, doubled, other = await _counted(world)
    faults = {name: n for name, n in world.broken.items() if not name.startswith(" ")}
    print(f"{sum(faults.values())} faults: " + ", ".join(f"{n} {w}" for w, n in sorted(faults.items())))
    print("in them" + ", ".join(f"{w} {n}" for w, n in sorted(world.broken.items()) if w.startswith(" ")))
    answers = ", ".join(f"{n} {code}" for code, n in sorted(world.deliveries.items()))
    print(
        f"{len(world.sent)} events in ({sum(world.deliveries.values())} deliveries: {answers}), "
        f"{sum(world.clicked.values())} clicks on {len(world.clicked)} decisions, "
        f"{len(world.thanked)} of them thanked for; settled in {time.monotonic() - began:.1f} s"
    )
    print(f"lost {len(lost)}, doubled {len(doubled)}, otherwise wrong {len(other)}", flush=True)
    return [*lost, *doubled, *other]


async def _repair(world: World) -> None:
    await world.stage.break_slack(**WELL["slack"])
    await world.stage.break_crm(**WELL["crm"])
    await world.stage.break_model(**WELL["model"])
    world.make_room()
    if world.servers:
        world.postgres.set_clock(0)
    for member in world.members:
        member.mend()
        bot = member.bot
        if bot.pid is None or not bot.is_running():
            if bot.pid is not None:
                await bot.bury()
            await bot.start()


async def _quiet(world: World) -> bool:
    def look(tx: Transaction) -> bool:
        now = datetime.now(UTC)
        waits = tx.inbox.standing(now).counts, tx.outbox.standing(now + timedelta(minutes=2)).counts
        return all(w["due"] == w["in_flight"] == 0 for w in waits)

    return bool(await world.members[0].bot.read(look))


async def _have_it_said(world: World) -> None:
    """Have every replica print what it waits for."""
    for member in world.members:
        if member.bot.pid is not None:
            os.kill(member.bot.pid, signal.SIGUSR1)
    await asyncio.sleep(2)


def _open(world: World) -> list[str]:
    """Return what is not done yet and due within two minutes."""
    soon = datetime.now(UTC) + timedelta(minutes=2)

    def look(connection: Connection) -> list[str]:
        return [
            f"{name} {row.kind} {row.status}, attempt {row.attempts}, held by {row.lease_owner} "
            f"until {row.lease_until}, due {row.available_at}, {row.last_error}"
            for name, table in (("inbox", INBOX), ("outbox", OUTBOX))
            for row in connection.execute(select(table).where(table.c.status.in_(("ready", "in_flight"))))
            if row.status == "in_flight" or row.available_at <= soon
        ]

    return perform(world.database_url, look)


async def _counted(world: World) -> tuple[list[str], list[str], list[str]]:
    lost, doubled, other = _of_what_arrived(world)
    everything: Any = await world.members[0].bot.read(
        lambda tx: (
            tx.escalations.newest(tuple(EscalationState), limit=100_000),
            tx.audit.verify(),
            tx.audit.contradictions(),
        )
    )
    escalations, report, contradictions = everything
    if not report.ok:
        other.append(f"the audit log is wrong: {report.first_bad}")
    other += contradictions
    too_few, too_many = await miscounted(world)
    lost, doubled = [*lost, *too_few], [*doubled, *too_many]
    messages = await _everything_said(world)
    cards = Counter(about for about in map(_about, messages) if about)
    tasks = [task for task in world.stage.crm.tables.tasks if task.id not in world.tasks_before]
    written = Counter(task.external_key or task.id for task in tasks)
    doubled += [f"{key} was written {n} times" for key, n in written.items() if n != 1]
    doubled += [f"card of {about} is there {n} times" for about, n in cards.items() if n != 1]
    by_decision = Counter(e.id for e in escalations for key in written.elements() if key.startswith(e.id))
    other += [
        f"{e.id} is {e.state.value}, and its card says otherwise" for e in escalations if _lies(e, messages)
    ]
    undone = {e.id for e in escalations if e.state is EscalationState.UNDONE}
    lost += [f"{e} was to be undone and is not" for e in world.taken_back - undone]
    other += [f"{e} is undone and nobody asked" for e in undone - set(world.clicked)]
    executed = {e.id for e in escalations if e.state is EscalationState.EXECUTED}
    lost += [f"{e} is executed and not written" for e in executed if by_decision[e] == 0]
    doubled += [f"{e} is executed and written {by_decision[e]} times" for e in executed if by_decision[e] > 1]
    keys = {e.id for e in escalations}
    other += [f"{key} was written for no decision" for key in written if key.partition(":")[0] not in keys]
    astray = {e: n for e, n in by_decision.items() if e not in executed}
    other += [f"{e} is not executed and written {n} times" for e, n in astray.items()]
    other += [line for e in astray for line in _story_of(world, e)]
    shown = [e for e in escalations if e.state is not EscalationState.SUPERSEDED]
    lost += [f"{e.id} has no card" for e in shown if e.id not in cards]
    early = [e for e in escalations if e.state is EscalationState.EXPIRED]
    other += [f"{e.id} expired long before its time" for e in early]
    states = Counter(each.state.value for each in escalations)
    print(f"decisions: {dict(states)}; written: {len(written)}; cards: {len(cards)}")
    return lost, doubled, other


TITLES = {
    EscalationState.OPEN: "Decision needed: ",
    EscalationState.DEFERRED: "Put off: ",
    EscalationState.EXECUTED: "Done: ",
    EscalationState.UNDONE: "Undone: ",
}


def _lies(escalation: Any, messages: list[dict[str, Any]]) -> bool:
    """Say whether the card of *escalation* tells of another state than the one it is in."""
    title = TITLES.get(escalation.state, "")
    return any(_about(message) == escalation.id and not has(message, title) for message in messages)


def _story_of(world: World, decision: str) -> list[str]:
    """Return what became of the effects of a decision, for whoever has to find out what went wrong."""

    def look(connection: Connection) -> list[str]:
        effects = select(OUTBOX).where(OUTBOX.c.kind == "execute_action").order_by(OUTBOX.c.position)
        return [
            f"  {row.kind} {row.status}, attempt {row.attempts}, first {row.first_attempt_at}, "
            f"due {row.available_at}, finished {row.finished_at}, {row.last_error}"
            for row in connection.execute(effects)
            if decision.encode() in row.body
        ]

    return perform(world.database_url, look)


async def _everything_said(world: World) -> list[dict[str, Any]]:
    """Return every message of the channel, page by page."""
    said: list[dict[str, Any]] = []
    before = ""
    while True:
        query = {"as": OLIVIA, "channel": OLIVIAS, "limit": 200} | ({"before": before} if before else {})
        page = (await world.stage.http.get("/sim/history", params=query)).json()
        said = [*page["messages"], *said]
        if not page["has_more"]:
            return said
        before = said[0]["ts"]


def _of_what_arrived(world: World) -> tuple[list[str], list[str], list[str]]:
    rows = perform(
        world.database_url,
        lambda c: c.execute(select(INBOX.c.dedupe_key, INBOX.c.status, INBOX.c.last_error)).all(),
    )
    stored = Counter(row.dedupe_key for row in rows)
    must = [*world.sent, *world.thanked]
    lost = [f"{each} was acknowledged and is not there" for each in must if stored[each] == 0]
    doubled = [f"{each} is there {stored[each]} times" for each in must if stored[each] > 1]
    other = [f"inbox {r.dedupe_key} was set aside: {r.last_error}" for r in rows if r.status == "dead"]
    dead = perform(
        world.database_url,
        lambda c: c.execute(
            select(OUTBOX.c.kind, OUTBOX.c.last_error).where(OUTBOX.c.status == "dead")
        ).all(),
    )
    other += [f"outbox {row.kind} was set aside: {row.last_error}" for row in dead]
    return lost, doubled, other


def _about(message: dict[str, Any]) -> str:
    try:
        return escalation_of(message)
    except AssertionError:
        return ""
