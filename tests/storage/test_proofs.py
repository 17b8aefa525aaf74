"""Merkle proofs, signed notes and checkpoints, against the published vectors and against every small tree."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from storage import merkle
from storage.appending import AuditEntry
from storage.checkpoints import BOTH_SIGN, Checkpoint, InconsistentLogError
from storage.database import Database
from storage.merkle import KnownRoot
from storage.signed_note import NoteInvalidError, SignedNote, TreeHead, VerifierKey, notes_in, sign
from storage.transaction import Transaction
from tests.storage.conftest import KEYS
from tests.storage.pauses import Meeting

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)

# The vectors of the certificate-transparency implementations (RFC 6962).
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
A, B, C = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
D, E = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
)
INCLUSION = {
    (1, 1): (),
    (1, 8): (A, B, C),
    (6, 8): (D, E, ROOTS[3]),
    (3, 3): (ROOTS[1],),
    (2, 5): (ROOTS[0], B, D),
}
CONSISTENCY = {
    (1, 1): (),
    (1, 8): (A, B, C),
    (6, 8): ("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", E, ROOTS[3]),
    (2, 5): (B, D),
}
LEAVES = [hashlib.sha256(b"\x00" + bytes.fromhex(each)).digest() for each in INPUTS]


def subtree(leaves: list[bytes]) -> merkle.SubtreeRoot:
    return lambda start, end: merkle.complete_root(leaves[start:end])


def test_roots_are_those_of_the_published_vectors() -> None:
    tree = merkle.GrowingTree()
    assert tree.root() == hashlib.sha256(b"").digest()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.extend([leaf])
        assert tree.root().hex() == root
    assert [merkle.root_of(0, n, subtree(LEAVES)).hex() for n in range(1, 9)] == list(ROOTS)
    by_block = merkle.GrowingTree()
    by_block.extend_by_block(LEAVES[:4])
    by_block.extend(LEAVES[4:])
    assert by_block.root().hex() == ROOTS[7]


@pytest.mark.parametrize(("leaf", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_published_vectors(leaf: int, size: int) -> None:
    proof = merkle.inclusion_proof(leaf - 1, size, subtree(LEAVES))
    assert tuple(part.hex() for part in proof) == INCLUSION[leaf, size]


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_published_vectors(old: int, new: int) -> None:
    proof = merkle.consistency_proof(old, new, subtree(LEAVES))
    assert tuple(part.hex() for part in proof) == CONSISTENCY[old, new]


def test_every_proof_of_every_small_tree_verifies_and_no_altered_one() -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(20)]
    roots = [merkle.root_of(0, n, subtree(leaves)) for n in range(21)]
    for size in range(1, 21):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, subtree(leaves))
            assert merkle.verify_inclusion(leaves[index], index, size, proof, roots[size])
            assert not merkle.verify_inclusion(leaves[index - 1], index, size, proof, roots[size])
            for wrong in _altered(proof):
                assert not merkle.verify_inclusion(leaves[index], index, size, wrong, roots[size])
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(old, size, subtree(leaves))
            assert merkle.verify_consistency(old, size, roots[old], roots[size], proof)
            assert not merkle.verify_consistency(old, size, roots[old - 1], roots[size], proof)
            for wrong in _altered(proof):
                assert not merkle.verify_consistency(old, size, roots[old], roots[size], wrong)


def _altered(proof: list[bytes]) -> list[list[bytes]]:
    flipped = [[*proof[:i], bytes(32), *proof[i + 1 :]] for i in range(len(proof))]
    return [*flipped, [*proof, bytes(32)], *([proof[:-1]] if proof else [])]


NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n"
)


def test_the_published_signed_note_verifies() -> None:
    key = VerifierKey.parse(NEUMANN)
    assert str(key) == NEUMANN
    assert SignedNote.parse(NOTE).signers([key]) == [key]
    assert SignedNote.parse(NOTE.replace("problem is", "problem was")).signers([key]) == []
    assert str(VerifierKey.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"))
    assert notes_in(f"{NOTE}\n{NOTE}") == [NOTE, NOTE]


@pytest.mark.parametrize(
    "spoilt",
    ["", "text\n", "text\n\nsigned by me\n", "text\n\n— name\n", "text\n\n— name AAAA\n", NOTE.rstrip("\n")],
)
def test_what_is_no_note_is_refused(spoilt: str) -> None:
    with pytest.raises(NoteInvalidError):
        SignedNote.parse(spoilt)


@pytest.mark.parametrize(
    "spoilt", ["", "a\n1\n", "a\n01\n" + base64.b64encode(bytes(32)).decode() + "\n", "a\n-1\nAA==\n"]
)
def test_what_is_no_checkpoint_is_refused(spoilt: str) -> None:
    with pytest.raises(NoteInvalidError):
        TreeHead.parse(spoilt)


@pytest.mark.parametrize("spoilt", ["", "a+b", "a+00000000+AQ==", NEUMANN.replace("c74f20a3", "c74f20a4")])
def test_what_is_no_verifier_key_is_refused(spoilt: str) -> None:
    with pytest.raises(NoteInvalidError):
        VerifierKey.parse(spoilt)


def test_a_note_by_two_keys_tells_who_signed() -> None:
    ours = [("log", Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2)]
    keys = [VerifierKey(name, private.public_key().public_bytes_raw()) for name, private in ours]
    head = TreeHead("log", 7, bytes(32))
    note = SignedNote.parse(sign(head.text, ours))
    assert note.signers(keys) == keys
    assert note.signers([VerifierKey("other", keys[0].public)]) == []
    assert TreeHead.parse(note.text) == head


# Checkpoints over a log in a database


def entry(number: int) -> AuditEntry:
    return AuditEntry(
        id=f"aud_{number:05}", at=NOW, kind="x", correlation_id="c", subject="d", actor="system", payload={}
    )


async def grown(database: Database, first: int, last: int) -> None:
    def work(tx: Transaction) -> None:
        for number in range(first, last + 1):
            tx.audit.append(entry(number))
        while tx.audit.seal(1000):
            pass

    await database.write(work)


async def leaf_hashes(database: Database) -> list[bytes]:
    query = text("SELECT leaf_hash FROM audit_log ORDER BY seq")
    return [
        bytes(row[0]) for row in await database.read(lambda tx: list(tx.audit._connection.execute(query)))
    ]


async def test_checkpoints_are_signed_continue_each_other_and_prove_entries(database: Database) -> None:
    assert await database.write(lambda tx: tx.checkpoints.sign(NOW)) is None
    sizes = (3, 255, 256, 257, 700)
    signed = []
    for before, size in pairwise((0, *sizes)):
        await grown(database, before + 1, size)
        signed.append(await database.write(lambda tx: tx.checkpoints.sign(NOW)))
        assert await database.write(lambda tx: tx.checkpoints.sign(NOW)) is None
    leaves = await leaf_hashes(database)
    [key] = await database.read(lambda tx: tx.checkpoints.signing_keys())
    for size, checkpoint in zip(sizes, signed, strict=True):
        assert checkpoint is not None
        note = SignedNote.parse(checkpoint.note)
        assert note.signers([key.key]) == [key.key]
        assert TreeHead.parse(note.text) == TreeHead(
            key.key.name, size, merkle.root_of(0, size, subtree(leaves))
        )
        assert await database.read(lambda tx, s=size: tx.checkpoints.get(s)) == checkpoint  # type: ignore[misc]
    for seq in (1, 256, 257, 700):
        proof = await database.read(lambda tx, s=seq: tx.checkpoints.tree.inclusion_proof(s, 700))  # type: ignore[misc]
        assert merkle.verify_inclusion(leaves[seq - 1], seq - 1, 700, proof, signed[-1].root)  # type: ignore[union-attr]
    proof = await database.read(lambda tx: tx.checkpoints.tree.consistency_proof(255, 700))
    assert merkle.verify_consistency(255, 700, signed[1].root, signed[-1].root, proof)  # type: ignore[union-attr]
    roots = [KnownRoot(c.size, c.root) for c in signed if c]
    report = await database.read(lambda tx: tx.audit.verify(roots=roots))
    assert (report.ok, report.roots, report.entries) == (True, 5, 700)
    assert await database.read(lambda tx: tx.checkpoints.faults()) == []
    for statement, complaint in SPOILT_BESIDES:
        assert await database.write(lambda tx, s=statement: _faults_after(tx, s)) == [complaint]  # type: ignore[misc]


@pytest.mark.postgres
async def test_of_replicas_that_sign_at_the_same_time_each_entry_count_is_signed_by_one(
    postgres_url: str,
) -> None:
    replicas = [Database.open(postgres_url, keys=KEYS) for _ in range(2)]
    await grown(replicas[0], 1, 3)
    all_are_here = Meeting(2)

    def signing(tx: Transaction) -> Checkpoint | None:
        all_are_here.here()
        return tx.checkpoints.sign(NOW)

    signed = await asyncio.gather(*(replica.write(signing) for replica in replicas))
    assert [each.size for each in signed if each] == [3]
    for replica in replicas:
        await replica.close()


SPOILT_BESIDES = (
    (
        "UPDATE audit_tree SET hash = (SELECT root FROM audit_checkpoints WHERE size = 3) WHERE number = 1",
        "the stored tree leads to another root than the last checkpoint",
    ),
    (
        "DELETE FROM audit_tree WHERE number = 0",
        "the stored tree leads to another root than the last checkpoint",
    ),
    (
        "UPDATE audit_checkpoints SET size = 699 WHERE size = 700",
        "checkpoint 699 says something else than its signed note",
    ),
    ("UPDATE audit_checkpoints SET note = 'x' WHERE size = 3", "checkpoint 3 cannot be read"),
)
"""What can be spoilt that is no entry, and what is said of it."""


def _faults_after(tx: Transaction, statement: str) -> list[str]:
    """Spoil something, look, and put it back."""
    with tx.audit._connection.begin_nested() as point:
        tx.audit._connection.execute(text(statement))
        found = tx.checkpoints.faults()
        point.rollback()
    return found


REWRITE = {
    "sqlite": ["DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"],
    "postgresql": ["SET LOCAL session_replication_role = replica"],
}


def rewrite_from(tx: Transaction, first: int, *, actor: str) -> None:
    """Change an entry and compute every hash behind it anew, as whoever owns the database can."""
    connection: Any = tx.audit._connection
    for statement in REWRITE[connection.dialect.name]:
        connection.execute(text(statement))
    query = text("SELECT * FROM audit_log WHERE seq >= :first ORDER BY seq")
    previous = None
    for row in connection.execute(query, {"first": first}).mappings().all():
        leaf = bytes(row["leaf"])
        if row["seq"] == first:
            leaf = leaf.replace(b'"actor":"system"', f'"actor":"{actor}"'.encode())
        hashed = hashlib.sha256(b"\x00" + leaf).digest()
        before = bytes(row["prev_hash"]) if previous is None else previous
        previous = hashlib.sha256(before + hashed).digest()
        values = {"leaf": leaf, "hashed": hashed, "before": before, "hash": previous, "seq": row["seq"]}
        values["actor"] = actor if row["seq"] == first else row["actor"]
        connection.execute(
            text(
                "UPDATE audit_log SET leaf = :leaf, leaf_hash = :hashed, prev_hash = :before, hash = :hash, "
                "actor = :actor WHERE seq = :seq"
            ),
            values,
        )


async def test_a_log_that_was_computed_anew_is_found_by_its_checkpoints(database: Database) -> None:
    await grown(database, 1, 10)
    first = await database.write(lambda tx: tx.checkpoints.sign(NOW))
    await grown(database, 11, 20)
    second = await database.write(lambda tx: tx.checkpoints.sign(NOW))
    assert first is not None
    assert second is not None
    await database.write(lambda tx: rewrite_from(tx, 14, actor="crm"))
    assert (await database.read(lambda tx: tx.audit.verify())).ok, "by itself it looks whole"
    roots = [KnownRoot(first.size, first.root), KnownRoot(second.size, second.root)]
    report = await database.read(lambda tx: tx.audit.verify(roots=roots))
    assert (report.ok, report.first_bad, report.until, report.entries) == (False, (11, "rewritten"), 20, 10)
    await grown(database, 21, 22)
    with pytest.raises(InconsistentLogError):
        await database.write(lambda tx: tx.checkpoints.sign(NOW))


async def test_a_log_that_was_cut_off_is_found_by_its_checkpoints(database: Database) -> None:
    await grown(database, 1, 10)
    signed = await database.write(lambda tx: tx.checkpoints.sign(NOW))
    assert signed is not None

    def cut(tx: Transaction) -> None:
        connection: Any = tx.audit._connection
        for statement in (
            *REWRITE[connection.dialect.name],
            "DELETE FROM audit_payloads WHERE entry_id >= 'aud_00008'",
        ):
            connection.execute(text(statement))
        connection.execute(text("DELETE FROM audit_log WHERE seq >= 8"))

    await database.write(cut)
    assert (await database.read(lambda tx: tx.audit.verify())).ok, "by itself it looks whole"
    report = await database.read(lambda tx: tx.audit.verify(roots=[KnownRoot(signed.size, signed.root)]))
    assert (report.ok, report.first_bad, report.entries) == (False, (8, "truncated"), 7)
    with pytest.raises(InconsistentLogError):
        await database.write(lambda tx: tx.checkpoints.sign(NOW))


async def test_a_replaced_key_signs_along_for_a_while_and_stays_verifiable(database: Database) -> None:
    await grown(database, 1, 1)
    first = await database.write(lambda tx: tx.checkpoints.sign(NOW))
    new = await database.write(lambda tx: tx.checkpoints.rotate(NOW))
    await grown(database, 2, 2)
    both = await database.write(lambda tx: tx.checkpoints.sign(NOW))
    await grown(database, 3, 3)
    alone = await database.write(lambda tx: tx.checkpoints.sign(NOW + BOTH_SIGN + timedelta(seconds=1)))
    keys = [each.key for each in await database.read(lambda tx: tx.checkpoints.signing_keys())]
    old = next(key for key in keys if key != new.key)
    assert first is not None
    assert both is not None
    assert alone is not None
    signers = [set(SignedNote.parse(c.note).signers(keys)) for c in (first, both, alone)]
    assert signers == [{old}, {old, new.key}, {new.key}]
    assert old.name == new.key.name
