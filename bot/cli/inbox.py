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
    Alike,
    DeadLetter,
    alike,
    dead_ids,
    dead_letter,
    dead_letters,
    discard,
    may_care,
    retry,
)
from storage.database import Database
from storage.transaction import Transaction

MOST = 200
EACH_BY_ITSELF = 3
"""More than so many of one kind are one line."""
AT_ONCE = 100
"""So many are settled in one transaction, so that a service over the same file is not kept waiting."""
NOTHING = "Nothing was set aside: everything that arrived was handled."
NOT_ALLOWED = "{email} is not an admin in the organisation file, and only admins can do this."


def run(options: argparse.Namespace) -> int:
    """List or show dead letters of both queues, give one back to its queue, or discard it."""
    if options.what != "list" and not options.id and not (options.code and options.what != "show"):
        return complain(
            f"Say which one: countersign inbox {options.what} ID (countersign inbox list shows them)."
        )
    if options.id and options.code:
        return complain("Say which one by its ID, or all of a kind by --code CODE, not both.")
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
            return await _list(database, options.code, as_json=options.json)
        if options.what == "show":
            found = await database.read(lambda tx: dead_letter(tx, options.id))
            return _show(found, options)
        if options.code:
            return await _settle_all(database, options)
        return await _settle(database, options)


async def _list(database: Database, code: str | None, *, as_json: bool) -> int:
    if as_json or code:
        dead = await database.read(lambda tx: dead_letters(tx, MOST, code))
        if as_json:
            print_json([each.model_dump(mode="json") for each in dead])
            return 0
        found = [Alike(1, (each,)) for each in dead]
    else:
        found = await database.read(lambda tx: alike(tx, EACH_BY_ITSELF))
    if not found:
        print(NOTHING if code is None else f"Nothing was set aside with {code}.")
    for each in found:
        _show_alike(each)
    if code and len(found) >= MOST:
        print(f"The latest {MOST} of each queue are shown.")
    return 0


def _show_alike(found: Alike) -> None:
    latest = found.latest[0]
    if found.count <= EACH_BY_ITSELF:
        for each in found.latest:
            when = f"{each.received_at:%Y-%m-%d %H:%M} UTC"
            print(f"{each.id}  {each.queue:<6}  {each.kind:<20}  {each.code}  {when}")
            print(f"    {each.why}")
        return
    since = f"the latest {latest.received_at:%Y-%m-%d %H:%M} UTC"
    print(f"{found.count:,} × {latest.queue}  {latest.kind}  {latest.code}  {since}")
    print(f"    {latest.why}")
    print(f"    One by one: countersign inbox list --code {latest.code}")
    print(f"    All at once: countersign inbox retry --code {latest.code} --by EMAIL (or discard)")


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


async def _settle_all(database: Database, options: argparse.Namespace) -> int:
    """Give back or discard everything that has a code; what comes meanwhile is left for the next time."""
    by, code, reason = _who(options), options.code, options.reason.strip()
    ids, done = await database.read(lambda tx: dead_ids(tx, code)), 0
    for some in (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)):
        done += await database.write(lambda tx, some=some: _settled(tx, by, options.what, some, reason))  # type: ignore[misc]
    if not done:
        return complain(f"Nothing was set aside with {code}.")
    if options.what == "retry":
        await ring_everybody()
        print(f"{'1 is' if done == 1 else f'{done:,} are'} back in the queue and will be tried again.")
    else:
        print(f"{'1 is' if done == 1 else f'{done:,} are'} discarded. The audit keeps who did it and why.")
    return 0


def _settled(tx: Transaction, by: Operator, what: str, ids: list[str], reason: str) -> int:
    if what == "retry":
        return sum(retry(tx, arrival(), by, each) is not None for each in ids)
    return sum(discard(tx, arrival(), by, each, reason) is not None for each in ids)


def _who(options: argparse.Namespace) -> Operator:
    by = operator(options.by, organisation_here())
    if not may_care(by):
        raise NotAllowed(NOT_ALLOWED.format(email=options.by))
    return by


def _none(options: argparse.Namespace) -> int:
    return complain(f"There is no dead letter {options.id}.")
