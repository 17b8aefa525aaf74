"""A process that accepts events as fast as it can and says which are durable, until somebody kills it."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from storage.database import Database
from storage.queue import Received

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


async def accept(database: Database, name: str) -> None:
    received = Received(
        id=name,
        source="crm",
        dedupe_key=name,
        kind="k",
        entity_key=None,
        body=b"x" * 600,
        correlation_id="c",
        received_at=NOW,
    )
    await database.write(lambda transaction: transaction.inbox.accept(received))
    sys.stdout.write(f"{name}\n")
    sys.stdout.flush()


async def accept_for_ever(database: Database, sender: int) -> None:
    number = 0
    while True:
        await accept(database, f"{sender}-{number}")
        number += 1


async def main(url: str) -> None:
    database = Database.open(url)
    await asyncio.gather(*(accept_for_ever(database, sender) for sender in range(16)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
