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
LATER = ("action.undone", "undo.refused")
"""What the log says of the same person once more, when what they pressed for was done."""


async def miscounted(world: World) -> tuple[list[str], list[str]]:
    """Return what was lost on the way through the service, and what was done more often than it came."""
    found = await world.members[0].bot.read(_in_the_log)
    expected = perform(world.database_url, _in_the_queues)
    expected += Counter(_considered(each.partition(":")[2]) for each in world.sent)
    lost = [f"{what} is in the log {n} times too few" for what, n in (expected - found).items()]
    doubled = [f"{what} is in the log {n} times too often" for what, n in (found - expected).items()]
    return lost, doubled


def _considered(gift: str) -> str:
    return f"that {gift} was considered"


def _in_the_log(tx: Transaction) -> Counter[str]:
    """Return how often each gift was considered, how much Olivia did, and what was to go out."""
    found: Counter[str] = Counter()
    for kind in tx.audit.kinds():
        for entry in tx.audit.of_kind(kind):
            payload = entry.payload or {}
            if kind in CONSIDERED and payload["event"]:
                found[_considered(payload["event"]["record_id"])] += 1
            if kind not in LATER and entry.actor == f"slack:{OLIVIA}":
                found["what was pressed"] += 1
            found["what was published"] += kind in PUBLISHED
    return found


def _in_the_queues(connection: Connection) -> Counter[str]:
    """Return how many presses arrived, and how many events were to go out."""
    pressed = select(func.count()).where(INBOX.c.dedupe_key.startswith("click:"))
    published = select(func.count()).where(OUTBOX.c.kind == "publish_event")
    counts = {"what was pressed": pressed, "what was published": published}
    return Counter({what: connection.execute(query).scalar_one() for what, query in counts.items()})
