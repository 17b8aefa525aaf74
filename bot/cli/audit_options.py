"""The options of `countersign audit`."""

from __future__ import annotations

import argparse

_DATABASE = "Database address; the default is COUNTERSIGN_DATABASE_URL."
_BY = "who does this, as the organisation file names them"


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with the audit log; each way has a module of its own."""
    ways = parser.add_subparsers(title="what to do", required=True, metavar="WHAT", dest="what")
    _verify(_way(ways, "verify", "prove that nobody changed the log, or name the first bad entry"))
    _trace(_way(ways, "trace", "show everything recorded about a donor, or of one case", "read"))
    _show(_way(ways, "show", "show an entry, with everything that came of the same event", "read"))
    _search(_way(ways, "search", "find entries by kind, actor, day or words in their payload"))
    _export(_way(ways, "export", "write a zip that proves itself without this program"))
    _access(_way(ways, "access", "write what a donor may see of their own data", "export"))
    _erase(_way(ways, "erase", "erase a donor everywhere, and write down who wanted it and why"))
    _way(ways, "checkpoint", "sign what the log holds, and keep it outside of the database")
    _restore(_way(ways, "declare-restore", "say that a back-up was restored, and what was lost", "restore"))
    _proof(_way(ways, "proof", "prove that one entry is in the log, without showing any other"))
    _keys(_way(ways, "keys", "list, make and replace keys"))
    _retention(_way(ways, "retention", "show how long payloads are kept, and remove what is over"))
    _hold(_way(ways, "hold", "keep a donor's records whatever their time of retention"))
    _way(ways, "ropa", "print the record of processing activities")
    _replay(_way(ways, "replay", "decide every recorded decision again, and name any that differs"))
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
    _checkpoints(way)
    way.add_argument("--vkey", action="append", default=[], help="a verifier key noted down elsewhere")


def _checkpoints(way: argparse.ArgumentParser) -> None:
    way.add_argument(
        "--checkpoints",
        action="append",
        default=[],
        metavar="PATH",
        help="a file or folder of checkpoints kept elsewhere, beside those the settings name",
    )


def _restore(way: argparse.ArgumentParser) -> None:
    _checkpoints(way)
    way.add_argument("--by", metavar="EMAIL", help=_BY)
    way.add_argument("--reason", default="", help="why, for the record")


def _proof(way: argparse.ArgumentParser) -> None:
    way.add_argument("id", metavar="ENTRY", help="an entry's id or number")


def _keys(way: argparse.ArgumentParser) -> None:
    way.add_argument(
        "act",
        nargs="?",
        default="list",
        choices=("list", "new", "rotate", "rewrap"),
        help="list signing keys, print a new master key, replace the signing key, or use a new master key",
    )
    way.add_argument("--by", metavar="EMAIL", help=_BY)


def _retention(way: argparse.ArgumentParser) -> None:
    way.add_argument("act", nargs="?", default="show", choices=("show", "apply"))


def _hold(way: argparse.ArgumentParser) -> None:
    way.add_argument("act", nargs="?", default="list", choices=("list", "place", "release"))
    way.add_argument("id", nargs="?", metavar="DONOR", help="a donor id")
    way.add_argument("--by", metavar="EMAIL", help=_BY)
    way.add_argument("--reason", default="", help="why, for the record")


def _replay(way: argparse.ArgumentParser) -> None:
    way.add_argument("--quiet", action="store_true", help="print nothing when all come out the same")


def _trace(way: argparse.ArgumentParser) -> None:
    way.add_argument("id", metavar="ID", help="a donor id, or the reference a card shows")
    way.add_argument("--full", action="store_true", help="print every entry instead of each decision's path")


def _show(way: argparse.ArgumentParser) -> None:
    way.add_argument("id", metavar="ID", help="an entry, a decision, or the reference a card shows")


def _search(way: argparse.ArgumentParser) -> None:
    way.add_argument("words", nargs="*", help="words that all have to be in the payload, in any case")
    way.add_argument("--kind", metavar="KIND", help="as in escalation.approved, or escalation.*")
    way.add_argument("--actor", metavar="ACTOR", help="as in slack:U123, cli:name@example.org or system")
    _period(way)
    way.add_argument("--limit", type=int, default=50, metavar="N", help="show the latest N (default 50)")


def _export(way: argparse.ArgumentParser) -> None:
    way.add_argument("--out", required=True, metavar="FILE.zip", help="the file to write")
    way.add_argument("--donor", metavar="DONOR", help="only entries about this donor")
    _period(way)
    way.add_argument("--by", required=True, metavar="EMAIL", help=_BY)
    way.add_argument(
        "--role",
        default="compliance",
        choices=("compliance", "auditor", "donor"),
        help="for whom: all payloads, proofs without payloads, or what is a donor's own (default compliance)",
    )


def _access(way: argparse.ArgumentParser) -> None:
    way.add_argument("donor", metavar="DONOR", help="a donor id")
    way.add_argument("--out", required=True, metavar="FILE.zip", help="the file to write")
    way.add_argument("--by", required=True, metavar="EMAIL", help=_BY)
    way.set_defaults(role="donor", since=None, until=None)


def _period(way: argparse.ArgumentParser) -> None:
    way.add_argument("--from", dest="since", metavar="DAY", help="from this day on, as in 2026-11-24 (UTC)")
    way.add_argument("--to", dest="until", metavar="DAY", help="up to and including this day")


def _erase(way: argparse.ArgumentParser) -> None:
    way.add_argument("id", nargs="?", metavar="DONOR", help="a donor id")
    way.add_argument("--by", metavar="EMAIL", help=_BY)
    way.add_argument("--reason", help="why, for the record")
    way.add_argument(
        "--also-called", action="append", default=[], metavar="NAME", help="another name to look for"
    )
    way.add_argument(
        "--redact-names",
        action="store_true",
        help="also rewrite records about others that hold the name alone, which may be a namesake's",
    )
    way.add_argument(
        "--reapply",
        action="store_true",
        help="after restoring a back-up: erase again everybody who was erased since it was taken",
    )
