"""What log and queues say of each event, press and effect: once each, however often it came and was tried."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, func, select

from storage.schema import INBOX, OUTBOX
from storage.transaction import Transaction
from tests.databases import perform
from tests.faults.world import World
from tests.loop.staging import OLIVIA

CONSIDERED = ("recommendation.decided", "event.noted")
"""What an event leads to, whatever comes of it."""
PUBLISHED = ("escalation.opened", "action.executed", "action.undone")
"""What others are told of, with the same step that the log has."""
PRESS, PUBLICATION = "an entry of a press", "an event for others"
LATER = ("action.undone", "undo.refused")
"""What the log says of the same person once more, when what they pressed for was done."""


async def miscounted(world: World) -> tuple[list[str], list[str]]:
    """Return what was lost on the way through the service, and what was done more often than it came."""
    due, done = await world.members[0].bot.read(_in_the_log)
    pressed, published = perform(world.database_url, _in_the_queues)
    due += Counter({PRESS: pressed}) + Counter(_considered(each.partition(":")[2]) for each in world.sent)
    done += Counter({PUBLICATION: published})
    lost = [f"{what} is missing {n} times" for what, n in (due - done).items()]
    doubled = [f"{what} is there {n} times too often" for what, n in (done - due).items()]
    return lost, doubled


def _considered(gift: str) -> str:
    return f"an entry that {gift} was considered"


def _in_the_log(tx: Transaction) -> tuple[Counter[str], Counter[str]]:
    """Return what was to be published by the log, and how often it has each gift and each press."""
    due: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for kind in tx.audit.kinds():
        for entry in tx.audit.of_kind(kind):
            payload = entry.payload or {}
            if kind in CONSIDERED and payload["event"]:
                done[_considered(payload["event"]["record_id"])] += 1
            if kind not in LATER and entry.actor == f"slack:{OLIVIA}":
                done[PRESS] += 1
            if kind in PUBLISHED:
                due[PUBLICATION] += 1
    return due, done


def _in_the_queues(connection: Connection) -> tuple[int, int]:
    """Return how many presses arrived, and how many events went out."""
    pressed = select(func.count()).where(INBOX.c.dedupe_key.startswith("click:"))
    published = select(func.count()).where(OUTBOX.c.kind == "publish_event")
    return connection.execute(pressed).scalar_one(), connection.execute(published).scalar_one()
