"""The audit log: written with the fact, sealed in order, changed by nobody, erasable all the same."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from policy.donor import DonorMatch
from policy.money import Money
from storage.appending import AuditEntry
from storage.audit_records import AuditRecord
from storage.columns import microseconds
from storage.database import Database
from storage.errors import AuditPayloadError, StorageError
from storage.leaf import Envelope
from storage.merkle import KnownRoot
from storage.retention import Expiry
from storage.sealing import AuditHead
from storage.transaction import Transaction
from tests.storage.conftest import KEYS
from tests.storage.pauses import Meeting, Pause

NOW = datetime(2026, 11, 3, 9, 30, 0, 120000, tzinfo=UTC)
GENESIS = "00" * 32


def entry(number: int, *, subject: str | None = "donor_1", **changes: Any) -> AuditEntry:
    values: dict[str, Any] = {
        "id": f"aud_{number:03}",
        "at": NOW + timedelta(seconds=number),
        "kind": "escalation.approved",
        "correlation_id": f"cor_{number % 2}",
        "subject": subject,
        "actor": "slack:U1",
        "payload": {"name": "Ágnes Example", "amount": 2500000, "n": number},
    }
    return AuditEntry(**(values | changes))


async def append(database: Database, *entries: AuditEntry) -> None:
    def work(transaction: Transaction) -> None:
        for one in entries:
            transaction.audit.append(one)

    await database.write(work)


async def seal(database: Database, limit: int = 1000) -> int:
    return await database.write(lambda t: t.audit.seal(limit))


def root_of_all(transaction: Transaction) -> KnownRoot:
    """What a checkpoint signed now would say of the log."""
    tree = transaction.checkpoints.tree
    return KnownRoot(tree.size(), tree.root(tree.size()))


async def rows(database: Database, query: str) -> list[Any]:
    return await database.read(lambda t: list(t.audit._connection.execute(text(query)).mappings()))


async def test_entries_are_read_back_as_they_were_written(database: Database) -> None:
    match = DonorMatch(id="donor_2", name="Jane Doe")
    await append(
        database,
        entry(1),
        entry(2, subject="donor_2", payload=match, kind="summary.generated"),
        entry(3, subject=None, actor="system"),
        entry(4),
    )
    await seal(database)
    log = {
        record.id: record
        for record in await database.read(lambda t: t.audit.between(NOW, NOW + timedelta(1)))
    }
    head = await database.read(lambda t: t.audit.head())
    assert log["aud_002"] == AuditRecord(
        id="aud_002",
        at=NOW + timedelta(seconds=2),
        kind="summary.generated",
        correlation_id="cor_0",
        subject="donor_2",
        actor="slack:U1",
        payload={"id": "donor_2", "name": "Jane Doe", "city": None, "email": None, "owner_id": None},
        seq=2,
        hash=log["aud_002"].hash,
    )
    assert [(record.seq, record.subject) for record in log.values()] == [
        (1, "donor_1"),
        (2, "donor_2"),
        (3, None),
        (4, "donor_1"),
    ]
    assert head == AuditHead(4, log["aud_004"].hash or "")
    assert await database.read(lambda t: t.audit.get("aud_002")) == log["aud_002"]
    assert await database.read(lambda t: t.audit.get("aud_009")) is None
    assert await database.read(lambda t: t.audit.trace("donor_1")) == [log["aud_001"], log["aud_004"]]
    assert await database.read(lambda t: t.audit.trace("donor_9")) == []
    by_correlation = await database.read(lambda t: t.audit.by_correlation("cor_1"))
    assert by_correlation == [log["aud_001"], log["aud_003"]]
    period = NOW + timedelta(seconds=2), NOW + timedelta(seconds=4)
    assert await database.read(lambda t: t.audit.between(*period)) == [log["aud_002"], log["aud_003"]]
    kinds = ["summary.generated"]
    assert await database.read(lambda t: t.audit.between(*period, kinds)) == [log["aud_002"]]


async def test_the_chain_can_be_recomputed_by_hand(database: Database) -> None:
    await append(database, *(entry(n) for n in range(5)))
    await seal(database)
    previous = bytes(32)
    stored = await rows(database, "SELECT * FROM audit_log ORDER BY seq")
    for number, row in enumerate(stored, start=1):
        leaf_hash = hashlib.sha256(b"\x00" + bytes(row["leaf"])).digest()
        linked = hashlib.sha256(previous + leaf_hash).digest()
        found = tuple(bytes(row[name]) for name in ("leaf_hash", "prev_hash", "hash"))
        assert (row["seq"], *found) == (number, leaf_hash, previous, linked)
        previous = linked
    assert previous.hex() == (await database.read(lambda t: t.audit.head())).hash


async def test_a_leaf_says_nothing_of_the_donor(database: Database) -> None:
    await append(database, entry(1))
    (stored,) = await rows(database, "SELECT leaf, subject_ref, commitment FROM audit_log")
    (subject,) = await rows(database, "SELECT * FROM audit_subjects")
    leaf = json.loads(bytes(stored["leaf"]))
    assert leaf == {
        "v": 2,
        "id": "aud_001",
        "at": "2026-11-03T09:30:01.120000Z",
        "kind": "escalation.approved",
        "correlation_id": "cor_1",
        "subject_ref": subject["subject_ref"],
        "actor": "slack:U1",
        "commitment": stored["commitment"],
    }
    assert subject["donor_id"] == "donor_1"
    assert (len(bytes(subject["key"])), subject["master_id"]) == (12 + 32 + 16, KEYS.current_id)
    assert "donor_1" not in subject["subject_ref"]


async def test_equal_payloads_of_two_donors_do_not_look_alike(database: Database) -> None:
    await append(database, entry(1, payload={}), entry(2, payload={}, subject="donor_2"))
    stored = await rows(database, "SELECT DISTINCT commitment, subject_ref FROM audit_log")
    assert len({row["commitment"] for row in stored}) == len({row["subject_ref"] for row in stored}) == 2


@pytest.mark.parametrize(
    "payload",
    [{"amount": 12.5}, {"deep": [{"x": float("nan")}]}, {"n": 2**60}, {"raw": b"secret"}, {1: "secret"}],
)
async def test_a_payload_is_plain_data_without_floats(database: Database, payload: dict[str, Any]) -> None:
    with pytest.raises(AuditPayloadError) as caught:
        await append(database, entry(1, payload=payload))
    assert "secret" not in repr(caught.value)
    assert caught.value.__context__ is None
    assert await rows(database, "SELECT id FROM audit_log") == []


async def test_money_goes_into_a_payload_as_it_is(database: Database) -> None:
    await append(database, entry(1, payload=Money(minor=2500000, currency="USD")))
    (record,) = await database.read(lambda t: t.audit.trace("donor_1"))
    assert record.payload == {"minor": 2500000, "currency": "USD"}


async def test_an_entry_of_a_failed_transaction_never_happened(database: Database) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.audit.append(entry(1))
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(fail)
    await append(database, entry(2))
    await seal(database)
    assert [row["id"] for row in await rows(database, "SELECT id FROM audit_log")] == ["aud_002"]
    assert (await database.read(lambda t: t.audit.verify())).ok


async def test_sqlite_seals_in_the_same_commit(sqlite_url: str) -> None:
    database = Database.open(sqlite_url, keys=KEYS)
    await asyncio.gather(*(append(database, entry(n)) for n in range(30)))
    report = await database.read(lambda t: t.audit.verify())
    assert (report.ok, report.entries, report.unsealed) == (True, 30, 0)
    await database.close()


@pytest.mark.postgres
async def test_postgresql_is_sealed_by_one_sealer_in_pages(postgres_url: str) -> None:
    database = Database.open(postgres_url, keys=KEYS)
    await asyncio.gather(*(append(database, entry(n)) for n in range(30)))
    unsealed = await database.read(lambda t: t.audit.verify())
    assert (unsealed.ok, unsealed.entries, unsealed.unsealed) == (True, 0, 30)
    (sealed,) = [await seal(database, 20)]
    holding = Pause()

    def seal_slowly(transaction: Transaction) -> int:
        count = transaction.audit.seal(5)
        holding.here()
        return count

    slow = asyncio.ensure_future(database.write(seal_slowly))
    await holding.reached()
    second = await seal(database)
    holding.go_on()
    assert (sealed, second, await slow, await seal(database), await seal(database)) == (20, 0, 5, 5, 0)
    report = await database.read(lambda t: t.audit.verify())
    assert (report.ok, report.entries, report.unsealed) == (True, 30, 0)
    await database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_log",
        "UPDATE audit_log SET actor = 'crm'",
        "UPDATE audit_log SET seq = 9",
        "UPDATE audit_log SET seq = NULL, hash = NULL, prev_hash = NULL",
        "UPDATE audit_log SET leaf = leaf",
    ],
)
async def test_the_database_refuses_to_change_history(database: Database, statement: str) -> None:
    await append(database, entry(1))
    await seal(database)
    with pytest.raises(StorageError):
        await database.write(lambda t: t.audit._connection.execute(text(statement)))
    assert (await database.read(lambda t: t.audit.verify())).entries == 1


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement", ["TRUNCATE audit_log CASCADE", "DELETE FROM audit_log", "UPDATE audit_log SET actor = 'crm'"]
)
async def test_postgresql_refuses_it_of_unsealed_entries_too(postgres_url: str, statement: str) -> None:
    database = Database.open(postgres_url, keys=KEYS)
    await append(database, entry(1))
    with pytest.raises(StorageError):
        await database.write(lambda t: t.audit._connection.execute(text(statement)))
    assert len(await rows(database, "SELECT id FROM audit_log")) == 1
    await database.close()


Statements = list[str]


def swap_places(database: Database) -> Statements:
    """Exchange the numbers of the third and the fourth entry."""
    return [
        "UPDATE audit_log SET seq = -3 WHERE seq = 3",
        "UPDATE audit_log SET seq = 3 WHERE seq = 4",
        "UPDATE audit_log SET seq = 4 WHERE seq = -3",
    ]


def delete_and_close_the_gap(database: Database) -> Statements:
    """Delete the third entry with its payload and renumber those behind it."""
    return [
        "DELETE FROM audit_payloads WHERE entry_id = 'aud_003'",
        "DELETE FROM audit_log WHERE seq = 3",
        "UPDATE audit_log SET seq = -seq WHERE seq > 3",
        "UPDATE audit_log SET seq = -seq - 1 WHERE seq < 0",
    ]


def flip_a_byte(column: str, table: str = "audit_log") -> Callable[[Database], Statements]:
    """Change the last byte of a binary column of the third entry."""

    def statements(database: Database) -> Statements:
        other = "CASE substr({0}, length({0})) WHEN x'00' THEN x'01' ELSE x'00' END"
        flipped = f"CAST(substr({{0}}, 1, length({{0}}) - 1) || {other} AS BLOB)"
        if not database.is_sqlite:
            flipped = "set_byte({0}, length({0}) - 1, get_byte({0}, length({0}) - 1) # 1)"
        key = "id" if table == "audit_log" else "entry_id"
        return [f"UPDATE {table} SET {column} = {flipped.format(column)} WHERE {key} = 'aud_003'"]

    return statements


def simply(*statements: str) -> Callable[[Database], Statements]:
    return lambda _: list(statements)


FORGE = """INSERT INTO audit_log
    (id, at, kind, correlation_id, actor, commitment, leaf, leaf_hash, seq, prev_hash, hash) """


def put_third(row: str) -> Statements:
    """Number *row* as the third entry and those behind it one higher."""
    make_room = "UPDATE audit_log SET seq = -seq WHERE seq > 2"
    return [make_room, FORGE + row, "UPDATE audit_log SET seq = 1 - seq WHERE seq < 0"]


def insert_carelessly(_: Database) -> Statements:
    """Put a copy of another entry before the third."""
    return put_third(
        """SELECT 'forged', at, kind, correlation_id, actor, commitment, leaf, leaf_hash, 3, leaf_hash,
        leaf_hash FROM audit_log WHERE seq = 2"""
    )


def insert_carefully(database: Database, previous: bytes) -> Statements:
    """Put a forged entry before the third that is right in itself and follows the second."""
    forged = Envelope(
        id="forged", at=NOW, kind="x", correlation_id="c", subject_ref=None, actor="crm", commitment="00"
    )
    leaf = forged.leaf()
    hashed = hashlib.sha256(b"\x00" + leaf).digest()
    linked = hashlib.sha256(previous + hashed).digest()
    spell = "x'{}'" if database.is_sqlite else "decode('{}', 'hex')"
    at = str(microseconds(NOW)) if database.is_sqlite else f"'{NOW.isoformat()}'"
    spelled = [spell.format(part.hex()) for part in (leaf, hashed, previous, linked)]
    entry, its_hash, *links = spelled
    return put_third(
        f"VALUES ('forged', {at}, 'x', 'c', 'crm', '00', {entry}, {its_hash}, 3, {', '.join(links)})"
    )


TAMPERING: dict[str, tuple[Callable[[Database], Statements], tuple[int, str]]] = {
    "a byte of the leaf": (flip_a_byte("leaf"), (3, "changed")),
    "a byte of the leaf hash": (flip_a_byte("leaf_hash"), (3, "changed")),
    "a byte of the hash": (flip_a_byte("hash"), (3, "changed")),
    "a byte of the previous hash": (flip_a_byte("prev_hash"), (3, "changed")),
    "a byte of the payload": (flip_a_byte("payload", "audit_payloads"), (3, "payload changed")),
    "the actor": (simply("UPDATE audit_log SET actor = 'crm' WHERE seq = 3"), (3, "changed")),
    "the kind": (simply("UPDATE audit_log SET kind = 'x' WHERE seq = 3"), (3, "changed")),
    "the subject": (simply("UPDATE audit_log SET subject_ref = NULL WHERE seq = 3"), (3, "changed")),
    "the donor's key": (
        simply("UPDATE audit_subjects SET key = leaf_hash FROM audit_log"),
        (1, "payload changed"),
    ),
    "the order": (swap_places, (3, "reordered")),
    "a deleted entry": (
        simply(
            "DELETE FROM audit_payloads WHERE entry_id = 'aud_003'", "DELETE FROM audit_log WHERE seq = 3"
        ),
        (3, "deleted"),
    ),
    "a deleted entry, renumbered": (delete_and_close_the_gap, (3, "deleted")),
    "a deleted beginning": (
        simply(
            "DELETE FROM audit_payloads WHERE entry_id = 'aud_001'", "DELETE FROM audit_log WHERE seq = 1"
        ),
        (1, "deleted"),
    ),
    "a deleted end": (
        simply(
            "DELETE FROM audit_payloads WHERE entry_id = 'aud_006'", "DELETE FROM audit_log WHERE seq = 6"
        ),
        (6, "truncated"),
    ),
    "a deleted payload": (
        simply("DELETE FROM audit_payloads WHERE entry_id = 'aud_003'"),
        (3, "payload missing"),
    ),
    "payloads of two entries exchanged": (
        simply(
            "UPDATE audit_payloads SET payload = (SELECT p.payload FROM audit_payloads p "
            "WHERE p.entry_id = 'aud_005') WHERE entry_id = 'aud_003'",
        ),
        (3, "payload changed"),
    ),
    "the key of another donor": (
        simply(
            "UPDATE audit_subjects SET key = (SELECT s.key FROM audit_subjects s "
            "WHERE s.donor_id = '@nobody') WHERE donor_id = 'donor_1'"
        ),
        (1, "payload changed"),
    ),
    "a donor's reference": (
        simply("UPDATE audit_subjects SET subject_ref = 'aa' WHERE donor_id = 'donor_1'"),
        (1, "payload changed"),
    ),
    "a payload without its bytes": (
        simply("UPDATE audit_payloads SET alg = 'rot13' WHERE entry_id = 'aud_003'"),
        (3, "payload changed"),
    ),
    "a deleted payload about nobody": (
        simply("DELETE FROM audit_payloads WHERE entry_id = 'aud_005'"),
        (5, "payload missing"),
    ),
}


@pytest.mark.parametrize("how", TAMPERING)
async def test_tampering_is_found_where_it_happened(database: Database, how: str) -> None:
    await append(database, *(entry(n, subject=None if n == 5 else "donor_1") for n in range(1, 7)))
    await seal(database)
    root = await database.write(root_of_all)
    statements, first_bad = TAMPERING[how]
    await _as_the_owner_of_the_database(database, statements(database))
    report = await database.read(lambda t: t.audit.verify(roots=[root]))
    assert (report.ok, report.first_bad, report.entries) == (False, first_bad, first_bad[0] - 1)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        "at = 'yesterday'",
        "actor = CAST(x'ff00fe' AS TEXT)",
        "actor = x'00'",
        "kind = 'a\"b'",
        "kind = CAST(kind AS BLOB)",
        "commitment = CAST(commitment AS BLOB)",
        "at = at + 0.25",
        "at = 9000000000000000000",
        "leaf = CAST(leaf AS TEXT)",
        "leaf_hash = 'x'",
        "prev_hash = 'x'",
        "hash = 1",
    ],
)
async def test_what_is_no_value_of_ours_at_all_is_a_change_too(
    sqlite_url: str, change: str, whole: bool
) -> None:
    database = Database.open(sqlite_url, keys=KEYS)
    await append(database, *(entry(n) for n in range(1, 5)))
    await _as_the_owner_of_the_database(database, [f"UPDATE audit_log SET {change} WHERE seq = 3"])
    report = await database.read(lambda t: t.audit.verify(payloads=whole))
    assert (report.ok, report.first_bad) == (False, (3, "changed"))
    await database.close()


@pytest.mark.parametrize("careful", [True, False])
async def test_an_inserted_entry_is_found(database: Database, careful: bool) -> None:
    await append(database, *(entry(n) for n in range(1, 7)))
    await seal(database)
    [(second,)] = [
        tuple(r.values()) for r in await rows(database, "SELECT hash FROM audit_log WHERE seq = 2")
    ]
    forged = insert_carefully(database, bytes(second)) if careful else insert_carelessly(database)
    await _as_the_owner_of_the_database(database, forged)
    report = await database.read(lambda t: t.audit.verify(payloads=False))
    assert (report.ok, report.first_bad, report.entries) == (False, (3, "inserted"), 2)


async def _as_the_owner_of_the_database(database: Database, statements: Statements) -> None:
    unguarded = ["DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"]
    if not database.is_sqlite:
        unguarded = ["SET LOCAL session_replication_role = replica"]

    def tamper(transaction: Transaction) -> None:
        for statement in (*unguarded, *statements):
            transaction.audit._connection.execute(text(statement))

    await database.write(tamper)


@pytest.mark.postgres
async def test_a_deleted_end_is_seen_by_its_orphaned_payload_too(postgres_url: str) -> None:
    database = Database.open(postgres_url, keys=KEYS)
    await append(database, entry(1), entry(2))
    await seal(database)
    await _as_the_owner_of_the_database(database, ["DELETE FROM audit_log WHERE seq = 2"])
    report = await database.read(lambda t: t.audit.verify())
    assert (report.ok, report.first_bad) == (False, (2, "truncated"))
    await database.close()


async def test_an_unsealed_entry_that_was_changed_is_found(database: Database) -> None:
    await append(database, entry(1))
    unsealed = "UPDATE audit_log SET seq = NULL, hash = NULL, prev_hash = NULL, actor = 'crm'"
    await _as_the_owner_of_the_database(database, [unsealed])
    report = await database.read(lambda t: t.audit.verify())
    assert (report.ok, report.unsealed, report.first_bad) == (False, 1, (0, "changed"))


async def test_progress_is_told_page_by_page(sqlite_url: str) -> None:
    database = Database.open(sqlite_url, keys=KEYS)

    def many(transaction: Transaction) -> None:
        for number in range(1001):
            transaction.audit.append(entry(number, payload={}))

    await database.write(many)
    heard: list[int] = []
    report = await database.read(lambda t: t.audit.verify(heard.append))
    assert (report.ok, report.entries, heard) == (True, 1001, [512, 1001])
    await database.close()


async def test_an_empty_log_is_right(database: Database) -> None:
    report = await database.read(lambda t: t.audit.verify())
    assert (report.ok, report.entries, report.head) == (True, 0, AuditHead(0, GENESIS))


def erase(transaction: Transaction) -> int:
    """Erase donor_1 as the product does: with the entry that says so."""
    erased = transaction.audit.erase("donor_1")
    assert erased is not None
    said = {"subject_ref": erased.ref}
    transaction.audit.append(entry(90, subject=None, kind="donor.erased", payload=said))
    return erased.payloads


async def test_an_erased_donor_leaves_a_log_that_still_verifies(database: Database) -> None:
    await append(database, entry(1), entry(2, subject="donor_2"), entry(3))
    await seal(database)
    before = await database.write(root_of_all)
    assert await database.write(erase) == 2
    await seal(database)
    report = await database.read(lambda t: t.audit.verify(roots=[before]))
    assert (report.ok, report.entries, report.erased) == (True, 4, 2)
    assert await database.read(lambda t: t.audit.trace("donor_1")) == []
    (first, _, third, _) = await database.read(lambda t: t.audit.between(NOW, NOW + timedelta(days=1)))
    assert [(r.id, r.subject, r.payload) for r in (first, third)] == [
        ("aud_001", None, None),
        ("aud_003", None, None),
    ]
    await append(database, entry(4))
    assert len(await database.read(lambda t: t.audit.trace("donor_1"))) == 1
    assert await database.write(lambda t: t.audit.erase("donor_9")) is None
    over = Expiry(kinds=("donor.*",), but=(), before=NOW + timedelta(days=1))
    assert await database.write(lambda t: t.retention.remove([over], [])) == 0, "it explains the gap"


async def test_an_erasure_that_nobody_recorded_is_found(database: Database) -> None:
    await append(database, entry(1), entry(2, subject="donor_2"), entry(3))
    await seal(database)
    await database.write(lambda t: t.audit.erase("donor_1"))
    report = await database.read(lambda t: t.audit.verify())
    assert (report.ok, report.first_bad) == (False, (1, "payload missing"))


@pytest.mark.postgres
async def test_two_replicas_meeting_a_donor_at_once_share_one_reference(postgres_url: str) -> None:
    replicas = [Database.open(postgres_url, keys=KEYS) for _ in range(6)]
    together = Meeting(6)

    def work(number: int) -> Callable[[Transaction], None]:
        def meet(transaction: Transaction) -> None:
            together.here()
            transaction.audit.append(entry(number))

        return meet

    await asyncio.gather(*(replica.write(work(number)) for number, replica in enumerate(replicas)))
    assert len(await rows(replicas[0], "SELECT DISTINCT subject_ref FROM audit_log")) == 1
    await seal(replicas[0])
    assert (await replicas[0].read(lambda t: t.audit.verify())).ok
    for replica in replicas:
        await replica.close()
