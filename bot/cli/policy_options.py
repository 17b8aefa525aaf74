"""The options of `countersign policy`."""

from __future__ import annotations

import argparse

_FILE = "a policy file; the default is the one that ships"
_DATABASE = "Database address; the default is COUNTERSIGN_DATABASE_URL."


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with a policy; each way has a module of its own."""
    ways = parser.add_subparsers(title="what to do", required=True, metavar="WHAT", dest="what")
    _check(_way(ways, "check", "name every fault of a policy, with line and column"))
    _test(_way(ways, "test", "run the cases of a policy, and look for mistakes they would not notice"))
    _way(ways, "facts", "list the facts that a rule may ask about")
    _matrix(_way(ways, "matrix", "show what may happen at each lifecycle stage, and who has to agree"))
    _explain(_way(ways, "explain", "say why one decision came out as it did"))
    _backtest(_way(ways, "backtest", "rehearse a new version on everything that was ever decided"))
    _activate(_way(ways, "activate", "put new rules before the people who decide, with a rehearsal"))
    _rollback(_way(ways, "rollback", "put earlier rules forward again"))
    _versions(_way(ways, "versions", "list every version that was put forward, and what became of it"))
    _shadow(_way(ways, "shadow", "ask a candidate beside the rules in force, and read where they differ"))


def _way(ways: argparse._SubParsersAction, name: str, what: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    way: argparse.ArgumentParser = ways.add_parser(name, help=what, description=what.capitalize() + ".")
    way.set_defaults(way=f"bot.cli.policy_{name}")
    way.add_argument("--json", action="store_true", help="print JSON")
    return way


def _check(way: argparse.ArgumentParser) -> None:
    way.add_argument("file", nargs="?", help=_FILE)


def _test(way: argparse.ArgumentParser) -> None:
    way.add_argument("file", nargs="?", help=_FILE)
    way.add_argument("cases", nargs="?", help="a file of cases; the default is cases.yaml beside the policy")
    way.add_argument("--no-mutations", action="store_true", help="only run the cases")


def _matrix(way: argparse.ArgumentParser) -> None:
    way.add_argument("file", nargs="?", help=_FILE)
    way.add_argument("--phase", type=int, choices=(1, 2, 3), default=2, help="rollout phase (default 2)")
    way.add_argument("--markdown", action="store_true", help="print a Markdown document")


def _explain(way: argparse.ArgumentParser) -> None:
    way.add_argument("decision", help="an audit entry, a decision card's id, or the reference it shows")
    way.add_argument("--all", action="store_true", help="show the gates that did not match as well")
    way.add_argument(
        "--policy", metavar="FILE", help="the rules to ask when those of the decision are not stored"
    )
    way.add_argument("--database", metavar="URL", help=_DATABASE)


def _backtest(way: argparse.ArgumentParser) -> None:
    way.add_argument("new", metavar="NEW", help="the policy file to rehearse")
    way.add_argument(
        "--against", default="active", metavar="FILE", help="compare with this policy file (default: active)"
    )
    way.add_argument("--since", metavar="DAY", help="only decisions from this day on, as in 2026-11-24 (UTC)")
    way.add_argument(
        "--fail-if-loosened", action="store_true", help="exit with 1 when it may loosen anything"
    )
    way.add_argument("--database", metavar="URL", help=_DATABASE)


def _activate(way: argparse.ArgumentParser) -> None:
    way.add_argument("file", nargs="?", help="the new policy file")
    way.add_argument("--shipped", action="store_true", help="the policy that comes with this release")
    way.add_argument("--cases", metavar="FILE", help="its cases; the default is cases.yaml beside it")
    _acting(way, required=True)


def _rollback(way: argparse.ArgumentParser) -> None:
    way.add_argument("version", nargs="?", help="its first letters; the default is the one that ruled before")
    _acting(way, required=True)


def _versions(way: argparse.ArgumentParser) -> None:
    way.add_argument("--text", metavar="START", help="print a version as it was written, readable or not")
    way.add_argument("--database", metavar="URL", help=_DATABASE)


def _shadow(way: argparse.ArgumentParser) -> None:
    way.add_argument("file", nargs="?", help="the candidate to ask from now on")
    way.add_argument("--report", action="store_true", help="show what it found so far")
    way.add_argument("--version", metavar="START", help="report on an earlier candidate")
    way.add_argument("--stop", action="store_true", help="ask it no longer")
    _acting(way, required=False)


def _acting(way: argparse.ArgumentParser, *, required: bool) -> None:
    way.add_argument("--by", metavar="EMAIL", required=required, help="who does this")
    way.add_argument("--database", metavar="URL", help=_DATABASE)
