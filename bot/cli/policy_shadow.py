"""`countersign policy shadow`: run a candidate beside the rules in force, and read where they disagree."""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.console import complain_all, print_json, say
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import arrival
from bot.cli.policy_files import policy_text
from handlers.rules.shadow_report import ShadowReport, shadow_report, start_shadow, stop_shadow
from policy.decide import compile_policy
from policy.language import parse_policy

BY_WHOM = "Say who does this: --by EMAIL."
WHAT = "Name a policy file to run in the shadow, or --report, or --stop."


def run(options: argparse.Namespace) -> int:
    """Begin, report or stop; exit code 1 when that is not possible."""
    if not (options.file or options.report or options.stop):
        return complain_all([WHAT])
    if (options.file or options.stop) and not options.by:
        return complain_all([BY_WHOM])
    try:
        return asyncio.run(_act(options))
    except CannotOpen as problem:
        return complain_all([str(problem)])


async def _act(options: argparse.Namespace) -> int:
    arrived = arrival()
    async with opened(options.database) as database:
        if options.stop:
            stopped = await database.write(lambda tx: stop_shadow(tx, arrived, options.by))
            say("It no longer runs in the shadow." if stopped else "Nothing ran in the shadow.")
            return 0
        if options.file:
            source, name = policy_text(options.file)
            compiled = compile_policy(parse_policy(source, name))
            await database.write(lambda tx: start_shadow(tx, arrived, compiled, source, options.by))
            say(f"Version {compiled.version[:12]} is asked beside the rules in force and decides nothing.")
            return 0
        report = await database.read(lambda tx: shadow_report(tx, options.version))
    if report is None:
        return complain_all(["Nothing runs in the shadow; name an earlier candidate with --version."])
    if options.json:
        print_json(report.model_dump(mode="json"))
    else:
        _print(report)
    return 0


def _print(report: ShadowReport) -> None:
    say(report.headline, "bold")
    for pair in report.pairs:
        say(f"    {pair.decisions:>7,}  {pair.in_force} → {pair.candidate or 'no answer'}")
    for each in report.disagreements:
        gates = [f"+{gate}" for gate in each.gates_added] + [f"-{gate}" for gate in each.gates_gone]
        what = f"{each.action} ({each.capability}, {each.stage})" if each.action else each.error
        say(f"{each.at:%Y-%m-%d %H:%M}  {each.reference}  {what}: {each.change}  {' '.join(gates)}")
