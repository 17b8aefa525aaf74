"""`countersign eval alarms`: the drift alarms, the latest first, and who chose what about them."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.console import complain_all, print_json, say
from bot.cli.opening import CannotOpen, opened
from handlers.rules.alarms import (
    choices_of,
    drift_of,
    evidence,
    headline,
    listed,
    reference_of,
    version_words,
)
from handlers.rules.roll_back_model import written_by
from storage.drift_alarms import DriftAlarm

NONE = "No drift alarm was ever raised."
DID = {"paused": "paused it", "rolled_back": "rolled back", "acknowledged": "acknowledged it"}


def run(options: argparse.Namespace) -> int:
    """Print the alarms; exit code 1 while one is open."""
    try:
        alarms = asyncio.run(_read(options.database))
    except CannotOpen as problem:
        return complain_all([str(problem)])
    if options.json:
        print_json(listed(alarms))
    else:
        for alarm in reversed(alarms):
            _show(alarm)
        if not alarms:
            say(NONE)
    return 1 if any(each.acknowledged_at is None for each in alarms) else 0


async def _read(url: str | None) -> list[DriftAlarm]:
    async with opened(url) as database:
        return await database.read(lambda tx: tx.alarms.all())


def _show(alarm: DriftAlarm) -> None:
    is_open = alarm.acknowledged_at is None
    state = "open" if is_open else "acknowledged"
    say(f"{alarm.at:%Y-%m-%d}  {headline(alarm)}  ({state}, {reference_of(alarm)})", "red" if is_open else "")
    say(f"    {version_words(written_by(alarm))}")
    for line in evidence(drift_of(alarm))[:2]:
        say(f"    {line}")
    for each in choices_of(alarm):
        note = f": {each.note}" if each.note else ""
        say(f"    {each.at:%Y-%m-%d %H:%M} UTC  {each.by_name} {DID[each.what]}{note}")
