"""`countersign audit proof`: that one entry is in the log, for whoever has a checkpoint."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from storage.database import Database
from storage.merkle import verify_inclusion
from storage.proofs import EntryProof, entry_proof

NOT_COVERED = "No checkpoint covers that entry yet: run countersign audit checkpoint first."


async def run(options: argparse.Namespace, database: Database) -> int:
    """Print the leaf, its place and the path to the root of the last checkpoint."""
    proof = await database.read(lambda tx: entry_proof(tx, options.id))
    if proof is None:
        return complain(f"There is no sealed entry {options.id}.")
    if proof.note is None:
        return complain(NOT_COVERED)
    if options.json:
        print_json(_plain(proof))
        return 0
    say(f"Entry {proof.seq}: {proof.leaf.decode()}")
    say(f"Leaf hash {proof.leaf_hash.hex()}, index {proof.seq - 1} of {proof.size}")
    for part in proof.path:
        say(f"  {part.hex()}")
    print(proof.note, end="")
    fits = verify_inclusion(proof.leaf_hash, proof.seq - 1, proof.size, proof.path, proof.root)
    say("The path leads to the signed root." if fits else "The path does NOT lead to the signed root.")
    return 0 if fits else 1


def _plain(proof: EntryProof) -> dict[str, object]:
    return {
        "seq": proof.seq,
        "leaf": proof.leaf.decode(),
        "leaf_hash": proof.leaf_hash.hex(),
        "index": proof.seq - 1,
        "size": proof.size,
        "path": [part.hex() for part in proof.path],
        "checkpoint": proof.note,
    }
