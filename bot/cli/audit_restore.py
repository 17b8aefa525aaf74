"""`countersign audit declare-restore`: say that a back-up was restored, and what was lost with it."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.checkpoint_files import checkpoint_places, keep_elsewhere, signed_heads
from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.loading import database_settings
from bot.cli.operator import NotAllowed, arrival, operator, ring_everybody
from bot.cli.organisation import organisation_here
from handlers.record.declare_restore import (
    GONE,
    NO_RESTORE,
    OWN_DIFFER,
    Declaration,
    Loss,
    NotARestore,
    declare_restore,
    find_loss,
)
from policy.decision import Role
from storage.checkpoints import InconsistentLogError
from storage.database import Database
from storage.merkle import KnownRoot
from storage.signed_note import NoteInvalidError

MAY_DECLARE = {Role.ADMIN.value, Role.COMPLIANCE.value}
ON_WHOSE_WORD = "Say on whose word and why: countersign audit declare-restore --by EMAIL --reason TEXT."
UNVOUCHED = "{which} came back with the back-up; only the back-up itself vouches for {them}."
NEXT = (
    "Donors erased since the back-up are erased again at the next start, or by: countersign audit erase "
    "--reapply"
)


async def run(options: argparse.Namespace, database: Database) -> int:
    """Find what was lost by the checkpoints kept elsewhere, and write down who says why."""
    if not options.by or not options.reason.strip():
        return complain(ON_WHOSE_WORD)
    organisation, arrived = organisation_here(), arrival()
    who = operator(options.by, organisation)
    if not who.roles & MAY_DECLARE:
        raise NotAllowed(f"{options.by} is neither admin nor compliance in the organisation file.")
    try:
        notes = await _notes(options, database)
    except (OSError, NoteInvalidError) as problem:
        return complain(f"The checkpoints cannot be read ({problem}).")
    loss = await find_loss(database, frozenset(notes))
    if isinstance(loss, NotARestore):
        return complain(loss.why)
    told = Declaration(who.actor, who.name, options.reason.strip(), notes[loss.newest])
    try:
        signed = await database.write(lambda tx: declare_restore(tx, arrived, told, loss, organisation))
    except InconsistentLogError:
        return complain(NO_RESTORE.format(what=OWN_DIFFER))
    await ring_everybody()
    settings = database_settings(options.database)
    failed = await keep_elsewhere(database, settings, signed) if signed else ()
    _tell(options, loss)
    return complain(f"The new checkpoint could not be written to {', '.join(failed)}.") if failed else 0


async def _notes(options: argparse.Namespace, database: Database) -> dict[KnownRoot, str]:
    """Return every checkpoint outside of the database that a known key signed."""
    own = await database.read(lambda tx: tx.checkpoints.signing_keys())
    places = [place for place in checkpoint_places(database_settings(options.database)) if place.exists()]
    heads = signed_heads([*places, *map(Path, options.checkpoints)], [each.key for each in own])
    return {KnownRoot(head.size, head.root): note for note, head in heads}


def _tell(options: argparse.Namespace, loss: Loss) -> None:
    if options.json:
        print_json({"kept": loss.kept, "vouched": loss.vouched, "lost_to": loss.newest.size})
        return
    say(f"{loss.sentence} It is written down. {GONE}")
    if loss.vouched < loss.kept:
        first, last = loss.vouched + 1, loss.kept
        several = UNVOUCHED.format(which=f"Entries {first} to {last}", them="them")
        say(several if first < last else UNVOUCHED.format(which=f"Entry {last}", them="it"))
    say(NEXT)
