"""Payloads are encrypted with a key per donor; old ones stay readable, and keys can be replaced."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, make_url, text

import storage
from policy.canonical import canonical_json
from storage.appending import AuditEntry
from storage.columns import microseconds
from storage.database import Database
from storage.keys import KeyRing, MasterKeyMissingError, MasterKeyWrongError, SubjectKey
from storage.migrate import upgrade
from storage.transaction import Transaction
from tests.databases import perform
from tests.storage.conftest import KEYS

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
SECRET = "Zebedee Quux gave $2,500"
OTHER = KeyRing(bytes(32))


def entry(number: int, **changes: Any) -> AuditEntry:
    values: dict[str, Any] = {
        "id": f"aud_{number:03}",
        "at": NOW,
        "kind": "summary.generated",
        "correlation_id": "cor",
        "subject": "donor_1",
        "actor": "system",
        "payload": {"said": SECRET},
    }
    return AuditEntry(**(values | changes))


async def write(database: Database, *entries: AuditEntry) -> None:
    def work(tx: Transaction) -> None:
        for each in entries:
            tx.audit.append(each)
        tx.audit.flush()
        tx.audit.seal(100)

    await database.write(work)


async def stored(database: Database, column: str = "payload") -> list[bytes]:
    query = text(f"SELECT {column} FROM audit_payloads ORDER BY entry_id")
    return [
        bytes(row[0]) for row in await database.read(lambda tx: list(tx.audit._connection.execute(query)))
    ]


async def test_nothing_of_a_payload_can_be_read_in_the_file(sqlite_url: str) -> None:
    database = Database.open(sqlite_url, keys=KEYS)
    await write(database, entry(1), entry(2), entry(3, subject=None))
    first, second, _ = await stored(database)
    assert first != second
    path = Path(make_url(sqlite_url).database or "")
    files = [path, path.with_name(f"{path.name}-wal")]
    assert not any(b"Zebedee" in file.read_bytes() for file in files)
    read = await database.read(lambda tx: tx.audit.by_correlation("cor"))
    assert [record.payload for record in read] == [{"said": SECRET}] * 3
    assert [record.subject for record in read] == ["donor_1", "donor_1", None]
    await database.close()


async def test_a_payload_cannot_be_moved_to_another_entry(database: Database) -> None:
    await write(database, entry(1), entry(2, payload={"said": "other"}))
    swap = (
        "UPDATE audit_payloads SET payload = (SELECT payload FROM audit_payloads WHERE entry_id = 'aud_002')"
    )
    await database.write(lambda tx: tx.audit._connection.execute(text(swap)))
    report = await database.read(lambda tx: tx.audit.verify())
    assert report.first_bad == (1, "payload changed")
    assert [r.payload for r in await database.read(lambda tx: tx.audit.trace("donor_1"))] == [
        None,
        {"said": "other"},
    ]


async def test_without_the_master_key_nothing_is_read_or_written(
    database: Database, database_url: str
) -> None:
    await write(database, entry(1))
    keyless = Database.open(database_url)
    wrong = Database.open(database_url, keys=OTHER)
    for opened, error in ((keyless, MasterKeyMissingError), (wrong, MasterKeyWrongError)):
        with pytest.raises(error):
            await opened.read(lambda tx: tx.audit.trace("donor_1"))
        with pytest.raises(error):
            await opened.write(lambda tx: tx.audit.append(entry(2)))
        assert (await opened.read(lambda tx: tx.audit.verify(payloads=False))).ok
    with pytest.raises(MasterKeyMissingError):
        await keyless.write(lambda tx: tx.audit.append(entry(3, subject="somebody new")))
    with pytest.raises(MasterKeyWrongError):
        await wrong.write(lambda tx: tx.keys.adopt())
    await keyless.close()
    await wrong.close()


async def test_the_master_key_is_replaced_without_touching_a_payload(
    database: Database, database_url: str
) -> None:
    await write(database, entry(1), entry(2, subject=None))
    before = await stored(database)
    both = Database.open(database_url, keys=KeyRing(bytes(32), (bytes(range(32)),)))
    await both.write(lambda tx: tx.keys.adopt())
    assert await both.write(lambda tx: tx.keys.rewrap()) == 2
    assert await both.write(lambda tx: tx.keys.rewrap()) == 0
    await both.close()
    new = Database.open(database_url, keys=OTHER)
    assert (await new.read(lambda tx: tx.audit.verify())).ok
    assert await stored(new) == before
    assert await new.read(lambda tx: tx.keys.master_ids()) == {OTHER.current_id}
    await new.close()


def migrated_to(url: str, revision: str) -> None:
    """Bring a database to an older schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))

    def migrate(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    perform(url, migrate)


def write_as_the_first_release_did(connection: Connection) -> None:
    """Two entries about a donor, one about nobody: keys and payloads in clear, leaves of version 1."""
    previous = bytes(32)
    moment = microseconds(NOW) if connection.dialect.name == "sqlite" else NOW
    for donor, ref, key in (("donor_1", "aa" * 16, b"1" * 32), ("@nobody", "bb" * 16, b"2" * 32)):
        subject = {"donor": donor, "ref": ref, "key": key}
        connection.execute(text("INSERT INTO audit_subjects VALUES (:donor, :ref, :key)"), subject)
    for seq, (ref, key) in enumerate([("aa" * 16, b"1" * 32)] * 2 + [("bb" * 16, b"2" * 32)], start=1):
        payload = rfc8785.dumps({"said": SECRET, "n": seq})
        envelope = {
            "id": f"old_{seq}",
            "kind": "summary.generated",
            "correlation_id": "cor",
            "subject_ref": None if seq == 3 else ref,
            "actor": "system",
            "commitment": hmac.new(key, payload, hashlib.sha256).hexdigest(),
        }
        leaf = rfc8785.dumps(envelope | {"v": 1, "at": "2026-11-03T09:30:00.000000Z"})
        hashed = hashlib.sha256(b"\x00" + leaf).digest()
        linked = hashlib.sha256(previous + hashed).digest()
        connection.execute(
            text(
                "INSERT INTO audit_log (id, at, kind, correlation_id, subject_ref, actor, commitment, leaf, "
                "leaf_hash, seq, prev_hash, hash) VALUES (:id, :at, :kind, :correlation_id, :subject_ref, "
                ":actor, :commitment, :leaf, :leaf_hash, :seq, :prev_hash, :hash)"
            ),
            envelope
            | {"at": moment, "leaf": leaf, "leaf_hash": hashed}
            | {"seq": seq, "prev_hash": previous, "hash": linked},
        )
        connection.execute(
            text("INSERT INTO audit_payloads VALUES (:id, :ref, 'none', :payload)"),
            {"id": f"old_{seq}", "ref": ref, "payload": payload},
        )
        previous = linked


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_what_the_first_release_stored_stays_readable_and_is_encrypted(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path / 'old.db'}"
        if kind == "sqlite"
        else request.getfixturevalue("empty_postgres_url")
    )
    if kind == "postgresql":
        perform(
            url,
            lambda c: (
                c.execute(text("DROP SCHEMA public CASCADE")),
                c.execute(text("CREATE SCHEMA public")),
            ),
        )
    migrated_to(url, "0001")
    perform(url, write_as_the_first_release_did)
    upgrade(url)
    database = Database.open(url, keys=KEYS)
    assert (await database.read(lambda tx: tx.audit.verify())).ok
    await database.write(lambda tx: tx.keys.adopt())
    await write(database, entry(9))
    read = await database.read(lambda tx: tx.audit.by_correlation("cor"))
    assert [record.payload and record.payload["said"] for record in read] == [SECRET] * 4
    assert await database.write(lambda tx: tx.keys.encrypt_payloads(2)) == 2
    assert await database.write(lambda tx: tx.keys.encrypt_payloads(2)) == 1
    assert await database.write(lambda tx: tx.keys.encrypt_payloads(2)) == 0
    assert not any(b"Zebedee" in payload for payload in await stored(database))
    assert b"1" * 32 not in b"".join(await database.read(_keys))
    report = await database.read(lambda tx: tx.audit.verify())
    assert (report.ok, report.entries) == (True, 4)
    assert await database.read(lambda tx: tx.audit.by_correlation("cor")) == read
    await database.close()


def _keys(tx: Transaction) -> list[bytes]:
    return [bytes(row[0]) for row in tx.audit._connection.execute(text("SELECT key FROM audit_subjects"))]


def test_the_key_of_one_commitment_opens_nothing_else() -> None:
    key = SubjectKey.of(b"s" * 32)
    assert key.commitment_key("a") != key.commitment_key("b") != key.secret
    encrypted = key.encrypt(b"payload", b"n" * 12, "a", "ref")
    assert key.decrypt(encrypted, "a", "ref") == b"payload"
    assert key.decrypt(encrypted, "b", "ref") is key.decrypt(encrypted, "a", "other") is None
    assert key.decrypt(encrypted[:-1], "a", "ref") is key.decrypt(b"", "a", "ref") is None


async def test_one_works_entries_that_cannot_be_written_harm_nobody_else(database: Database) -> None:
    import asyncio

    await write(database, entry(1))
    works = [entry(2), entry(1), entry(3)]
    done = await asyncio.gather(
        *(database.write(lambda tx, e=e: tx.audit.append(e)) for e in works),  # type: ignore[misc]
        return_exceptions=True,
    )
    assert [type(each).__name__ for each in done] == ["NoneType", "ConstraintError", "NoneType"]
    found = await database.read(lambda tx: tx.audit.trace("donor_1"))
    assert sorted(record.id for record in found) == ["aud_001", "aud_002", "aud_003"]


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_the_quick_spelling_is_that_of_the_standard(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (ValueError, UnicodeEncodeError):
        with pytest.raises(ValueError):  # noqa: PT011 - lone surrogates
            canonical_json(value)
        return
    assert canonical_json(value) == expected
    assert json.loads(expected) == value


PUBLISHED = (
    ([56, {"d": True, "10": None, "1": []}], '[56,{"1":[],"10":null,"d":true}]'),
    (
        {
            "peach": "This sorting order",
            "p\u00e9ch\u00e9": "is wrong according to French",
            "p\u00eache": "but canonicalization MUST",
            "sin": "ignore locale",
        },
        (
            '{"peach":"This sorting order","p\u00e9ch\u00e9":"is wrong according to French",'
            '"p\u00eache":"but canonicalization MUST","sin":"ignore locale"}'
        ),
    ),
    (
        {
            "1": {"f": {"f": "hi", "F": 5}, "\n": 56},
            "10": {},
            "": "empty",
            "a": {},
            "111": [{"e": "yes", "E": "no"}],
            "A": {},
        },
        '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}',
    ),
    ({"Unnormalized Unicode": "A\u030a"}, '{"Unnormalized Unicode":"A\u030a"}'),
    (
        {
            "\u20ac": "Euro Sign",
            "\r": "Carriage Return",
            "\n": "Newline",
            "1": "One",
            "\u0080": "Control\u007f",
            "\U0001f602": "Smiley",
            "\u00f6": "Latin Small Letter O With Diaeresis",
            "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "</script>": "Browser Challenge",
        },
        (
            '{"\\n":"Newline","\\r":"Carriage Return","1":"One","</script>":"Browser Challenge",'
            '"\u0080":"Control\u007f","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",'
            '"\U0001f602":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
        ),
    ),
    (
        {"string": '\u20ac$\x0f\nA\'B"\\\\"/', "literals": [None, True, False]},
        '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ),
)
"""The vectors published with RFC 8785: arrays, french, structures, unicode, weird, and its own example;
their numbers are whole here, since a leaf holds no others."""


@pytest.mark.parametrize(("value", "spelled"), PUBLISHED)
def test_canonical_json_is_that_of_the_published_vectors(value: Any, spelled: str) -> None:
    assert canonical_json(value) == spelled.encode()
