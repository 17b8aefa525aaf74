"""`countersign digest preview`: everybody's figures in the terminal, without posting anything."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.table import Table

from bot.cli.complaint import complain
from bot.cli.console import console, print_json, say
from bot.cli.opening import CannotOpen, opened
from bot.cli.organisation import organisation_here
from bot.files import FileInvalid
from bot.slack.cards.digest import period_words
from handlers.digests.as_csv import as_csv
from handlers.digests.figures import digest_of_everybody
from handlers.outcomes import DigestShown
from policy.digest import Cell, DigestKind, in_words
from policy.digest_periods import rolling_period
from policy.organisation import Organisation

NO_DAYS = "--days must be from 1 to 366."
NO_ORGANISATION = "Name the organisation file in COUNTERSIGN_ORGANISATION_FILE."
MOST_DAYS = 366


def run(options: argparse.Namespace) -> int:
    """Print a digest of the last days; exit code 1 when the database or the settings cannot be read."""
    if not 1 <= options.days <= MOST_DAYS:
        return complain(NO_DAYS)
    try:
        organisation = organisation_here()
        if organisation is None:
            return complain(NO_ORGANISATION)
        digest = asyncio.run(_digest(options, organisation))
    except (CannotOpen, FileInvalid) as problem:
        return complain(str(problem))
    if options.json:
        print_json(digest.model_dump(mode="json"))
    elif options.csv:
        print(as_csv(digest), end="")
    else:
        _print(digest)
    return 0


async def _digest(options: argparse.Namespace, organisation: Organisation) -> DigestShown:
    period = rolling_period(options.days, datetime.now(UTC))
    zone = ZoneInfo(organisation.time_zone)
    async with opened(options.database) as database:
        return await digest_of_everybody(DigestKind(options.kind), period, zone, organisation, database)


def _print(digest: DigestShown) -> None:
    say(digest.title, "bold")
    say(period_words(digest))
    say(digest.headline, "bold")
    _table(
        ("Figure", "Now", "Before", ""),
        [(figure.label, figure.value, figure.before or "", figure.change) for figure in digest.figures],
    )
    for section in digest.sections:
        say(f"\n{section.title}", "bold")
        say(section.says)
        if section.rows:
            _table(section.columns, section.rows)
    say("")
    for note in digest.footnotes:
        say(note, "dim")


def _table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    table = Table()
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*map(in_words, row))
    console().print(table)
