"""`countersign inbox`: what could not be handled, why, and trying it again."""

from __future__ import annotations

import argparse
import asyncio
import json

from bot.cli.opening import CannotOpen, opened
from bot.cli.running import complain
from bot.clock import SystemClock
from storage.database import Database
from storage.transaction import Transaction

MOST = 200


def run(options: argparse.Namespace) -> int:
    """List dead letters of both queues, or give one back to its queue."""
    if options.what == "retry" and not options.id:
        return complain("Say which one: countersign inbox retry ID (countersign inbox list shows them).")
    return asyncio.run(_answer(options))


async def _answer(options: argparse.Namespace) -> int:
    try:
        async with opened(options.database) as database:
            if options.what == "list":
                return await _list(database, as_json=options.json)
            return await _retry(database, options.id)
    except CannotOpen as problem:
        return complain(str(problem))


async def _list(database: Database, *, as_json: bool) -> int:
    dead = await database.read(lambda tx: [*_dead("inbox", tx), *_dead("outbox", tx)])
    if as_json:
        print(json.dumps(dead, indent=2))
    elif not dead:
        print("Nothing was set aside: everything that arrived was handled.")
    else:
        for each in dead:
            what = f"{each['queue']:<6}  {each['kind']:<20}"
            print(f"{each['id']}  {what}  {each['error']}  {each['received_at']}")
    return 0


def _dead(name: str, tx: Transaction) -> list[dict[str, str | int]]:
    queue = tx.inbox if name == "inbox" else tx.outbox
    return [
        {
            "id": item.id,
            "queue": name,
            "kind": item.kind,
            "attempts": item.attempts,
            "error": item.last_error or "",
            "received_at": item.received_at.isoformat(timespec="seconds"),
        }
        for item in queue.list_dead(MOST)
    ]


async def _retry(database: Database, item_id: str) -> int:
    now = SystemClock().now()
    revived = await database.write(lambda tx: tx.inbox.revive(item_id, now) or tx.outbox.revive(item_id, now))
    if not revived:
        return complain(f"There is no dead letter {item_id}.")
    print(f"{item_id} is back in its queue and will be tried again.")
    return 0
