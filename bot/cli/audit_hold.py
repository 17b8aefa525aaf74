"""`countersign audit hold`: donors whose records must be kept."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.operator import NotAllowed, arrival, operator
from bot.cli.organisation import organisation_here
from handlers.context import Arrived
from handlers.record.evidence import record as write_down
from policy.decision import Role
from storage.database import Database
from storage.holds import LegalHold
from storage.transaction import Transaction

MAY_HOLD = {Role.ADMIN.value, Role.COMPLIANCE.value}
WHOSE = "Say whose and on whose word: countersign audit hold {act} DONOR --by EMAIL --reason TEXT."


async def run(options: argparse.Namespace, database: Database) -> int:
    """List, place or release holds; each is written down."""
    if options.act == "list":
        return _list(await database.read(lambda tx: tx.holds.all()), options)
    if not options.id or not options.by or not options.reason:
        return complain(WHOSE.format(act=options.act))
    who = operator(options.by, organisation_here())
    if not who.roles & MAY_HOLD:
        raise NotAllowed(f"{options.by} is neither admin nor compliance in the organisation file.")
    arrived = arrival()
    act = _place if options.act == "place" else _release
    done = await database.write(lambda tx: act(tx, arrived, options, who.actor))
    if not done:
        there = "There is a hold already" if options.act == "place" else "There is no hold"
        return complain(f"{there} on {options.id}.")
    say(f"The hold on {options.id} is {'placed' if options.act == 'place' else 'released'}.")
    return 0


def _place(tx: Transaction, arrived: Arrived, options: argparse.Namespace, actor: str) -> bool:
    hold = LegalHold(donor_id=options.id, reason=options.reason, placed_by=options.by, placed_at=arrived.now)
    placed = tx.holds.place(hold)
    if placed:
        _write_down(tx, arrived, "hold.placed", options, actor)
    return placed


def _release(tx: Transaction, arrived: Arrived, options: argparse.Namespace, actor: str) -> bool:
    released = tx.holds.release(options.id)
    if released:
        _write_down(tx, arrived, "hold.released", options, actor)
    return released


def _write_down(
    tx: Transaction, arrived: Arrived, kind: str, options: argparse.Namespace, actor: str
) -> None:
    write_down(tx, arrived, kind, subject=options.id, actor=actor, name=options.by, reason=options.reason)


def _list(holds: list[LegalHold], options: argparse.Namespace) -> int:
    if options.json:
        print_json([{"donor_id": h.donor_id, "reason": h.reason, "by": h.placed_by} for h in holds])
        return 0
    for each in holds:
        say(f"{each.donor_id}  since {each.placed_at:%Y-%m-%d}, {each.placed_by}: {each.reason}")
    if not holds:
        say("No donor is under a legal hold.")
    return 0
