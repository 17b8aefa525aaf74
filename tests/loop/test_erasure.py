"""An erased donor is gone: from the files, from the write-ahead log, from a backup, and from Slack."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest
import redis
from sqlalchemy import Connection, make_url, text

from bot.cli.operator import arrival
from handlers.record.erase_donor import ErasureOrder, NotErased, erase_donor
from storage.erasure import ELSEWHERE, Erased
from storage.holds import LegalHold
from storage.merkle import KnownRoot
from storage.schema import INBOX, METADATA, OUTBOX
from storage.transaction import Transaction
from storage.vacuum import vacuum
from tests.databases import perform
from tests.loop.conftest import Loop, Open
from tests.loop.shown import text_of
from tests.loop.staging import FIONA, FUNDRAISING, JANE, OLIVIA, OLIVIAS, until

ORDER = ErasureOrder(JANE, "carmen.diaz@harbourlight.example", "cli:carmen", "she asked for it")
TRACES = ("Jane Doe", "jane.doe", JANE, "Jane", "Doe")


async def erased(loop: Loop, order: ErasureOrder = ORDER) -> Erased | NotErased:
    return await loop.runtime.context.database.write(lambda tx: erase_donor(tx, arrival(), order))


async def lived_through(loop: Loop) -> None:
    """Jane has a card approved, one open, summaries in several places, and a colleague's opinion."""
    card = await loop.card(amount_minor=250_000)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    await loop.card()
    await loop.stage.command(FIONA, FUNDRAISING, "summary jane doe")
    summary = await loop.stage.seen(FIONA, FUNDRAISING, "Summary of Jane Doe")
    await loop.stage.press(FIONA, FUNDRAISING, summary, "cs:share")
    direct = await loop.stage.direct(OLIVIA)
    await loop.stage.write(OLIVIA, direct, "timeline Jane Doe")
    await loop.stage.seen(FIONA, FUNDRAISING, "Jane Doe", f"<@{FIONA}>")
    await loop.stage.home(OLIVIA)
    await loop.stage.command(FIONA, FUNDRAISING, "summary Jane Do")
    await loop.card("donor-0017")
    await loop.settled()


async def lasting(loop: Loop, user: str, channel: str) -> list[str]:
    """What the bot said about Jane that does not go away by itself, as what only one person sees does."""
    messages = await loop.stage.history(user, channel)
    for message in tuple(messages):
        messages += await loop.stage.thread(user, channel, message["ts"])
    ours = [m for m in messages if m["user"] not in (OLIVIA, FIONA) and not m["is_ephemeral"]]
    return [text_of(m) for m in ours if "Jane Doe" in text_of(m)]


def found_in(data: bytes) -> set[str]:
    return {trace for trace in TRACES[:3] if re.search(rb"(?<![\w-])" + trace.encode() + rb"(?![\w-])", data)}


def files_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_nothing_is_left_of_an_erased_donor(loop: Loop, tmp_path: Path) -> None:
    await lived_through(loop)
    path = Path(make_url(loop.database_url).database or "")
    assert found_in(files_of(path)), "before, she is there"
    before = await loop.runtime.context.database.write(
        lambda tx: KnownRoot(size := tx.checkpoints.tree.size(), tx.checkpoints.tree.root(size))
    )
    places = [(OLIVIA, OLIVIAS), (FIONA, FUNDRAISING), (OLIVIA, await loop.stage.direct(OLIVIA))]
    said = [await lasting(loop, *place) for place in places]
    assert all(said), said

    done = await erased(loop)
    assert isinstance(done, Erased)
    assert done.payloads > 5
    assert {"escalations", "answers", "inbox", "card_places"} <= set(done.rows)
    for worker in loop.runtime.workers:
        worker._bell.ring(worker._lane.name)
    await loop.settled()

    assert await asyncio.to_thread(vacuum, loop.database_url)
    assert found_in(files_of(path)) == set()
    copy = tmp_path / "backup.db"
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    assert found_in(copy.read_bytes()) == set()

    assert [await lasting(loop, *place) for place in places] == [[]] * len(places)

    report = await loop.runtime.context.database.read(lambda tx: tx.audit.verify(roots=[before]))
    assert (report.ok, report.first_bad) == (True, None)
    assert report.erased == done.payloads
    [entry] = [e for e in await loop.entries() if e.kind == "donor.erased"]
    assert entry.payload is not None
    assert (entry.payload["name"], entry.payload["reason"]) == (ORDER.by, ORDER.reason)
    assert JANE not in str(entry.payload)
    await loop.card("donor-0021")
    await loop.settled()
    await loop.verified()


async def test_a_hold_or_a_write_under_way_stops_an_erasure(loop: Loop) -> None:
    database = loop.runtime.context.database
    nobody = await erased(loop)
    assert isinstance(nobody, NotErased)
    assert nobody.why == f"Nothing is stored about {JANE}. Check the id in the CRM."
    await loop.card()
    await loop.settled()
    hold = LegalHold(donor_id=JANE, reason="inquiry 12", placed_by="carmen", placed_at=loop.clock.now())
    await database.write(lambda tx: tx.holds.place(hold))
    held = await erased(loop)
    assert isinstance(held, NotErased)
    assert "under a legal hold" in held.why
    await database.write(lambda tx: tx.holds.release(JANE))

    def begun(connection: Connection) -> None:
        connection.execute(text("UPDATE escalations SET state = 'executing'"))

    perform(loop.database_url, begun)
    stopped = await erased(loop)
    assert isinstance(stopped, NotErased)
    assert "being written to the CRM" in stopped.why


async def test_others_who_only_share_a_part_of_the_name_keep_theirs(loop: Loop) -> None:
    await loop.card()
    await loop.card("donor-0017")
    await loop.settled()

    def add(tx: Transaction) -> None:
        tx.settings.put("kept", "donor-00011", loop.clock.now())

    database = loop.runtime.context.database
    await database.write(add)
    others = await database.read(lambda tx: tx.escalations.open_for_donor("donor-0017"))
    trace = await database.read(lambda tx: tx.audit.trace("donor-0017"))
    assert isinstance(await erased(loop), Erased)
    assert await database.read(lambda tx: tx.escalations.open_for_donor("donor-0017")) == others
    assert await database.read(lambda tx: tx.audit.trace("donor-0017")) == trace


@pytest.mark.postgres
@pytest.mark.redis
async def test_postgresql_and_redis_hold_nothing_of_an_erased_donor(
    open_loop: Open, postgres_url: str, redis_url: str
) -> None:
    loop = await open_loop(database_url=postgres_url, redis_url=redis_url)
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    await loop.card()
    await loop.stage.command(FIONA, FUNDRAISING, "summary jane doe")
    await loop.stage.seen(FIONA, FUNDRAISING, "Summary of Jane Doe")
    await loop.settled()
    ask(postgres_url, "ANALYZE")
    assert in_dump(postgres_url)
    assert in_files(postgres_url) in (None, set(TRACES[:3])), "before, she is there, also in the statistics"
    assert isinstance(await erased(loop), Erased)
    await loop.settled()
    assert await until(lambda: sealed(loop))
    # In a thread: the bot in this event loop must be able to end a transaction that holds a table.
    assert await asyncio.to_thread(vacuum, postgres_url)
    assert in_dump(postgres_url) == set()
    assert in_files(postgres_url) in (None, set())
    kept = in_redis(redis_url)
    assert b"countersign.action_executed" in kept, "what was published is there"
    assert found_in(kept) == set()
    await loop.verified()


def ask(url: str, statements: str) -> str:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["psql", "--no-align", "--tuples-only", "--quiet", "--command", statements, address]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def in_files(url: str) -> set[str] | None:
    """What the server's own files of this database hold, dead rows and statistics too; None elsewhere."""
    ask(url, "CHECKPOINT")
    named = ask(
        url,
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(oid) FROM pg_class "
        "WHERE relkind IN ('r', 'i', 't', 'm') AND pg_relation_filepath(oid) LIKE 'base/%'",
    )
    try:
        return found_in(b"\n".join(Path(each).read_bytes() for each in named.split()))
    except OSError:
        return None


def in_redis(url: str) -> bytes:
    """Every key with its value as Redis dumps it, and what is in the streams spelled out."""
    with redis.Redis.from_url(url) as client:
        keys = list(client.scan_iter("countersign:*"))
        dumped = [key + b"\n" + (client.dump(key) or b"") for key in keys]
        streams = [key for key in keys if client.type(key) == b"stream"]
        return b"\n".join([*dumped, *(repr(client.xrange(key)).encode() for key in streams)])


async def sealed(loop: Loop) -> bool:
    await loop.runtime.context.database.write(lambda tx: tx.audit.seal(1000))
    return True


def in_dump(url: str) -> set[str]:
    """What pg_dump shows, where bytes are spelled as hexadecimal digits."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run(["pg_dump", "--inserts", address], capture_output=True, check=True).stdout
    spelled = b"".join(
        bytes.fromhex(found.decode()) + b"\n" for found in re.findall(rb"\\x((?:[0-9a-f]{2})+)", dump)
    )
    return found_in(dump + b"\n" + spelled)


HOLD_NO_DONOR = {
    "audit_log": "references and commitments",
    "settings": "switches and times",
    "groupings": "a channel and a message",
    "absences": "staff who are away",
    "homes": "who opened the Home tab",
    "audit_tree": "hashes",
    "audit_checkpoints": "hashes and signatures",
    "signing_keys": "keys",
    "pauses": "capabilities",
    "policy_versions": "rules",
    "policy_proposals": "rules",
    "policy_shadow": "decisions without donors",
    "practice_answers": "made-up decisions",
    "drill_members": "who takes part",
    "drills": "made-up decisions",
    "interaction_groups": "what is counted together, without donors",
    "dashboard_sessions": "who looks at the dashboard",
    "model_calls": "tokens and cost",
    "checked_texts": "counts of sentences",
    "promotions": "models and prompts",
    "drift_alarms": "counts of decisions",
    "erasures_done": "ids of lines",
    "replicas": "processes and how they fare",
    "pulses": "how far staff trust the suggestions",
    "pulse_refusals": "staff who are not asked",
    "tallies": "counts by day, forgotten with every erasure that concerns them",
    "outcomes_counted": "what was counted last, forgotten with every erasure",
    "campaigns_counted": "campaigns and when they run",
}
"""Tables that need no erasing; one that names donors has a column donor_id or escalation_id."""


def test_every_table_is_erased_or_holds_no_donor() -> None:
    by_column = {
        table.name
        for table in METADATA.tables.values()
        if {"donor_id", "escalation_id"} & set(table.c.keys()) and table not in ELSEWHERE
    }
    by_hand = {
        INBOX.name,
        OUTBOX.name,
        "feedback",
        "audit_subjects",
        "audit_payloads",
        "audit_excerpts",
        "legal_holds",
        "occurrences",
    }
    assert by_column | by_hand | set(HOLD_NO_DONOR) == set(METADATA.tables)
    assert not (by_column | by_hand) & set(HOLD_NO_DONOR)
