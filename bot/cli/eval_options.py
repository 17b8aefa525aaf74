"""The options of `countersign eval`."""

from __future__ import annotations

import argparse

_DATABASE = "Database address; the default is COUNTERSIGN_DATABASE_URL."
USES = ("summary", "recommendation", "triage")


def add_eval(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with the golden set: run it, or rehearse a change on it."""
    parser.set_defaults(module="bot.cli.eval_run")
    parser.add_argument("--use", choices=USES, help="only the cases of one use")
    parser.add_argument("--facts", action="store_true", help="try Countersign without any model")
    _endpoint(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    ways = parser.add_subparsers(title="what else to do", metavar="WHAT")
    _alarms(ways.add_parser("alarms", help="list the drift alarms, with what was chosen about each"))
    _rehearse(
        ways.add_parser(
            "rehearse",
            help="compare a new model or prompt with the one in force, and promote it unless it is worse",
        )
    )


def _endpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="NAME", help="another model than the configured one")
    parser.add_argument("--endpoint", metavar="URL", help="another endpoint than the configured one")
    parser.add_argument(
        "--prompt", metavar="VERSION", help="another version of the prompt, as in v2", default=None
    )


def _rehearse(way: argparse.ArgumentParser) -> None:
    way.set_defaults(module="bot.cli.eval_rehearse")
    way.add_argument("--use", choices=USES, required=True, help="what the candidate is for")
    _endpoint(way)
    way.add_argument("--past", type=int, default=50, metavar="N", help="decided cards to ask again (50)")
    way.add_argument("--dry-run", action="store_true", help="promote nothing")
    way.add_argument("--by", metavar="EMAIL", required=True, help="who does this")
    way.add_argument("--database", metavar="URL", help=_DATABASE)
    way.add_argument("--json", action="store_true", help="print JSON")


def _alarms(way: argparse.ArgumentParser) -> None:
    way.set_defaults(module="bot.cli.eval_alarms")
    way.add_argument("--database", metavar="URL", help=_DATABASE)
    way.add_argument("--json", action="store_true", help="print JSON")
