"""A process that claims and finishes until nothing is left, and says what it finished and in which order."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from storage.database import Database

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


async def main(url: str, owner: str) -> None:
    database = Database.open(url)
    sys.stdin.readline()
    while (await database.read(lambda t: t.inbox.counts()))["done"] < int(sys.argv[3]):
        claimed = await database.write(
            lambda t: t.inbox.claim(owner=owner, now=NOW, lease=timedelta(minutes=5), limit=7)
        )
        for item in claimed:
            await database.write(lambda t, item=item: t.inbox.finish(item, NOW))
            sys.stdout.write(f"{item.id}\n")
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
