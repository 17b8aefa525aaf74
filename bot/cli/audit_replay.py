"""`countersign audit replay`: every recorded decision again, from recorded facts and recorded rules."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from handlers.record.replay_decisions import Replayed, replayed
from storage.database import Database

WHY = {
    "erased": "the donor was erased or the time of keeping is over",
    "facts_of_another_version": "their facts were recorded in another form, and are never guessed",
    "nothing_recorded": "no facts were recorded with them",
    "rules_not_stored": "the text of their rules is not stored, or was altered",
}


async def run(options: argparse.Namespace, database: Database) -> int:
    """Exit with 1 when any decision would differ."""
    done = await replayed(database)
    if options.json:
        print_json({"same": done.same, "different": done.different, "not_replayable": done.not_replayable})
    elif not options.quiet or done.different:
        _tell(done)
    return 1 if done.different else 0


def _tell(done: Replayed) -> None:
    say(f"{done.same} of {done.total} recorded decisions come out the same.")
    for why, count in sorted(done.not_replayable.items()):
        say(f"{count} could not be tried: {WHY.get(why, why)}.")
    for entry_id in done.different:
        complain(f"Would differ: {entry_id} (countersign policy explain {entry_id})")
