"""The options of `countersign audit`."""

from __future__ import annotations

import argparse

_DATABASE = "Database address; the default is COUNTERSIGN_DATABASE_URL."
_BY = "who does this, as the organisation file names them"


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with the audit log; each way has a module of its own."""
    ways = parser.add_subparsers(title="what to do", required=True, metavar="WHAT", dest="what")
    _verify(_way(ways, "verify", "prove that nobody changed the log, or name the first bad entry"))
    _trace(_way(ways, "trace", "show everything recorded about a donor", "read"))
    _show(_way(ways, "show", "show an entry, with everything that came of the same event", "read"))
    _erase(_way(ways, "erase", "erase a donor everywhere, and write down who wanted it and why"))
    _way(ways, "encrypt", "encrypt what was stored before there was a master key")


def _way(
    ways: argparse._SubParsersAction,  # type: ignore[type-arg]
    name: str,
    what: str,
    module: str = "",
) -> argparse.ArgumentParser:
    way: argparse.ArgumentParser = ways.add_parser(name, help=what, description=what.capitalize() + ".")
    way.set_defaults(way=f"bot.cli.audit_{module or name}")
    way.add_argument("--database", metavar="URL", help=_DATABASE)
    way.add_argument("--json", action="store_true", help="print JSON")
    return way


def _verify(way: argparse.ArgumentParser) -> None:
    way.add_argument("--entries-only", action="store_true", help="leave the encrypted payloads out")


def _trace(way: argparse.ArgumentParser) -> None:
    way.add_argument("id", metavar="DONOR", help="a donor id")


def _show(way: argparse.ArgumentParser) -> None:
    way.add_argument("id", metavar="ID", help="an entry, a decision, or the reference a card shows")


def _erase(way: argparse.ArgumentParser) -> None:
    way.add_argument("id", metavar="DONOR", help="a donor id")
    way.add_argument("--by", required=True, metavar="EMAIL", help=_BY)
    way.add_argument("--reason", required=True, help="why, for the record")
    way.add_argument(
        "--also-called", action="append", default=[], metavar="NAME", help="another name to look for"
    )
