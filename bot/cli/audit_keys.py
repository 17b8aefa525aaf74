"""`countersign audit keys`: which keys sign checkpoints, and replacing them and the master key."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.operator import NotAllowed, arrival, operator
from bot.cli.organisation import organisation_here
from bot.master_key import new_key
from handlers.context import Arrived
from handlers.record.evidence import record as write_down
from policy.decision import Role
from storage.checkpoints import SigningKey
from storage.database import Database
from storage.transaction import Transaction

BY_WHOM = "Say who does this: --by EMAIL."
SHARE = "Give the verifier key to whoever is to check the log without you, and note it down elsewhere:"


def without_database(options: argparse.Namespace) -> int | None:
    """Print a new master key, for which nothing needs to be there yet."""
    if options.act != "new":
        return None
    print(new_key())
    return 0


async def run(options: argparse.Namespace, database: Database) -> int:
    """List or replace keys."""
    if options.act == "list":
        return _list(await database.read(lambda tx: tx.checkpoints.signing_keys()), options)
    if not options.by:
        return complain(BY_WHOM)
    who = operator(options.by, organisation_here())
    if Role.ADMIN not in who.roles:
        raise NotAllowed(
            f"{options.by} is not an admin in the organisation file, and only they replace keys."
        )
    arrived = arrival()
    if options.act == "rotate":
        made = await database.write(lambda tx: _rotate(tx, arrived, who.actor))
        say(f"A new key signs from now on; the one before signs along for a month.\n{SHARE}\n{made.key}")
    else:
        done = await database.write(lambda tx: _rewrap(tx, arrived, who.actor))
        say(f"{done} keys are wrapped by the new master key. COUNTERSIGN_PREVIOUS_MASTER_KEY can go.")
    return 0


def _rotate(tx: Transaction, arrived: Arrived, actor: str) -> SigningKey:
    made = tx.checkpoints.rotate(arrived.now)
    write_down(tx, arrived, "keys.rotated", subject=None, actor=actor, key=str(made.key))
    return made


def _rewrap(tx: Transaction, arrived: Arrived, actor: str) -> int:
    done = tx.keys.rewrap()
    write_down(tx, arrived, "keys.rewrapped", subject=None, actor=actor, keys=done)
    return done


def _list(keys: list[SigningKey], options: argparse.Namespace) -> int:
    if options.json:
        print_json([{"vkey": str(k.key), "created_at": k.created_at.isoformat()} for k in keys])
        return 0
    for each in keys:
        until = f"signs until {each.signs_until:%Y-%m-%d}" if each.signs_until else "signs"
        say(f"{each.key}\n    since {each.created_at:%Y-%m-%d}, {until}")
    if not keys:
        say("No key yet: the first one is made with the first checkpoint.")
    return 0
