"""Going through very many audit entries in batches, with where their decisions stand."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from handlers.record.recorded_decisions import Page
from policy.fact_row import row_form
from policy.recorded import NotReplayable, Replayable
from storage.database import Database
from storage.keys import KeyRing
from storage.migrate import current
from storage.retention import Expiry
from storage.schema import AUDIT_EXCERPTS, HEAD
from storage.transaction import Transaction
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


KINDS = ("recommendation.decided",)


def decided(tx: Transaction, **how: Any) -> list[Replayable | NotReplayable]:
    return Page(tx.audit.page(KINDS, limit=9, **how), {}).decisions()


def kept(tx: Transaction) -> int:
    return tx.audit.connection.execute(select(func.count()).select_from(AUDIT_EXCERPTS)).scalar_one()


async def test_an_excerpt_says_what_the_payload_says_and_goes_with_it(tmp_path) -> None:
    decisions = [
        {"donor": "d0", "donor.tags": ["a", "b"], "action.amount": 12_345, "action.currency": "USD"},
        {"donor": "d1", "cal.in_blackout": True, "cal.blackout_ends_at": "2026-12-24T00:00:00Z"},
        {"donor": "d2", "old": True},
        {"donor": "d3"},
    ]
    url = await asyncio.to_thread(database_of, tmp_path, decisions)
    database = Database.open(url)
    try:
        whole, short, other = await database.read(
            lambda tx: [decided(tx), decided(tx, excerpts=row_form()), decided(tx, excerpts="another form")]
        )
        assert whole == short == other
        assert [type(each) for each in whole] == [Replayable] * 4
        page = await database.read(lambda tx: tx.audit.page(KINDS, limit=9, excerpts=row_form()))
        assert [each.is_excerpt for each in page] == [True, True, False, True]
        assert await database.read(kept) == 3
        await database.write(lambda tx: tx.audit.erase("d0"))
        assert await database.read(kept) == 2, "erased with the donor"
        over = Expiry(KINDS, (), START + timedelta(hours=2))
        assert await database.write(lambda tx: tx.retention.remove([over], ())) == 1
        assert await database.read(kept) == 1, "its time is over as well"
        short = await database.read(lambda tx: decided(tx, excerpts=row_form()))
        assert [getattr(each, "why", "") for each in short] == ["erased", "erased", "", ""]
    finally:
        await database.close()


async def test_excerpts_are_encrypted_like_payloads(tmp_path) -> None:
    url = await asyncio.to_thread(database_of, tmp_path, [{"donor": "d0"}, {"donor": "d1"}])
    keyed = Database.open(url, keys=KeyRing(bytes(32)))
    try:
        await keyed.write(lambda tx: tx.keys.adopt())
        before = await keyed.read(decided)
        assert await keyed.write(lambda tx: tx.keys.encrypt_payloads(9)) == 2
        assert await keyed.read(kept) == 0, "none is left in clear"
        assert await keyed.read(lambda tx: decided(tx, excerpts=row_form())) == before
    finally:
        await keyed.close()


async def test_looking_at_the_schema_lets_go_of_no_lock(tmp_path) -> None:
    """Another process that comes and goes must not take the write-ahead log away from the one that runs."""
    url = await asyncio.to_thread(database_of, tmp_path, [{}])
    database = Database.open(url)
    try:
        now = START + timedelta(days=1)
        await database.write(lambda tx: tx.settings.put("here", 1, now))
        assert await asyncio.to_thread(current, url) == HEAD
        path = url.removeprefix("sqlite:///")
        touch = (
            "import sqlite3,sys;c=sqlite3.connect(sys.argv[1]);c.execute('SELECT * FROM pauses');c.close()"
        )
        done = await asyncio.create_subprocess_exec(sys.executable, "-c", touch, path)
        assert await done.wait() == 0
        assert Path(f"{path}-wal").exists()
    finally:
        await database.close()
