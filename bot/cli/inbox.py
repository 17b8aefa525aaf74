"""`countersign inbox`: what could not be handled, why in plain words, trying it again or letting it be."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.complaint import complain
from bot.cli.console import print_json
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import NotAllowed, arrival, operator, ring_everybody
from bot.cli.organisation import organisation_here
from bot.files import FileInvalid
from handlers.rules.pausing import Operator
from handlers.service.dead_letters import (
    DeadLetter,
    dead_letter,
    dead_letters,
    discard,
    may_care,
    retry,
)
from storage.database import Database

MOST = 200
NOTHING = "Nothing was set aside: everything that arrived was handled."
NOT_ALLOWED = "{email} is not an admin in the organisation file, and only admins can do this."


def run(options: argparse.Namespace) -> int:
    """List or show dead letters of both queues, give one back to its queue, or discard it."""
    if options.what != "list" and not options.id:
        return complain(
            f"Say which one: countersign inbox {options.what} ID (countersign inbox list shows them)."
        )
    if options.what in ("retry", "discard") and not options.by:
        return complain("Say who does this: --by EMAIL.")
    if options.what == "discard" and not options.reason.strip():
        return complain("Say why it need not be done: --reason TEXT. It is kept in the audit.")
    try:
        return asyncio.run(_answer(options))
    except (CannotOpen, FileInvalid, NotAllowed) as problem:
        return complain(str(problem))


async def _answer(options: argparse.Namespace) -> int:
    async with opened(options.database) as database:
        if options.what == "list":
            return await _list(database, as_json=options.json)
        if options.what == "show":
            found = await database.read(lambda tx: dead_letter(tx, options.id))
            return _show(found, options)
        return await _settle(database, options)


async def _list(database: Database, *, as_json: bool) -> int:
    dead = await database.read(lambda tx: dead_letters(tx, MOST))
    if as_json:
        print_json([each.model_dump(mode="json") for each in dead])
        return 0
    if not dead:
        print(NOTHING)
    for each in dead:
        print(
            f"{each.id}  {each.queue:<6}  {each.kind:<20}  {each.code}  {each.received_at:%Y-%m-%d %H:%M} UTC"
        )
        print(f"    {each.why}")
    if len(dead) >= MOST:
        print(f"The latest {MOST} of each queue are shown.")
    return 0


def _show(found: DeadLetter | None, options: argparse.Namespace) -> int:
    if found is None:
        return _none(options)
    if options.json:
        print_json(found.model_dump(mode="json"))
        return 0
    for name, value in (
        ("What", f"{found.kind} ({found.queue})"),
        ("About", found.about or "nobody in particular"),
        ("Arrived", f"{found.received_at:%Y-%m-%d %H:%M:%S} UTC, tried {found.attempts} times"),
        ("Reference", f"{found.reference} (in the log and in the audit)"),
        ("Why", f"{found.why} ({found.code})"),
        ("What to do", found.remedy),
        ("Or let it be", f'countersign inbox discard {found.id} --by EMAIL --reason "..."'),
    ):
        print(f"{name:<14}{value}")
    return 0


async def _settle(database: Database, options: argparse.Namespace) -> int:
    by, arrived = _who(options), arrival()
    if options.what == "retry":
        found = await database.write(lambda tx: retry(tx, arrived, by, options.id))
    else:
        found = await database.write(lambda tx: discard(tx, arrived, by, options.id, options.reason.strip()))
    if found is None:
        return _none(options)
    if options.what == "retry":
        await ring_everybody()
        print(f"{found.id} is back in its queue and will be tried again.")
    else:
        print(f"{found.id} is discarded. The audit keeps who did it and why.")
    return 0


def _who(options: argparse.Namespace) -> Operator:
    by = operator(options.by, organisation_here())
    if not may_care(by):
        raise NotAllowed(NOT_ALLOWED.format(email=options.by))
    return by


def _none(options: argparse.Namespace) -> int:
    return complain(f"There is no dead letter {options.id}.")
