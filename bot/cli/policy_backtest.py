"""`countersign policy backtest`: what a change of the rules would have done, before it rules."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from rich.progress import Progress
from rich.table import Table

from bot.cli.console import complain_all, console, print_json, progress, say
from bot.cli.loading import policy_file
from bot.cli.opening import CannotOpen, opened
from bot.cli.policy_files import named_policy
from bot.policy_in_force import PolicyInForce
from handlers.record.recorded_decisions import REHEARSED_KINDS
from handlers.rules.rehearse_policy import backtest_report
from policy.backtest_report import Affected, BacktestReport, ChangedDecision
from policy.backtest_text import (
    OUTCOME_WORDS,
    affected_words,
    change_words,
    consequence_lines,
    gate_words,
    headline,
    not_replayed_lines,
    remarks,
)
from policy.decide import CompiledPolicy, compile_policy
from storage.database import Database

_SHOWN = 20
ACTIVE = "active"


def run(options: argparse.Namespace) -> int:
    """Replay what was recorded through both versions and print what differs, the looser answers first."""
    after = compile_policy(named_policy(options.new))
    before = None if options.against == ACTIVE else compile_policy(named_policy(options.against))
    try:
        since = _moment(options.since)
    except ValueError:
        return complain_all([f"{options.since} is no day; write it as 2026-11-24."])
    try:
        report = asyncio.run(_replay(options, before, after, since))
    except CannotOpen as problem:
        return complain_all([str(problem)])
    if options.json:
        print_json(report.model_dump(mode="json"))
    else:
        _print(report)
    return 1 if options.fail_if_loosened and report.may_loosen else 0


async def _replay(
    options: argparse.Namespace, named: CompiledPolicy | None, after: CompiledPolicy, since: datetime | None
) -> BacktestReport:
    async with opened(options.database) as database:
        before = named or await _active(database)
        total = await database.read(lambda tx: tx.audit.count(REHEARSED_KINDS, since))
        with progress("decisions replayed") as bar:
            task = bar.add_task("", total=total)
            return await backtest_report(
                database, before, after, since=since, progress=lambda done: _advance(bar, task, done)
            )


async def _active(database: Database) -> CompiledPolicy:
    """Return the rules in force; before the first start, those that would be the first."""
    if await database.read(lambda tx: tx.policies.version_in_force()) is None:
        return compile_policy(named_policy(policy_file()))
    return await database.read(PolicyInForce().current)


def _advance(bar: Progress, task: object, done: int) -> None:
    bar.advance(task, done)  # type: ignore[arg-type]


def _moment(day: str | None) -> datetime | None:
    return None if day is None else datetime.combine(date.fromisoformat(day), time.min, tzinfo=UTC)


def _print(report: BacktestReport) -> None:
    for role, each in (("Before", report.before), ("After", report.after)):
        say(f"{role:<7} {each.title}, version {each.version[:12]}", "dim")
    say(headline(report), "bold red" if report.loosens else "bold green")
    for text in (*consequence_lines(report), *remarks(report)):
        say(text)
    _list("Less strict", report.loosened, report.loosened_list, report.loosened_unlisted, "red")
    _list("Stricter", report.tightened, report.tightened_list, report.tightened_unlisted, "yellow")
    console().print(_transitions(report))
    if report.gates:
        say("Gates that differ:")
        for gate in report.gates:
            say(f"    {gate_words(gate)}")
    if report.not_replayed:
        say("Not replayable:")
        for text in not_replayed_lines(report):
            say(f"    {text}", "yellow")


def _list(
    title: str, affected: Affected, changes: Sequence[ChangedDecision], unlisted: int, style: str
) -> None:
    if not affected.decisions:
        return
    say(f"{title}: {affected_words(affected)}", style)
    for change in changes[:_SHOWN]:
        say(f"    {change.at:%Y-%m-%d}  {change.entry_id}  {change.donor_id or '-'}  {change_words(change)}")
    more = unlisted + len(changes[_SHOWN:])
    if more:
        say(f"    and {more:,} more (--json lists up to {len(changes):,})")


def _transitions(report: BacktestReport) -> Table:
    table = Table(title="Answers before (rows) and after (columns)")
    table.add_column("")
    for words in OUTCOME_WORDS.values():
        table.add_column(words, justify="right")
    for outcome, words in OUTCOME_WORDS.items():
        row = [each.decisions for each in report.transitions if each.before is outcome]
        table.add_row(words, *(f"{count:,}" for count in row))
    return table
