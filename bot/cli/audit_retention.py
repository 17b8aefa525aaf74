"""`countersign audit retention`: how long payloads are kept, and removing what is over."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.operator import arrival
from bot.cli.organisation import organisation_here
from bot.time_keeping import is_far_from, last_confirmed
from handlers.record.apply_retention import apply_rules, expiries_at
from policy.retention import DEFAULT_RETENTION
from storage.database import Database

IN_DOUBT = (
    "Nothing was removed. This machine's clock shows {now:%d %b %Y %H:%M} UTC, and Slack last agreed on "
    "{confirmed:%d %b %Y %H:%M}. If the clock is right, start the service, which asks Slack, and "
    "run this again; if not: timedatectl set-ntp true."
)


async def run(options: argparse.Namespace, database: Database) -> int:
    """Show the rules with what is stored, or apply them now as the service does once a day."""
    organisation, arrived = organisation_here(), arrival()
    rules = organisation.retention if organisation else DEFAULT_RETENTION
    if options.act == "apply":
        confirmed = await database.read(last_confirmed)
        if confirmed and is_far_from(confirmed, arrived.now):
            return complain(IN_DOUBT.format(now=arrived.now, confirmed=confirmed))
        removed = await database.write(lambda tx: apply_rules(tx, arrived, rules))
        print_json({"removed": removed}) if options.json else say(
            f"{removed} payloads were over and are removed."
        )
        return 0
    shown = []
    for rule, expiry in zip(rules, expiries_at(arrived.now, rules), strict=True):
        count, oldest = await database.read(lambda tx, e=expiry: tx.retention.stored(e))  # type: ignore[misc]
        shown.append(
            {
                "kinds": list(rule.kinds),
                "days": rule.days,
                "payloads": count,
                "oldest": oldest.date().isoformat() if oldest else None,
            }
        )
    if options.json:
        print_json(shown)
        return 0
    for each in shown:
        since = f", the oldest of {each['oldest']}" if each["oldest"] else ""
        say(f"{each['days']:>6} days  {', '.join(each['kinds'])}: {each['payloads']} payloads{since}")
    return 0
