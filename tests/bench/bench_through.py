"""A nightly import through to its cards: the real service, while people ask and press all the time.

The events come at once; what they lead to takes its time. Measured is until the inbox is empty, or until the
time for it is over: then the part says how far the work came, and when it would be done.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import uvloop
from sqlalchemy import Connection, text

from bot.slack import ids
from tests.bench import payloads
from tests.bench.bench_loop import FIONA, FUNDRAISING, Frame, Page, page
from tests.bench.databases import POSTGRESQL, fresh
from tests.bench.load import closed_loop
from tests.bench.report import Spread, found, heading, line
from tests.bench.serving import ROOT
from tests.bench.world import World, open_world
from tests.databases import perform

EVENTS = 3_000
SENDERS = 8
AT_ONCE = 2_000
DONORS = 300
NEW_GIFTS = 300
AT_REST = 12
PAUSE_S = 0.5
HOURLY, DAILY = 60_000, 90_000
"""Budgets for the model, in millionths: some dozens of questions, which any import would use up."""
AT_ONE_TIME = 8
OLIVIA, OLIVIAS = "U0OLIVIA0", "C0OLIVIA0"
MOST_CARDS = 3 * 8
ANSWER_P99_MS, PRESS_P99_MS = 5_000.0, 3_000.0
PRICES = {"sandbox-model": {"input_per_million": "1", "output_per_million": "4"}}


@dataclass
class Waited:
    """How long people waited, in seconds: for a summary, and for what a press on a card shows."""

    summaries: list[float] = field(default_factory=list)
    presses: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Import:
    """How an import went: *taken_s* at the door, *worked_s* from its beginning until it was worked off."""

    before: Waited
    meanwhile: Waited
    taken_s: float
    worked_s: float
    memory_before: float
    memory_mb: float
    status: dict[str, Any]


def through(database: str, redis_url: str | None, events: int, seconds: float) -> None:
    """Measure an import of *events* on one kind of database, for so many seconds at most, and report."""
    heading(f"Import on {database} through to cards: {events:,} events, of them {NEW_GIFTS} new gifts")
    settings = {
        "AI__MODEL": "sandbox-model",
        "AI__PRICES": json.dumps(PRICES),
        "AI__HOURLY_BUDGET": str(HOURLY / 1_000_000),
        "AI__DAILY_BUDGET": str(DAILY / 1_000_000),
    }
    with TemporaryDirectory() as directory, fresh(database) as url:
        is_shared = database == POSTGRESQL and redis_url
        with open_world(Path(directory), url, redis_url if is_shared else None, **settings) as world:
            went = uvloop.run(_import(world, url, events, seconds))
            _report(database, went, perform(url, _counted), events)


async def _import(world: World, url: str, events: int, seconds: float) -> Import:
    told = await asyncio.to_thread(_told, world, events)
    async with page(world.slack, FIONA) as asks, page(world.slack, OLIVIA) as decides:
        card = await _first_card(world, decides)
        before = Waited()
        await _live(asks, decides, card, before, lambda: len(before.summaries) >= AT_REST)
        memory, meanwhile, done = world.replicas[0].memory_mb, Waited(), asyncio.Event()
        living = asyncio.create_task(_live(asks, decides, card, meanwhile, done.is_set))
        began = time.perf_counter()
        for first in range(0, events, AT_ONCE):
            # Signed when they are sent: a signature is good for five minutes.
            some = [told(number) for number in range(first, min(first + AT_ONCE, events))]
            await closed_loop(world.replicas[0].port, some, clients=SENDERS, seconds=3600)
        taken = time.perf_counter() - began
        status = await asyncio.to_thread(_status, world)
        while time.perf_counter() - began < taken + seconds and await asyncio.to_thread(
            perform, url, _waiting
        ):
            await asyncio.sleep(1.0)
        worked = time.perf_counter() - began
        done.set()
        await living
        return Import(before, meanwhile, taken, worked, memory, world.replicas[0].memory_mb, status)


def _told(world: World, events: int) -> Callable[[int], bytes]:
    """Return what the CRM tells, signed when asked for: mails opened, records changed, some gifts."""
    donors = [donor["id"] for donor in world.crm_list("donors")][:DONORS]
    address = f"http://127.0.0.1:{world.crm.port}/crm/sim/happen"
    gifts = []
    with httpx2.Client(headers={"X-Sim": "1"}, timeout=30) as crm:
        for donor in donors[:NEW_GIFTS]:
            answer = crm.post(address, json={"what": "gift", "donor_id": donor})
            if answer.is_success:
                gifts.append((donor, answer.json()["record_id"]))
    apart = max(events // max(len(gifts), 1), 1)

    def told(number: int) -> bytes:
        turn, rest = divmod(number, apart)
        if rest == 0 and turn < len(gifts):
            donor, gift = gifts[turn]
            return payloads.event(number, "donation.received", donor, gift_id=gift)
        donor = donors[number % len(donors)]
        if number % 2:
            mail = f"interaction-{number % 500:05d}"
            return payloads.event(number, "email.opened", donor, interaction_id=mail)
        return payloads.event(number, "donor.updated", donor, actor="import")

    return told


async def _first_card(world: World, decides: Page) -> Frame:
    """Let a gift to Olivia's portfolio become a card, and return it."""
    owned = [donor["id"] for donor in world.crm_list("donors") if donor.get("owner_id") == "staff-olivia"]
    async with httpx2.AsyncClient(headers={"X-Sim": "1"}, timeout=30) as crm:
        address = f"http://127.0.0.1:{world.crm.port}/crm/sim/happen"
        wish = {"what": "gift", "donor_id": owned[-1], "amount_minor": 2_000_000}
        gift = (await crm.post(address, json=wish)).raise_for_status().json()["record_id"]
    event = payloads.event(-1, "donation.received", owned[-1], gift_id=gift)
    await closed_loop(world.replicas[0].port, [event], clients=1, seconds=60)
    shown = await decides.until(lambda name, frame: name.startswith("message") and ids.EVIDENCE in str(frame))
    return shown["message"]


async def _live(asks: Page, decides: Page, card: Frame, waited: Waited, is_over: Callable[[], bool]) -> None:
    """Ask for a summary and look at a card's evidence, again and again."""
    block = next(b for b in card["blocks"] if ids.EVIDENCE in str(b))
    action = {"block_id": block["block_id"], "action_id": ids.EVIDENCE}
    number = 0
    while not is_over():
        number += 1
        donor = f"donor-{100 + number % 60:04d}"
        command = {"as": FIONA, "channel": FUNDRAISING, "command": "/donor", "text": f"summary {donor}"}
        began = time.perf_counter()
        await asks.post("/sim/act/command", **command)
        await asks.until(
            lambda name, frame: name.startswith("message") and "Summary of" in frame["message"]["text"]
        )
        waited.summaries.append(time.perf_counter() - began)
        began = time.perf_counter()
        press = {"as": OLIVIA, "channel": OLIVIAS, "message_ts": card["ts"], "action": action}
        await decides.post("/sim/act/block", **press)
        opened = await decides.until(lambda name, _frame: name == "view_opened")
        await decides.until(lambda name, _frame: name == "view_updated")
        waited.presses.append(time.perf_counter() - began)
        await decides.post("/sim/act/view_close", **{"as": OLIVIA, "view_id": opened["view"]["id"]})
        await asyncio.sleep(PAUSE_S)


def _status(world: World) -> dict[str, Any]:
    """Return what `countersign status` says of the installation."""
    command = [sys.executable, "-m", "bot", "status", "--json"]
    asked = subprocess.run(command, cwd=ROOT, env=world.environment, capture_output=True, check=False)
    said: dict[str, Any] = json.loads(asked.stdout)
    return said


def _waiting(connection: Connection) -> int:
    query = "SELECT count(*) FROM inbox WHERE status IN ('ready', 'in_flight') AND kind = 'crm_event'"
    return int(connection.execute(text(query)).scalar_one())


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of the events: how many are *done*, and what each of them left in the audit."""

    done: int
    noted: int
    decided: int
    dead: int
    cards: dict[str, int]
    listed: int
    questions: int
    spent: int
    dearest: int
    spent_by_use: dict[str, int]


_OF_EVENTS = """
    SELECT (SELECT count(*) FROM inbox WHERE kind = 'crm_event' AND status = 'done'),
           (SELECT count(*) FROM audit_log WHERE kind = 'event.noted'),
           (SELECT count(*) FROM audit_log WHERE kind = 'recommendation.decided'),
           (SELECT count(*) FROM inbox WHERE status = 'dead')
               + (SELECT count(*) FROM outbox WHERE status = 'dead')
"""
_OF_MODEL = "SELECT count(*), coalesce(sum(cost_micros), 0), coalesce(max(cost_micros), 0) FROM model_calls"


def _counted(connection: Connection) -> Counted:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(text(query))]

    [(done, noted, decided, dead)] = rows(_OF_EVENTS)  # in one statement, since the work may go on
    [(questions, spent, dearest)] = rows(_OF_MODEL)
    shown = rows("SELECT shown, route, count(*) FROM escalations GROUP BY shown, route")
    by_use = rows('SELECT "use", sum(cost_micros) FROM model_calls GROUP BY "use"')
    return Counted(
        done=done,
        noted=noted,
        decided=decided,
        dead=dead,
        cards={route: count for how, route, count in shown if how == "card"},
        listed=sum(count for how, _, count in shown if how == "grouped"),
        questions=questions,
        spent=int(spent),
        dearest=int(dearest),
        spent_by_use={use: int(cost) for use, cost in by_use},
    )


def _report(database: str, went: Import, counted: Counted, events: int) -> None:
    rate, left = counted.done / went.worked_s, events + 1 - counted.done
    line("taken in", f"{events / went.taken_s:,.0f} events/s")
    line(
        "worked through",
        f"{counted.done:,} of {events + 1:,} in {went.worked_s:,.0f} s, {rate:.1f}/s",
        remark=f"the rest takes {left / rate / 60:,.0f} min" if left else "all",
    )
    inbox = next(queue for queue in went.status["queues"] if queue["name"] == "inbox")
    told = f"{inbox['due']:,} due, the oldest for {inbox['oldest_wait_s']:,.0f} s"
    line("  countersign status, once all were in", told)
    line("memory", f"{went.memory_before:.0f} -> {went.memory_mb:.0f} MB")
    _report_people(database, went)
    _report_cards(counted)
    limit = HOURLY + AT_ONE_TIME * counted.dearest
    by_use = ", ".join(f"{use} {cost / 1e6:.4f}" for use, cost in sorted(counted.spent_by_use.items()))
    line("the model's bill by use", by_use)
    found(
        f"  the model's bill on {database}, budget {HOURLY / 1e6:.2f} an hour",
        f"{counted.spent / 1e6:.4f} for {counted.questions} questions",
        target="budget, and what was under way",
        is_reached=counted.spent <= limit,
    )


def _report_people(database: str, went: Import) -> None:
    for what, before, meanwhile, most in (
        ("summary", went.before.summaries, went.meanwhile.summaries, ANSWER_P99_MS),
        ("evidence behind a card", went.before.presses, went.meanwhile.presses, PRESS_P99_MS),
    ):
        line(f"{what}, at rest", Spread.of(before))
        during = Spread.of(meanwhile)
        line(f"{what}, meanwhile", during)
        found(
            f"  {what} during an import on {database}, 99th percentile",
            f"{during.p99:,.0f} ms",
            target=f"< {most:,.0f} ms",
            is_reached=during.p99 < most,
        )


def _report_cards(counted: Counted) -> None:
    accounted = counted.noted + counted.decided
    found(
        "  events worked through, and entries that say what came of them",
        f"{counted.done:,} and {accounted:,}: {counted.decided:,} proposals, {counted.noted:,} need nothing",
        target="equal",
        is_reached=accounted == counted.done,
    )
    found("  set aside", str(counted.dead), target="0", is_reached=counted.dead == 0)
    by_channel = ", ".join(f"{route} {count}" for route, count in sorted(counted.cards.items()))
    line("cards", by_channel, remark=f"and {counted.listed:,} listed")
    most = max(counted.cards.values(), default=0)
    found(
        "  most cards in a channel, major gifts included",
        str(most),
        target=f"<= {MOST_CARDS}",
        is_reached=most <= MOST_CARDS,
    )
