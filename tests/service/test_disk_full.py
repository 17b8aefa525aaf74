"""A full disk: what cannot be stored is refused, what was acknowledged is there, and it goes on later."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.databases import fresh_sqlite
from tests.patience import PATIENCE_S

PROGRAM = """
import asyncio, json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from storage.database import Database
from storage.errors import UnavailableError
from storage.queue import Received

path = Path(sys.argv[1])

def received(n):
    now = datetime.now(UTC)
    return Received(id=f"i{n}", source="crm", dedupe_key=str(n), kind="k", entity_key=None, body=b"x" * 4000,
                    correlation_id="c", received_at=now)

async def store(database, numbers):
    done = await asyncio.gather(
        *(database.write(lambda tx, n=n: tx.inbox.accept(received(n))) for n in numbers),
        return_exceptions=True,
    )
    assert all(each is True or isinstance(each, UnavailableError) for each in done), done
    return [n for n, each in zip(numbers, done) if each is True]

async def main():
    database = Database.open(f"sqlite:///{path}")
    kept = await store(database, range(10))
    room = path.with_name(path.name + "-wal").stat().st_size + 60_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    refused = 0
    for begin in range(10, 110, 10):
        numbers = range(begin, begin + 10)
        now_kept = await store(database, numbers)
        refused += len(numbers) - len(now_kept)
        kept += now_kept
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    kept += await store(database, range(200, 210))
    await database.close()
    print(json.dumps({"kept": kept, "refused": refused}))

asyncio.run(main())
"""


def test_nothing_acknowledged_is_lost_when_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "countersign.db"
    fresh_sqlite(path)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["refused"] > 0, "the disk was full"
    assert told["kept"][-10:] == list(range(200, 210)), "and went on when there was room again"
    connection = sqlite3.connect(path)
    stored = [int(row[0]) for row in connection.execute("SELECT dedupe_key FROM inbox")]
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert sorted(stored) == sorted(told["kept"])
