"""`countersign pause` and `resume`: the emergency stop from a terminal, straight into the database.

It needs neither Slack nor a running service; a service that runs obeys it at its next decision, and tells the
operations channel.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import timedelta

from bot.cli.complaint import complain
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import NotAllowed, arrival, operator, ring_everybody
from bot.cli.organisation import organisation_here
from bot.files import FileInvalid
from bot.pause_words import EVERYTHING, minutes_of, pause_words
from handlers.context import Arrived
from handlers.outcomes import PausesShown
from handlers.rules.pausing import pause, resume, shown_now
from policy.decision_facts import Capability
from policy.organisation import Organisation
from storage.transaction import Transaction

BY_WHOM = "Say who does this: --by EMAIL."
WHAT = "Say what to resume: recommend, draft, auto_route, execute or all."
TOO_LONG = "{text!r} is no duration between a minute and 90 days. Write --for 30m, 2h or 3d."
NOT_PAUSING = "{email} is neither admin nor compliance in the organisation file, and only they can pause."
WHO_RESUMES = (
    "Set COUNTERSIGN_ORGANISATION_FILE: it says who may resume. Pausing is possible without it, and "
    "then says that nobody verified who paused."
)
NOT_RESUMING = "{email} is not an admin in the organisation file, and only admins can resume."


def run(options: argparse.Namespace) -> int:
    """Show what is paused, pause, or resume; exit code 1 when that is refused."""
    words = pause_words(options.capability or "")
    if words.unknown or words.reason:
        return complain(f"I do not know {options.capability!r}. Names: {', '.join(_names())}.")
    if options.resume and not words.capabilities:
        return complain(WHAT)
    if words.capabilities and not options.by:
        return complain(BY_WHOM)
    minutes = minutes_of(options.duration) if options.duration else None
    if options.duration and minutes is None:
        return complain(TOO_LONG.format(text=options.duration))
    try:
        return asyncio.run(_act(options, words.capabilities, minutes))
    except (CannotOpen, FileInvalid, NotAllowed) as problem:
        return complain(str(problem))


async def _act(options: argparse.Namespace, capabilities: tuple[Capability, ...], minutes: int | None) -> int:
    organisation, arrived = organisation_here(), arrival()
    async with opened(options.database) as database:
        if not capabilities:
            told = await database.read(lambda tx: shown_now(tx, arrived))
        else:
            told = await database.write(
                lambda tx: _change(tx, arrived, options, organisation, capabilities, minutes)
            )
        if capabilities:
            await ring_everybody()
    print(told.model_dump_json() if options.json else _as_text(told))
    return 0


def _change(
    tx: Transaction,
    arrived: Arrived,
    options: argparse.Namespace,
    organisation: Organisation | None,
    capabilities: tuple[Capability, ...],
    minutes: int | None,
) -> PausesShown:
    by = operator(options.by, organisation)
    if options.resume:
        if organisation is None:
            raise NotAllowed(WHO_RESUMES)
        if not by.may_resume:
            raise NotAllowed(NOT_RESUMING.format(email=options.by))
        return resume(tx, arrived, by, capabilities)
    if not by.may_pause:
        raise NotAllowed(NOT_PAUSING.format(email=options.by))
    until = arrived.now + timedelta(minutes=minutes) if minutes else None
    return pause(tx, arrived, by, capabilities, options.reason.strip(), until)


def _as_text(told: PausesShown) -> str:
    done = {"paused": "Paused: ", "resumed": "Resumed: "}.get(told.what, "")
    lines = [f"{done}{', '.join(told.changed)}."] if told.changed else []
    for each in told.pauses:
        until = f"until {each.until:%Y-%m-%d %H:%M} UTC" if each.until else "until somebody resumes it"
        why = f": {each.reason}" if each.reason else ""
        since = f"since {each.since:%Y-%m-%d %H:%M} UTC"
        lines.append(f"{each.capability:<10}  paused by {each.by_name} {since}, {until}{why}")
    return "\n".join(lines if told.pauses else [*lines, "Nothing is paused."])


def _names() -> list[str]:
    return ["recommend", "draft", "auto_route", "execute", EVERYTHING]
