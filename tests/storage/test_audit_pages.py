"""Going through very many audit entries in batches, with where their decisions stand."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from storage.database import Database
from tests.cli.recorded import START, database_of


async def test_pages_meet_without_gap_or_overlap(tmp_path) -> None:
    url = await asyncio.to_thread(database_of, tmp_path, [{"donor": f"d{n}"} for n in range(7)], ["d3"])
    database = Database.open(url)
    kinds = ("recommendation.decided",)
    try:
        seen, after = [], 0
        while page := await database.read(lambda tx, after=after: tx.audit.page(kinds, after=after, limit=3)):
            seen += page
            after = page[-1].position
        assert [(each.id, each.subject) for each in seen] == [
            (f"entry-{n}", None if n == 3 else f"d{n}") for n in range(7)
        ]
        assert [each.payload is None for each in seen] == [n == 3 for n in range(7)]
        since = START + timedelta(hours=5)
        late = await database.read(lambda tx: tx.audit.page(kinds, since=since, limit=9))
        assert [each.id for each in late] == ["entry-5", "entry-6"]
        counted = await database.read(lambda tx: (tx.audit.count(kinds), tx.audit.count(kinds, since)))
        assert counted == (7, 2)
        assert await database.read(lambda tx: tx.audit.page(("other.kind",), limit=9)) == []
    finally:
        await database.close()
