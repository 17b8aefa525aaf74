"""`countersign audit checkpoint`: sign now, and keep the checkpoint in the places that the settings name."""

from __future__ import annotations

import argparse

from bot.checkpoint_files import CheckpointFiles, checkpoint_places
from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.loading import database_settings
from bot.cli.operator import arrival
from handlers.context import Arrived
from handlers.record.evidence import record as write_down
from storage.checkpoints import Checkpoint, InconsistentLogError
from storage.database import Database
from storage.transaction import Transaction

DIFFERS = (
    "The log does not continue what was signed before, so nothing was signed. "
    "countersign audit verify says what is wrong."
)


async def run(options: argparse.Namespace, database: Database) -> int:
    """Sign what is sealed; print the last checkpoint when nothing was sealed since."""
    arrived = arrival()
    try:
        signed = await database.write(lambda tx: _sign(tx, arrived))
    except InconsistentLogError:
        return complain(DIFFERS)
    if signed is None:
        return complain("The log is empty: there is nothing to sign yet.")
    keys = await database.read(lambda tx: tx.checkpoints.signing_keys())
    places = checkpoint_places(database_settings(options.database))
    vkeys = "".join(f"{each.key}\n" for each in keys)
    failed = await CheckpointFiles(places).keep(signed.size, signed.note, vkeys)
    kept = [str(place) for place in places if str(place) not in failed]
    if options.json:
        print_json({"size": signed.size, "root": signed.root.hex(), "note": signed.note, "kept": kept})
    else:
        print(signed.note, end="")
        if kept or not places:
            say(f"Kept in {', '.join(kept) or 'no place: set COUNTERSIGN_CHECKPOINT_PATHS'}.")
    return complain(f"Could not be written to {', '.join(failed)}.") if failed else 0


def _sign(tx: Transaction, arrived: Arrived) -> Checkpoint | None:
    signed = tx.checkpoints.sign(arrived.now)
    if signed is None:
        return tx.checkpoints.latest()
    root = signed.root.hex()
    write_down(
        tx,
        arrived,
        "checkpoint.signed",
        subject=None,
        actor="cli",
        size=signed.size,
        root=root,
        note=signed.note,
    )
    return signed
